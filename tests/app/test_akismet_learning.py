"""Akismet's protocol: what blogs say of comments, and what a key was used for."""

from __future__ import annotations

import json

import pytest

from service.domain import ReasonCode, Ruling, Site
from service.moderation import Moderation, Wish
from service.store import PENDING
from tests.app.akismet import CALLBACK, HELD, KEY, OLD_WORDPRESS, SPAM, THANKS, Blog, examples, items, save
from tests.conftest import ANA, Clock, submit


def test_it_learns_once_by_guid(blog: Blog, moderation: Moderation) -> None:
    guid = blog.check("A fine day").headers["X-akismet-guid"]
    for _ in range(3):
        reported = blog.post("submit-spam", guid=guid, comment_content="A fine day", reporter="ina<b>")
        assert reported.data == THANKS
    (item,) = items(moderation)
    assert (item.outcome, item.decision.by, item.decision.reason) == ("reject", "akismet:inab", "spam")
    (example,) = examples(moderation)
    assert (example["source"], example["comment"]["text"]) == ("akismet", "A fine day")


@pytest.mark.parametrize(
    "said",
    [
        {"comment_author": "Ana"},
        {
            "comment_author": "An\\a",
            "comment_content": "A <strong>fine</strong> day &amp; more",
            "comment_ID": "9",
        },
        {"comment_author": "", "comment_content": "A  fine day & more"},
    ],
)
def test_it_finds_a_comment_by_its_words(blog: Blog, moderation: Moderation, said: dict[str, str]) -> None:
    text = "A <strong>fine</strong> day & more" if "comment_ID" in said else "A fine day & more"
    blog.check(text, comment_author="Ana", permalink="https://blog.example/1")
    blog.post("submit-spam", **{"comment_content": text, "permalink": "https://blog.example/1"} | said)
    (item,) = items(moderation)
    assert item.outcome == "reject"


def test_it_learns_from_a_comment_that_it_never_saw(blog: Blog, moderation: Moderation) -> None:
    blog.post("submit-spam", comment_content="An old one")
    (item,) = items(moderation)
    assert (item.outcome, len(examples(moderation))) == ("reject", 1)


def test_it_lets_the_blog_overrule(blog: Blog, moderation: Moderation) -> None:
    blog.post("submit-spam", comment_content="A fine day")
    blog.post("submit-ham", comment_content="A fine day")
    (item,) = items(moderation)
    assert item.outcome == "approve"
    assert [e.get("decision", "retracted") for e in examples(moderation)] == [
        "reject",
        "retracted",
        "approve",
    ]


def test_it_learns_nothing_from_the_echo_of_its_own_word(
    blog: Blog, moderation: Moderation, site: Site
) -> None:
    blog.check(SPAM, callback=CALLBACK)
    (item,) = items(moderation)
    moderation.decide(ANA, item.id, Wish(Ruling.APPROVE))
    blog.post("submit-ham", comment_content=SPAM, reporter="modqueue")
    moderation.undo(ANA, item.id)
    blog.post("submit-spam", comment_content=SPAM, reporter="modqueue")
    assert [e["source"] for e in examples(moderation)] == ["desk", "desk"]
    assert moderation.store.views.item(item.id).decision is None


def test_it_lets_the_blog_decide_what_somebody_reads(blog: Blog, moderation: Moderation) -> None:
    blog.check(HELD, OLD_WORDPRESS)
    (item,) = items(moderation, PENDING)
    moderation.claim(ANA, item.id)
    assert blog.post("submit-spam", comment_content=HELD).data == THANKS
    assert moderation.store.views.item(item.id).outcome == "reject"


def test_it_leaves_comments_of_other_ways_alone(blog: Blog, moderation: Moderation) -> None:
    by_webhook = submit(moderation, "A fine day", "1")["id"]
    blog.post("submit-spam", comment_content="A fine day")
    assert moderation.store.views.item(by_webhook).decision is None


def test_it_sends_no_word_of_before_after_what_the_blog_said(blog: Blog, moderation: Moderation) -> None:
    blog.check(HELD, callback=CALLBACK)
    (item,) = items(moderation, PENDING)
    moderation.decide(ANA, item.id, Wish(Ruling.REJECT, ReasonCode.SPAM))
    assert len(moderation.store.outbox.waiting()) == 1
    blog.post("submit-ham", comment_content=HELD)
    assert moderation.store.outbox.waiting() == []


def test_it_counts_what_a_key_was_used_for(blog: Blog, clock: Clock) -> None:
    for text in ("one", "two", SPAM, HELD, "one"):
        blog.check(text)
    blog.post("submit-spam", comment_content="one")
    blog.post("submit-ham", comment_content=SPAM)
    usage = blog.client.get(f"/1.2/usage-limit?api_key={KEY}").get_json()
    assert usage == {"limit": "none", "usage": 4, "percentage": "0", "throttled": False}
    (row,) = blog.client.get(f"/1.2/key-sites?api_key={KEY}").get_json()["2027-01"]
    assert (row["site"], row["api_calls"], row["spam"], row["ham"]) == ("https://blog.example", "4", "1", "2")
    stats = json.loads(blog.post("get-stats", **{"from": "6-months"}).data)
    assert (stats["spam"], stats["missed_spam"], stats["false_positives"]) == (1, 1, 1)
    assert stats["accuracy"] == pytest.approx(33.33)
    assert list(stats["breakdown"]) == ["2027-01"]


def test_it_gives_the_sites_of_a_key_as_csv(blog: Blog) -> None:
    blog.check("one")
    lines = blog.client.get(f"/1.2/key-sites?api_key={KEY}&format=csv").text.splitlines()
    assert lines[0] == "Active sites for 2027-01"
    assert lines[2] == "https://blog.example,0,1,0,0,False,1"


@pytest.mark.parametrize("month", ["2027-13", "2027-1", "2027-01\n", "a\r\nb,c", "２０２７-01"])
def test_it_gives_the_sites_of_a_month_alone(blog: Blog, month: str) -> None:
    asked = {"api_key": KEY, "format": "csv", "month": month}
    answer = blog.client.get("/1.2/key-sites", query_string=asked)
    assert (answer.text, answer.headers["X-akismet-debug-help"]) == (
        "invalid",
        "month: must be written as YYYY-MM",
    )


def test_it_stops_at_the_limit_until_the_next_month(
    blog: Blog, moderation: Moderation, site: Site, clock: Clock
) -> None:
    save(moderation, site, akismet_limit=2)
    assert [blog.check(text).status_code for text in ("one", "two", "three")] == [200, 200, 429]
    assert blog.says("one") == "false"
    usage = blog.client.get(f"/1.2/usage-limit?api_key={KEY}").get_json()
    assert usage == {"limit": 2, "usage": 2, "percentage": "100.00", "throttled": True}
    clock.move(31 * 86400)
    assert blog.says("three") == "false"
    assert len(items(moderation)) == 3
