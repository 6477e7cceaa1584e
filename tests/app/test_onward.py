"""What comes next on the desk: good comments in between, by wish; copies of a campaign once."""

from __future__ import annotations

import pytest
from flask import Flask

from service.domain import ReasonCode, Ruling
from service.moderation import Moderation, Wish
from service.web import onward
from tests.app.copies import send, the_campaign
from tests.conftest import ADMIN, ANA, Clock, submit
from tests.pages import Page, Visitor, give_password

GOOD = "The market opens at nine, and the bakery has plum cake again."


@pytest.fixture
def ana(app: Flask, moderation: Moderation) -> Visitor:
    give_password(moderation.store, ANA, ADMIN)
    visitor = Visitor(app)
    visitor.enter()
    return visitor


def wish_for_relief(ana: Visitor) -> None:
    ana.send(ana.get("/").form("/preferences"), relief="on", keys="on", veil="on")


def hard_ones(moderation: Moderation, number: int) -> None:
    for n in range(number):
        submit(moderation, f"{n} [dehumanising=0.{970 - n}]", f"h{n}")


def reject(ana: Visitor, page: Page) -> Page:
    return ana.send(page.form("/decision"), decision="reject:dehumanising")


def rows(page: Page) -> list[str]:
    return [given["data-id"] for tag, given in page.elements if tag == "li" and "data-id" in given]


def test_after_some_hard_ones_a_good_one_is_shown(ana: Visitor, moderation: Moderation) -> None:
    hard_ones(moderation, 2 * onward.RELIEF_AFTER)
    first, second = (submit(moderation, f"{GOOD} {n}", f"g{n}")["id"] for n in range(2))
    submit(moderation, "ok", "short")
    wish_for_relief(ana)
    page = ana.get("/")
    for _ in range(onward.RELIEF_AFTER - 1):
        page = reject(ana, page)
        assert "A good one in between." not in page.text
    good = reject(ana, page)
    assert "A good one in between." in good.text
    assert GOOD in good.text
    assert [f.action for f in good.forms if "/decision" in f.action and "/selections" not in f.action] == []
    before = moderation.store.views.log("blog", 100)
    page = ana.get(good.links["skip"])
    assert "A good one in between." not in page.text
    assert moderation.store.views.log("blog", 100) == before
    for _ in range(onward.RELIEF_AFTER):
        page = reject(ana, page)
    assert "A good one in between." in page.text
    assert {good.path.partition("item=")[2][:26], page.path.partition("item=")[2][:26]} == {first, second}


def test_without_the_wish_none_is_shown(ana: Visitor, moderation: Moderation) -> None:
    hard_ones(moderation, onward.RELIEF_AFTER + 1)
    submit(moderation, GOOD, "g")
    page = ana.get("/")
    for _ in range(onward.RELIEF_AFTER):
        page = reject(ana, page)
    assert "A good one in between." not in page.text


def test_only_what_is_good_and_published_is_shown_as_such(ana: Visitor, moderation: Moderation) -> None:
    waiting = submit(moderation, f"{GOOD} [hateful=0.8]")["id"]
    rejected = submit(moderation, GOOD, "2")["id"]
    moderation.decide(ANA, rejected, Wish(Ruling.REJECT, ReasonCode.OTHER))
    elsewhere = submit(moderation, GOOD, "3", site="other")["id"]
    for item in (waiting, rejected):
        page = ana.get(f"/?item={item}&relief=1")
        assert "A good one in between." not in page.text
        assert page.form("/decision")
    assert ana.get(f"/?item={elsewhere}&relief=1").status == 404


def test_copies_stand_once_where_everything_waits(ana: Visitor, moderation: Moderation) -> None:
    copies = send(moderation, 8)
    other = submit(moderation, "Something else [hateful=0.6]", "x")["id"]
    page = ana.get("/")
    shown = rows(page)
    assert len(shown) == 2
    assert other in shown
    assert len(set(shown) & set(copies)) == 1
    assert "8 copies" in page.text
    # The one that stands alone is opened first; then the one that stands for all leads to their card.
    assert page.with_attribute("data-claim")[0]["data-id"] == other
    last = ana.send(page.form("/decision"), decision="approve")
    assert "One of 8 near-copies: decide them together." in last.text


def test_copies_are_not_beneath_their_card_again(ana: Visitor, moderation: Moderation) -> None:
    send(moderation, 8)
    page = ana.get("/?lane=campaigns")
    assert rows(page) == []
    assert f"/campaigns/{the_campaign(moderation).id}" in page.html


def test_a_search_shows_every_copy(ana: Visitor, moderation: Moderation) -> None:
    copies = send(moderation, 5)
    assert set(rows(ana.get("/?label=spam"))) == set(copies)


def test_copies_of_an_expired_campaign_stand_each_by_itself(
    ana: Visitor, moderation: Moderation, clock: Clock
) -> None:
    copies = send(moderation, 4)
    with moderation.store.queue._db.guard() as client:
        client.delete(*client.keys("*campaign:*"))
    assert set(rows(ana.get("/"))) == set(copies)


def test_a_page_of_copies_goes_on_to_what_follows(
    ana: Visitor, moderation: Moderation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.web.listing.ROWS", 4)
    send(moderation, 12)
    alone = [submit(moderation, f"Else {n} [hateful=0.{52 + n}]", f"x{n}")["id"] for n in range(3)]
    found, page = set(), ana.get("/")
    for _ in range(12):
        found |= set(rows(page))
        hrefs = [given.get("href", "") for tag, given in page.elements if tag == "a"]
        more = [href for href in hrefs if "cursor=" in href]
        if not more:
            break
        page = ana.get(more[-1])
    assert set(alone) <= found
