"""The desk without scripts: what it shows, and to whom."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from service.domain import ReasonCode, Ruling
from service.moderation import Moderation, Wish
from service.web import onward, panes
from tests.app.desk import DEHUMANISING, SPAM, decide, text_of
from tests.conftest import ANA, BEN, BLOG, Clock, submit
from tests.pages import Visitor


def test_it_shows_lanes_list_and_the_first_comment(
    ana: Visitor, ids: dict[str, str], moderation: Moderation, clock: Clock
) -> None:
    clock.move(25 * 60)
    page = ana.get("/")
    assert "All waiting 3 oldest 25 min" in page.text
    assert "Dehumanising 1 oldest 25 min" in page.text
    assert "Campaigns 0" in page.text
    rows = [name for name in page.links if name.startswith("row-")]
    assert rows == [f"row-{i}" for i in ids.values()]
    assert text_of(page) == DEHUMANISING
    assert "it scores 0.93 for dehumanising; held from 0.50" in page.text


def test_it_shows_one_lane_of_one_site(ana: Visitor, ids: dict[str, str]) -> None:
    page = ana.get("/?lane=spam&site=blog")
    assert text_of(page) == SPAM
    assert [n for n in page.links if n.startswith("row-")] == [f"row-{ids['third']}"]


@pytest.mark.parametrize(
    ("text", "policy", "said"),
    [
        ("hello [broken]", {}, "it could not be scored, so a person decides: the model failed: StubError"),
        ("some gadgets", {"blocked_words": ("gadgets",)}, "it contains the blocked word gadgets"),
        ("http://a.b.example/", {"blocked_domains": ("b.example",)}, "the blocked domain b.example"),
        ("http://a.example/", {"max_links": 0}, "it has more links than are allowed: 1, not 0"),
        ("hello", {"hold_new_authors": True}, "this author has no approved comment here yet"),
        ("hallo [language=de]", {}, "the model has not learnt its language: German"),
        ("привет [language=Cyrl]", {}, "the model has not learnt its language: Cyrillic"),
    ],
)
def test_it_says_every_reason_in_words(
    ana: Visitor, moderation: Moderation, text: str, policy: dict[str, Any], said: str
) -> None:
    moderation.store.registry.save_site(replace(BLOG, policy=replace(BLOG.policy, **policy)))
    submit(moderation, text)
    assert said in ana.get("/").text


def test_it_says_that_an_edit_followed_a_rejection(ana: Visitor, moderation: Moderation) -> None:
    item_id = submit(moderation, DEHUMANISING)["id"]
    moderation.decide(ANA, item_id, Wish(Ruling.REJECT, ReasonCode.OTHER))
    submit(moderation, "They are fine people.")
    page = ana.get("/")
    assert "it was edited after it had been rejected" in page.text
    assert "revision 2" in page.text


@pytest.mark.parametrize("path", ["/?lane=nope", "/?item=" + "0" * 26, "/?site=nowhere", "/?item=../x"])
def test_it_says_that_there_is_no_such_place(ana: Visitor, path: str) -> None:
    page = ana.get(path)
    assert (page.status, "Not here" in page.text) == (404, True)


def test_it_refuses_a_cursor_that_it_did_not_give_out(ana: Visitor) -> None:
    assert ana.get("/?cursor=x").status == 422


def test_it_hides_the_sites_of_others(ana: Visitor, moderation: Moderation) -> None:
    item_id = submit(moderation, DEHUMANISING, site="other")["id"]
    assert "cattle" not in ana.get("/").html
    assert ana.get(f"/?item={item_id}").status == 404
    token = ana.get("/").form("/sign-out").fields["csrf_token"]
    for verb in ("decision", "undo", "claim", "release"):
        fields = {"csrf_token": token, "decision": "approve"}
        assert ana.post(f"/items/{item_id}/{verb}", fields).status_code == 404
    admin = Visitor(ana.client.application)
    admin.enter("admin")
    assert text_of(admin.get("/")) == DEHUMANISING


def test_it_changes_nothing_by_looking(ana: Visitor, ids: dict[str, str], moderation: Moderation) -> None:
    client = moderation.store.views._db.client

    def everything() -> dict[str, bytes | None]:
        # What was sent lately is forgotten by the server's clock.
        return {k: client.dump(k) for k in client.keys("*") if ":bucket:" not in k}

    before = everything()
    for path in ("/", f"/?item={ids['second']}", "/?lane=decided", "/?lane=all", "/counts.json", "/account"):
        ana.get(path)
    assert everything() == before


def test_it_pages_through_a_lane(ana: Visitor, moderation: Moderation) -> None:
    for n in range(55):
        submit(moderation, f"Number {n} [spam=0.{70 + n % 20}]", str(n))
    first = ana.get("/?lane=spam")
    more = re.search(r'href="(/\?lane=spam&amp;cursor=[^"]+)"', first.html)
    assert more
    second = ana.get(more[1].replace("&amp;", "&"))
    seen = [n for page in (first, second) for n in page.links if n.startswith("row-")]
    assert (len(seen), len(set(seen))) == (55, 55)
    assert "Back to the top" in second.text


def test_it_shows_what_was_decided_and_what_the_machine_did(
    ana: Visitor, ids: dict[str, str], moderation: Moderation
) -> None:
    decide(ana, ana.get("/"), "approve")
    assert "approved by ana" in ana.get("/?lane=decided").text
    through = submit(moderation, "A fine day.", "fine")["id"]
    page = ana.get(f"/?lane=all&item={through}")
    assert "The machine let it through" in page.text
    decide(ana, page, "reject:off_topic")
    assert moderation.store.views.item(through).outcome == "reject"


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ("confirmed", "the blog confirmed 08:00 UTC"),
        ("retry", "the blog did not confirm after 1 try (HTTP 500); retrying, next 08:05 UTC"),
        ("dead", "dead letter: given up after 1 try (HTTP 500) 08:00 UTC"),
    ],
)
def test_it_shows_what_became_of_the_callback(
    ana: Visitor, ids: dict[str, str], clock: Clock, result: str, said: str
) -> None:
    decide(ana, ana.get("/"), "approve")
    outbox = ana.moderation.store.outbox
    (delivery,) = outbox.lease_due(clock(), 10, 10)
    error = "" if result == "confirmed" else "HTTP 500"
    outbox.settle(delivery, result, clock(), next_at=clock() + 300, error=error)
    assert said in ana.get("/").text
    assert said in ana.get(f"/?item={ids['first']}").text
    assert said in re.sub(r"<[^>]+>", "", ana.client.get("/counts.json").get_json()["delivery"])


def test_it_says_that_a_callback_is_switched_off(ana: Visitor, moderation: Moderation) -> None:
    moderation.store.registry.save_site(replace(BLOG, callback_disabled="HTTP 410"))
    assert "Decisions do not reach blog: its callback is switched off. HTTP 410" in ana.get("/").text


def test_it_counts_what_came_since(
    ana: Visitor, ids: dict[str, str], moderation: Moderation, clock: Clock
) -> None:
    (where,) = ana.get("/?lane=hateful").with_attribute("data-counts")
    clock.move(60)
    submit(moderation, "More. [hateful=0.85]", "4")
    submit(moderation, "Else. [spam=0.7]", "5")
    news = ana.client.get(where["data-counts"]).get_json()
    assert news["new"] == 1
    assert news["lanes"]["hateful"] == {"count": 2, "oldest": "oldest 1 min"}
    assert news["lanes"]["pending"]["count"] == 5


@pytest.mark.parametrize("time", ["nan", "inf", "-inf", "1e999", "soon"])
def test_it_counts_from_now_where_no_time_was_said(ana: Visitor, ids: dict[str, str], time: str) -> None:
    answer = ana.client.get("/counts.json", query_string={"lane": "hateful", "shown_at": time})
    assert (answer.status_code, answer.get_json()["new"]) == (200, 0)


def test_it_remembers_what_a_person_switches_off(ana: Visitor, ids: dict[str, str], app: Flask) -> None:
    assert "Veiled: dehumanising 0.93." in ana.get("/").text
    form = ana.get("/").form("/preferences")
    page = ana.send(replace(form, fields={k: v for k, v in form.fields.items() if k not in onward.SWITCHES}))
    assert "Veiled" not in page.text
    assert "veil" not in [given.get("class") for given in page.with_attribute("class")]
    again = Visitor(app)
    again.enter("ana")
    switched = {
        g["name"]: "checked" in g
        for g in again.get("/").with_attribute("name")
        if g.get("type") == "checkbox"
    }
    assert (switched["keys"], switched["veil"], switched["blur"]) == (False, False, False)
    ben = Visitor(app)
    ben.enter("ben")
    assert "Veiled" in ben.get("/").text


def test_it_counts_hard_texts_for_their_reader_alone(
    ana: Visitor, moderation: Moderation, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panes, "BREAK_AFTER", 3)
    for n in range(4):
        submit(moderation, f"{DEHUMANISING} {n}", str(n))
    page = ana.get("/")
    for n in range(1, 4):
        page = decide(ana, page, "reject:dehumanising")
        assert f"{n} hard text" in page.text
        assert ("A short break does good" in page.text) == (n == 3)
    clock.move(3601)
    page = ana.get("/")
    assert "A short break" not in page.text
    assert "3 hard texts within a day" in page.text
    clock.move(86400)
    ana.enter()
    assert "0 hard texts within a day" in ana.get("/").text


@pytest.mark.parametrize("result", ["retry", "dead"])
def test_it_sends_again_when_asked(ana: Visitor, ids: dict[str, str], clock: Clock, result: str) -> None:
    decide(ana, ana.get("/"), "approve")
    outbox = ana.moderation.store.outbox
    (delivery,) = outbox.lease_due(clock(), 10, 10)
    outbox.settle(delivery, result, clock(), next_at=clock() + 300, error="HTTP 500")
    page = ana.send(ana.get(f"/?item={ids['first']}").form("/resend"))
    assert "On its way to the blog again." in page.text
    assert [d.id for d in outbox.lease_due(clock(), 10, 10)] == [delivery.id]


def test_it_greys_rows_that_others_took(ana: Visitor, ids: dict[str, str], moderation: Moderation) -> None:
    (where,) = ana.get("/").with_attribute("data-counts")
    foreign = submit(moderation, SPAM, site="other")["id"]
    moderation.claim(BEN, ids["second"])
    moderation.decide(BEN, ids["third"], Wish(Ruling.APPROVE))
    asked = "+".join([*ids.values(), foreign])
    rows = ana.client.get(f"{where['data-counts']}&rows={asked}").get_json()["rows"]
    shown = {i: (row["past"], re.sub(r"<[^>]+>", "", row["tag"])) for i, row in rows.items()}
    assert shown == {
        ids["first"]: (False, "dehumanising 0.93"),
        ids["second"]: (True, "ben is reading"),
        ids["third"]: (True, "approved by ben"),
    }
