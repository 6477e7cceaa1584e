"""The log page: everything that people do is there, found by person, kind, site and date, page by page."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.domain import Person, ReasonCode, Role, Ruling
from service.moderation import Moderation, Wish
from service.store import Store, keys
from tests.conftest import ADMIN, ANA, submit
from tests.pages import Visitor, give_password


@pytest.fixture
def admin(visitor: Visitor, app: Flask, moderation: Moderation) -> Visitor:
    give_password(moderation.store, ADMIN)
    admin = Visitor(app)
    admin.enter("admin")
    return admin


def rows(admin: Visitor, query: str = "") -> list[str]:
    page = admin.get(f"/log?{query}")
    assert page.status == 200, page.text
    return [r.split("</td>")[2].split("</b>")[0].rsplit(">", 1)[1] for r in page.html.split("<tr>")[2:]]


@pytest.fixture
def history(admin: Visitor, moderation: Moderation) -> str:
    """Make a day of a moderator; return the item that it was about."""
    item = submit(moderation, "[hateful=0.9]")["id"]
    moderation.decide(ANA, item, Wish(Ruling.REJECT, ReasonCode.HATEFUL, note="see <rule> 3"))
    moderation.undo(ANA, item)
    submit(moderation, "[spam=0.9]", site="other")
    time.sleep(0.002)  # what two partitions write in one millisecond has no order
    moderation.store.registry.log({"at": 1.0, "kind": "policy set", "by": "admin", "site": "blog"})
    return str(item)


def test_it_shows_all_but_verdicts_latest_first(admin: Visitor, history: str) -> None:
    assert rows(admin) == ["Policy set", "Undo", "Decision", "Sign-in"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind=decisions", ["Undo", "Decision"]),
        ("kind=verdicts", ["Verdict", "Verdict"]),
        ("kind=verdicts&site=other", ["Verdict"]),
        ("kind=sign-ins", ["Sign-in"]),
        ("kind=settings", ["Policy set"]),
        ("kind=other", []),
        ("by=ana", ["Undo", "Decision"]),
        ("by=nobody", []),
        ("site=blog", ["Policy set", "Undo", "Decision"]),
        ("kind=all&by=admin", ["Policy set", "Sign-in"]),
    ],
)
def test_it_finds_by_kind_person_and_site(admin: Visitor, history: str, query: str, found: list[str]) -> None:
    assert rows(admin, query) == found


def test_it_finds_by_date(admin: Visitor, history: str) -> None:
    today = datetime.now(UTC).date().isoformat()
    assert len(rows(admin, f"from={today}&to={today}")) == 4
    assert rows(admin, "to=2020-01-01") == []
    assert rows(admin, "from=2099-01-01") == []


@pytest.mark.parametrize(
    ("query", "status"),
    [("from=yesterday", 422), ("to=2026-02-31", 422), ("cursor=x", 422), ("kind=x", 404), ("site=x", 404)],
)
def test_it_names_what_it_cannot_read(admin: Visitor, query: str, status: int) -> None:
    assert admin.get(f"/log?{query}").status == status


def test_it_tells_who_was_changed_how_and_escapes_it(admin: Visitor, history: str) -> None:
    admin.send(admin.get("/people").form("/people"), name="<i>eve", role="moderator", site="blog")
    page = admin.get("/log")
    assert "Person invited" in page.text
    assert "person <i>eve" in page.text
    assert "<i>eve" not in page.html
    assert "see <rule> 3" in page.text
    assert f"item={history}" in page.html
    assert "Person invited" in rows(admin, "by=%3Ci%3Eeve")


def test_an_admin_of_one_site_sees_what_is_of_that_site(
    admin: Visitor, moderation: Moderation, history: str
) -> None:
    moderation.store.registry.save_person(Person("carla", Role.ADMIN, ("other",)))
    moderation.store.registry.add_link("t0ken", "carla")
    carla = Visitor(admin.client.application)
    carla.send(carla.get("/sign-in/link/t0ken").form("/link/"))
    assert rows(carla, "kind=all") == ["Verdict"]
    assert carla.get("/log?site=blog").status == 404


def test_it_keeps_what_was_of_a_site_that_is_gone(admin: Visitor, moderation: Moderation) -> None:
    moderation.store.registry.log({"at": 1.0, "kind": "site removed", "by": "admin", "site": "gone"})
    assert rows(admin, "kind=settings") == ["Site removed"]


def test_it_goes_back_page_by_page_while_the_log_grows(admin: Visitor, moderation: Moderation) -> None:
    for n in range(120):
        moderation.store.registry.log({"at": float(n), "kind": f"old {n:03}", "by": "x"})
    seen, path = [], "/log?kind=other"
    while path:
        page = admin.get(path)
        seen += [t for t in page.text.split() if t.isdigit() and len(t) == 3]
        moderation.store.registry.log({"at": 0.0, "kind": "newer", "by": "x"})
        more = [g["href"] for g in page.with_attribute("href") if "cursor=" in g["href"]]
        path = f"/log{more[0]}" if more else ""
    assert seen == [f"{n:03}" for n in reversed(range(120))]


def test_it_stops_reading_after_a_while_and_can_go_on(moderation: Moderation) -> None:
    registry, log = moderation.store.registry, moderation.store.log
    registry.log({"kind": "rare", "by": "x"})
    for _ in range(30):
        registry.log({"kind": "frequent", "by": "x"})
    first = log.search([], lambda e: e.kind == "rare", scan=20)
    assert first.entries == ()
    assert first.reached == pytest.approx(time.time(), abs=60)
    second = log.search([], lambda e: e.kind == "rare", first.cursor, scan=20)
    assert [e.kind for e in second.entries] == ["rare"]
    assert second.cursor == ""


SITES = [f"site{n}" for n in range(5)]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    where=st.lists(st.sampled_from([*SITES, ""]), max_size=40),
    limit=st.integers(1, 7),
    scan=st.integers(1, 9),
)
def test_its_pages_join_to_the_whole_log(store: Store, where: list[str], limit: int, scan: int) -> None:
    client = store.registry._db.client
    client.flushall()
    for n, site in enumerate(where):
        prefix = keys.prefix(keys.partition_of(site, store.partitions)) if site else keys.META
        client.xadd(prefix + "log", {"entry": f'{{"kind": "k{n}"}}'}, id=f"{1000 + n // 3}-{n}")
    found, cursor, first = [], "", True
    while cursor or first:
        first = False
        page = store.log.search(SITES, lambda e: e.kind != "k3", cursor, limit=limit, scan=scan)
        found += [e.kind for e in page.entries]
        cursor = page.cursor
    assert found == [f"k{n}" for n in reversed(range(len(where))) if n != 3]
