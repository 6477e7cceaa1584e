"""Decisions as training examples: what each says of the labels, and that what was undone says nothing."""

from __future__ import annotations

from service.domain import ReasonCode, Ruling
from service.examples import export
from service.moderation import Moderation, Wish
from tests.conftest import ANA, BEN, submit

APPROVE = Wish(Ruling.APPROVE)


def reject(reason: ReasonCode) -> Wish:
    return Wish(Ruling.REJECT, reason)


def test_it_exports_what_decisions_say(moderation: Moderation) -> None:
    wishes = [APPROVE, reject(ReasonCode.HATEFUL), reject(ReasonCode.OFF_TOPIC)]
    for n, wish in enumerate(wishes):
        item = submit(moderation, f"[hateful=0.9] {n}", str(n), author="Zoë", author_url="https://z.example")
        moderation.decide(ANA, item["id"], wish)
    approved, rejected = export(moderation.store)
    assert {k: approved[k] for k in ("dehumanising", "hateful", "spam")} == dict.fromkeys(
        ("dehumanising", "hateful", "spam"), 0
    )
    assert rejected["hateful"] == 1
    assert "spam" not in rejected
    assert (rejected["text"], rejected["comment_author"]) == ("[hateful=0.9] 1", "Zoë")
    assert (rejected["site"], rejected["source"], rejected["by"]) == ("blog", "desk", "ana")


def test_it_exports_only_the_last_word_on_a_revision(moderation: Moderation) -> None:
    item = submit(moderation, "[spam=0.8]")["id"]
    moderation.decide(ANA, item, reject(ReasonCode.SPAM))
    moderation.undo(BEN, item)
    assert list(export(moderation.store)) == []
    moderation.clock.move(1)  # type: ignore[attr-defined]  # the clock of the tests
    moderation.decide(BEN, item, APPROVE)
    (example,) = export(moderation.store)
    assert (example["spam"], example["by"], example["id"]) == (0, "ben", f"{item}.1")


def test_it_keeps_revisions_apart(moderation: Moderation) -> None:
    item = submit(moderation, "[spam=0.8] one")["id"]
    moderation.decide(ANA, item, APPROVE)
    submit(moderation, "[spam=0.8] two")
    moderation.decide(ANA, item, reject(ReasonCode.SPAM))
    assert {(e["text"], e["spam"]) for e in export(moderation.store)} == {
        ("[spam=0.8] one", 0),
        ("[spam=0.8] two", 1),
    }


def test_it_exports_the_sites_that_are_asked_for(moderation: Moderation) -> None:
    item = submit(moderation, "[spam=0.8]")["id"]
    moderation.decide(ANA, item, APPROVE)
    assert list(export(moderation.store, ["other"])) == []
    assert len(list(export(moderation.store, ["blog"]))) == 1
