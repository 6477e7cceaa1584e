"""The audit: drawn by chance, read without knowing, decided as anything else, counted by its share."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from flask import Flask

from service import bulk, examples, feedback, figures, rates, readings, replay, site_settings
from service.domain import LABELS, Lane, Policy, ReasonCode, Ruling, Verdict
from service.errors import Conflict
from service.feedback import Report
from service.moderation import Moderation, Wish
from service.store import PENDING, Store, Wanted
from tests.conftest import ADMIN, ANA, BEN, BLOG, Clock, StubScorer, submit
from tests.pages import Visitor, give_password

REJECT, APPROVE = Wish(Ruling.REJECT, ReasonCode.HATEFUL), Wish(Ruling.APPROVE)
TEXTS = {"approve": "a kind word", "reject": "[spam=0.99]"}


@pytest.fixture
def moderation(moderation: Moderation, clock: Clock) -> Moderation:
    """Give the use cases with an audit of all that the machine settles by itself."""
    site_settings.set_policy(moderation, "blog", Policy(audit=1.0), "admin")
    return Moderation(moderation.store, moderation.scorer, clock=clock, audit_key=b"key")


def test_it_draws_the_share_of_the_site_and_always_the_same(store: Store, clock: Clock) -> None:
    from service import audit

    drawn = [audit.chance(b"key", "draw", str(n), b"digest") < 0.01 for n in range(20_000)]
    # 200 are expected; the standard deviation is 14.
    assert 150 < sum(drawn) < 250
    assert drawn[:50] == [audit.chance(b"key", "draw", str(n), b"digest") < 0.01 for n in range(50)]
    assert audit.chance(b"key", "draw", "1", b"") != audit.chance(b"other", "draw", "1", b"")
    assert audit.chance(audit.key(""), "draw", "1", b"") == 1.0


@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_what_it_draws_is_in_force_and_waits_unseen(moderation: Moderation, verdict: str) -> None:
    answer = submit(moderation, TEXTS[verdict])
    assert answer["verdict"] == verdict
    assert "audit" not in answer["reasons"]
    item = moderation.item(ANA, answer["id"])
    assert (item.pending, item.outcome, item.judgement.lane) == (True, verdict, Lane.AUDIT)
    assert (item.judgement.scores, item.judgement.severity, item.explanations) == ({}, 0.0, ())
    assert [r.code for r in item.judgement.reasons] == ["audit"]
    assert moderation.lanes(ANA)[Lane.AUDIT].count == 1


def test_it_holds_as_before_what_the_machine_holds(moderation: Moderation) -> None:
    item = moderation.item(ANA, submit(moderation, "[hateful=0.8]")["id"])
    assert (item.judgement.lane, item.hidden) == (Lane.HATEFUL, None)


def test_a_page_says_the_same_whatever_the_machine_thought(moderation: Moderation, visitor: Visitor) -> None:
    pages = []
    visitor.enter("ana")
    for n, text in enumerate(TEXTS.values()):
        item_id = submit(moderation, text, str(n), author_key=str(n) * 32)["id"]
        page = visitor.get(f"/?lane=audit&item={item_id}").html
        for own in (item_id, text, str(n) * 32):
            page = page.replace(own, "OWN")
        pages.append(re.sub(r'name="csrf_token" value="[^"]+"', "", page))
        moderation.decide(BEN, item_id, APPROVE)
    assert "it was drawn at random" in pages[0]
    assert pages[0] == pages[1]


def test_it_cannot_be_found_by_what_the_machine_thought(moderation: Moderation, visitor: Visitor) -> None:
    submit(moderation, TEXTS["reject"], author="Rita")
    visitor.enter("ana")
    assert "Rita" in visitor.get("/?reason=audit").text
    assert "Rita" not in visitor.get("/?label=spam").text


def test_the_api_does_not_tell_either(moderation: Moderation) -> None:
    from service.web import api_answers

    shown = []
    for n, text in enumerate(TEXTS.values()):
        item = moderation.item(ANA, submit(moderation, text, str(n))["id"])
        told = json.loads(api_answers.comment(item, moderation.clock()).model_dump_json())
        shown.append({k: v for k, v in told.items() if k not in ("id", "comment_ID", "text")})
    assert shown[0] == shown[1]
    assert (shown[0]["outcome"], shown[0]["scores"]) == ("hold", {})


def test_a_decision_reveals_it_and_an_undo_hides_it_again(moderation: Moderation) -> None:
    item_id = submit(moderation, TEXTS["reject"])["id"]
    item = moderation.decide(ANA, item_id, APPROVE)
    assert (item.judgement.verdict, item.judgement.scores["spam"]) == (Verdict.REJECT, 0.99)
    assert item.explanations
    assert item.delivery
    undone = moderation.undo(ANA, item_id)
    assert (undone.pending, undone.judgement.scores, undone.outcome) == (True, {}, "reject")
    assert moderation.page(ANA, Lane.AUDIT).items[0].id == item_id


def test_its_examples_say_by_what_share_they_were_drawn(moderation: Moderation) -> None:
    site_settings.set_policy(moderation, "blog", Policy(audit=0.99), "admin")
    moderation.decide(ANA, submit(moderation, "drawn")["id"], REJECT)
    moderation.decide(ANA, submit(moderation, "[hateful=0.8]", "2")["id"], REJECT)
    assert [e.get("audit") for e in examples.export(moderation.store)] == [0.99, None]


def test_what_it_drew_is_read_one_by_one(moderation: Moderation, visitor: Visitor) -> None:
    drawn, held = (submit(moderation, text, text)["id"] for text in ("kind", "[hateful=0.8]"))
    visitor.sign_in("ana")
    lane = visitor.get("/?lane=audit")
    assert "Decide all" not in lane.text
    assert not [given for given in lane.with_attribute("name") if given["name"] == "chosen"]
    planned = bulk.of_ids(moderation, ANA, [drawn, held])
    assert [i for i, _ in planned.items] == [held]
    with pytest.raises(Conflict, match="one by one"):
        bulk.of_view(moderation, ANA, Lane.AUDIT, "blog", Wanted())
    (_, refused), (_, decided) = moderation.decide_all(ANA, [drawn, held], APPROVE)
    assert isinstance(refused, Conflict)
    assert not isinstance(decided, Exception)
    assert moderation.item(ANA, drawn).pending


def test_what_the_blog_itself_decides_is_no_blind_reading(moderation: Moderation, clock: Clock) -> None:
    seen, blind = (submit(moderation, "kind", n) for n in ("1", "2"))
    feedback.apply(moderation, BLOG, Report("1", "eve", Ruling.REJECT, ReasonCode.SPAM))
    moderation.decide(ANA, blind["id"], REJECT)
    past = replay.past(moderation, "blog", 1)
    assert past.drawn.tolist() == [False, True]
    assert rates.rejected(past).tolist() == [True, True]
    assert [e.get("audit") for e in examples.export(moderation.store)] == [None, 1.0]
    moderation.undo(BEN, seen["id"])
    assert replay.past(moderation, "blog", 1).drawn.tolist() == [True, True]


def test_near_copies_stay_in_the_audit(moderation: Moderation) -> None:
    text = "buy these fine watches from my good friend in the harbour at half the price today only"
    ids = [submit(moderation, f"{text} {n}", str(n))["id"] for n in range(3)]
    lanes = [moderation.item(ANA, i).judgement.lane for i in ids]
    assert lanes == [Lane.AUDIT, Lane.AUDIT, Lane.CAMPAIGNS]
    assert {i.id for i in moderation.page(ANA, Lane.AUDIT).items} == set(ids[:2])


def test_an_edit_is_drawn_anew(moderation: Moderation, clock: Clock) -> None:
    submit(moderation, "first")
    site_settings.set_policy(moderation, "blog", Policy(audit=0.0), "admin")
    clock.move(2)
    item = moderation.item(ANA, submit(moderation, "second")["id"])
    assert (item.revision, item.pending) == (2, False)
    assert moderation.page(ANA, PENDING).items == ()


def test_what_is_scored_late_is_drawn_as_well(moderation: Moderation) -> None:
    assert isinstance(moderation.scorer, StubScorer)
    moderation.scorer.model.broken = True
    item_id = submit(moderation, "a kind word")["id"]
    assert moderation.item(ANA, item_id).judgement.lane is Lane.ERRORS
    moderation.scorer.model.broken = False
    assert moderation.rescore() == 1
    item = moderation.item(ANA, item_id)
    assert (item.judgement.lane, item.outcome) == (Lane.AUDIT, "approve")
    # The blog is told: it holds the comment until then.
    assert item.delivery
    past = replay.past(moderation, "blog", 30)
    assert (len(past), bool(past.drawn[0]), bool(past.anyway[0])) == (1, True, False)


def test_it_keeps_a_row_of_each_comment_and_what_was_said_of_it(moderation: Moderation, clock: Clock) -> None:
    ids = [
        submit(moderation, t, str(n))["id"] for n, t in enumerate(["fine", "[spam=0.99]", "[hateful=0.8]"])
    ]
    clock.move(86_400)
    submit(moderation, "another day [language=de]", "3")
    moderation.decide(ANA, ids[0], REJECT)
    moderation.decide(ANA, ids[1], APPROVE)
    moderation.decide(ANA, ids[2], APPROVE)
    moderation.undo(ANA, ids[2])
    past = replay.past(moderation, "blog", 30)
    assert past.scores.tolist()[1:3] == [[10_000, 10_000, 990_000], [10_000, 800_000, 10_000]]
    assert past.verdict.tolist() == [replay.APPROVE, replay.REJECT, replay.HOLD, replay.HOLD]
    assert rates.rejected(past, "hateful").tolist() == [True, False, False, False]
    assert past.ruling.tolist()[1:] == [1, 0, 0]
    assert past.drawn.tolist() == [True, True, False, False]
    assert past.foreign.tolist() == past.anyway.tolist() == [False, False, False, True]
    assert past.day.tolist() == [28, 28, 28, 29]
    assert past.crossed.tolist() == [0, 1 << LABELS.index("spam"), 1 << LABELS.index("hateful"), 0]


@pytest.fixture
def twice(moderation: Moderation, monkeypatch: pytest.MonkeyPatch) -> str:
    """A comment that ana has approved, and that is to be read a second time."""
    from service import audit

    monkeypatch.setattr(audit, "TWICE", 1.0)
    item_id: str = submit(moderation, "read me twice", author="Iris")["id"]
    moderation.decide(ANA, item_id, APPROVE)
    return item_id


def test_a_second_person_reads_it_and_changes_nothing(moderation: Moderation, twice: str) -> None:
    assert readings.waiting(moderation, ANA) == []
    with pytest.raises(Conflict, match="yourself"):
        readings.read_again(moderation, ANA, twice, APPROVE)
    assert [i.id for i in readings.waiting(moderation, BEN)] == [twice]
    readings.read_again(moderation, BEN, twice, APPROVE)
    assert readings.waiting(moderation, BEN) == readings.disputes(moderation, ADMIN) == []
    with pytest.raises(Conflict, match="any more"):
        readings.read_again(moderation, BEN, twice, APPROVE)
    found = readings.agreement(moderation, ANA, 30, "blog")
    assert (found.pairs, found.same, found.on_ruling) == (1, 1, None)


def test_an_admin_settles_what_two_do_not_agree_on(moderation: Moderation, twice: str) -> None:
    readings.read_again(moderation, BEN, twice, REJECT)
    (dispute,) = readings.disputes(moderation, ADMIN)
    assert (dispute.item.outcome, dispute.second.by, dispute.second.reason) == ("approve", "ben", "hateful")
    readings.adjudicate(moderation, ADMIN, twice, REJECT)
    item = moderation.item(ADMIN, twice)
    assert item.decision
    assert (item.outcome, item.decision.by) == ("reject", "admin")
    assert readings.disputes(moderation, ADMIN) == readings.waiting(moderation, BEN) == []
    with pytest.raises(Conflict, match="settled"):
        readings.adjudicate(moderation, ADMIN, twice, APPROVE)
    found = readings.agreement(moderation, ANA, 30, "blog")
    assert (found.pairs, found.same, found.on_ruling) == (1, 0, 0.0)


def test_an_admin_may_leave_it_as_it_is(moderation: Moderation, twice: str) -> None:
    readings.read_again(moderation, BEN, twice, REJECT)
    readings.adjudicate(moderation, ADMIN, twice, APPROVE)
    item = moderation.item(ADMIN, twice)
    assert item.decision
    assert item.decision.by == "ana"
    assert readings.disputes(moderation, ADMIN) == []


def test_an_undo_or_edit_ends_the_wait_for_a_second_reading(moderation: Moderation, twice: str) -> None:
    moderation.undo(ANA, twice)
    assert readings.waiting(moderation, BEN) == []
    moderation.decide(ANA, twice, APPROVE)
    assert len(readings.waiting(moderation, BEN)) == 1
    submit(moderation, "it says something else now", author="Iris")
    assert readings.waiting(moderation, BEN) == []


def test_the_pages_of_the_audit_show_and_take_it_all(
    moderation: Moderation, twice: str, visitor: Visitor, app: Flask
) -> None:
    give_password(moderation.store, ADMIN)
    admin = Visitor(app)
    admin.enter("admin")
    visitor.enter("ben")
    assert "Read 1 as the second one" in visitor.get("/audit/").text
    page = visitor.get("/audit/second")
    assert "read me twice" in page.text
    assert not re.search("ana|approved", page.text)
    done = visitor.send(page.form(f"{twice}/second"), decision="reject:hateful")
    assert "What is in force stays as it is" in done.text
    assert "Nothing waits for you" in done.text
    again = visitor.send(page.form(f"{twice}/second"), decision="reject:hateful")
    assert "Not done: this comment waits for no second reading any more." in again.text
    assert "Disputed" not in visitor.get("/audit/").text
    page = admin.get("/audit/")
    assert "0 of 1 were read alike" in page.text
    settle = page.form(f"{twice}/settle")
    assert settle.buttons == ["approve", "reject:hateful"]
    own = replace(visitor.get("/audit/").form("sign-out"), action=settle.action)
    assert visitor.send(own, decision="approve").status == 404
    assert "Settled." in admin.send(settle, decision="reject:hateful").text
    assert moderation.item(ADMIN, twice).outcome == "reject"
    assert "Not done: this dispute is settled already." in admin.send(settle, decision="approve").text


def test_the_page_shows_rates_with_intervals(moderation: Moderation, visitor: Visitor) -> None:
    for n in range(8):
        item_id = submit(moderation, f"fine {n}", str(n))["id"]
        moderation.decide(ANA, item_id, REJECT if n == 0 else APPROVE)
    item_id = submit(moderation, "[hateful=0.9]", "9")["id"]
    moderation.decide(ANA, item_id, REJECT)
    every, _, hateful, spam = rates.rates(replay.past(moderation, "blog", 30)).each
    assert every.missed == hateful.missed
    assert hateful.missed
    assert (hateful.missed.at, hateful.missed.low, hateful.missed.high) == (0.5, 0.5, 0.5)
    assert spam.missed is None
    visitor.enter("ana")
    page = visitor.get("/audit/?days=90&site=blog").text
    assert "50 %" in page
    assert "none came" in page
    assert visitor.get("/audit/?days=5").status == 422
    assert visitor.get("/audit/?site=other").status == 404


def test_the_figures_count_what_the_audit_found(moderation: Moderation) -> None:
    moderation.decide(ANA, submit(moderation, "fine")["id"], REJECT)
    assert figures.report(moderation, ANA, 7).total["after:approve:reject"] == 1
