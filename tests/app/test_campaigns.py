"""Campaigns: what is gathered, decided and undone together, and what is left alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service import campaign_decisions
from service.domain import Lane, Person, Role, Ruling
from service.errors import Conflict, NotFound
from service.moderation import Moderation, Wish
from tests.app.copies import SPAM, copy, decide, send, the_campaign
from tests.conftest import ANA, BEN, BLOG, Clock, submit

APPROVE = Wish(Ruling.APPROVE)


def test_it_gathers_three_near_copies(moderation: Moderation) -> None:
    first, second = send(moderation, 2)
    assert moderation.store.campaigns.latest(["blog"]) == []
    third = submit(moderation, copy(2), "c2")
    assert third["reasons"] == ["score:spam", "campaign"]
    found = the_campaign(moderation)
    assert (found.count, found.waiting, found.earliest) == (3, 3, first)
    for item_id in (first, second, third["id"]):
        item = moderation.item(ANA, item_id)
        assert item.campaign == found.id
        assert item.judgement.lane is Lane.CAMPAIGNS
        assert "campaign" in {r.code for r in item.judgement.reasons}
    assert moderation.lanes(ANA)[Lane.CAMPAIGNS].count == 3
    assert moderation.lanes(ANA)[Lane.SPAM].count == 0


def test_it_holds_a_copy_that_would_have_been_let_through(moderation: Moderation) -> None:
    assert [submit(moderation, copy(n, ""), str(n))["verdict"] for n in range(4)] == [
        "approve", "approve", "hold", "hold",
    ]  # fmt: skip
    found = the_campaign(moderation)
    assert (found.count, found.waiting) == (4, 2)


def test_it_still_rejects_what_is_rejected_without_a_person(moderation: Moderation) -> None:
    assert [submit(moderation, copy(n, "[spam=0.99]"), str(n))["verdict"] for n in range(3)] == ["reject"] * 3
    assert the_campaign(moderation).waiting == 0


@pytest.mark.parametrize(
    "text",
    [
        "Great post!",
        "Thank you so much for sharing this, great post!",
        "Great great great great great great great great great great great great post, really really great!",
    ],
)
def test_it_never_gathers_short_praise(moderation: Moderation, text: str) -> None:
    assert [submit(moderation, text, str(n))["verdict"] for n in range(6)] == ["approve"] * 6
    assert moderation.store.campaigns.latest(["blog"]) == []


def test_it_gathers_nothing_across_sites_or_after_a_day(moderation: Moderation, clock: Clock) -> None:
    for n in range(4):
        submit(moderation, copy(n), str(n), site=("blog", "other")[n % 2])
    clock.move(86_401)
    submit(moderation, copy(5), "5")
    assert moderation.store.campaigns.latest(["blog", "other"]) == []


def test_it_counts_a_comment_once_however_often_it_comes(moderation: Moderation) -> None:
    for n in range(5):
        submit(moderation, copy(n), "same")
    assert moderation.store.campaigns.latest(["blog"]) == []


def test_it_leaves_out_what_a_moderator_has_decided_by_itself(moderation: Moderation) -> None:
    first, second = send(moderation, 2)
    moderation.decide(ANA, first, APPROVE)
    submit(moderation, copy(2), "c2")
    assert moderation.store.campaigns.latest(["blog"]) == []
    submit(moderation, copy(3), "c3")
    assert the_campaign(moderation).count == 3
    assert moderation.item(ANA, first).campaign == ""
    assert moderation.item(ANA, second).campaign == the_campaign(moderation).id


def test_an_edited_copy_leaves_the_campaign(moderation: Moderation) -> None:
    first, *_ = send(moderation, 4)
    submit(moderation, "I have thought again. [hateful=0.8]", "c0", author="Author 0", author_key="key0")
    assert the_campaign(moderation).count == 3
    item = moderation.item(ANA, first)
    assert (item.campaign, item.judgement.lane) == ("", Lane.HATEFUL)


def test_a_copy_that_could_not_be_scored_stays_where_it_is_scored_again(moderation: Moderation) -> None:
    send(moderation, 3)
    broken = submit(moderation, copy(3, "[broken]"), "c3")
    assert moderation.item(ANA, broken["id"]).judgement.lane is Lane.ERRORS
    assert moderation.lanes(ANA)[Lane.ERRORS].count == 1
    assert the_campaign(moderation).count == 4


def test_one_decision_reaches_every_copy_and_one_undo_takes_it_back(moderation: Moderation) -> None:
    ids = send(moderation, 40)
    assert decide(moderation).reached == 40
    decisions = {moderation.item(ANA, i).decision for i in ids}
    assert len(decisions) == 1
    assert decisions.pop() == the_campaign(moderation).decision
    assert (the_campaign(moderation).waiting, the_campaign(moderation).left) == (0, 0)
    assert len(moderation.store.outbox.lease_due(moderation.clock(), 30, 100)) == 40
    assert campaign_decisions.undo(moderation, BEN, the_campaign(moderation).id).reached == 40
    assert [i.decision for i in moderation.store.views.items(ids)] == [None] * 40
    assert the_campaign(moderation).waiting == 40
    assert the_campaign(moderation).decision is None
    kinds = [json.loads(e)["kind"] for e in moderation.store.views.log("blog", 200)]
    assert kinds.count("campaign decide") == kinds.count("campaign undo") == 1


def test_it_takes_down_what_was_let_through_and_approves_only_what_waits(moderation: Moderation) -> None:
    ids = send(moderation, 4, scores="")
    assert decide(moderation, APPROVE).reached == 2
    campaign_decisions.undo(moderation, ANA, the_campaign(moderation).id)
    assert decide(moderation).reached == 4
    assert {moderation.item(ANA, i).outcome for i in ids} == {"reject"}


def test_it_leaves_what_others_decided_or_read(moderation: Moderation, clock: Clock) -> None:
    first, second, third, fourth = send(moderation, 4)
    moderation.decide(BEN, first, APPROVE)
    moderation.claim(BEN, second)
    outcome = decide(moderation)
    assert (outcome.reached, [str(e) for e in outcome.left]) == (2, ["ben is reading this comment"])
    assert [moderation.item(ANA, i).outcome for i in (first, second, third, fourth)] == [
        "approve", "hold", "reject", "reject",
    ]  # fmt: skip
    clock.move(1)
    campaign_decisions.undo(moderation, ANA, the_campaign(moderation).id)
    assert moderation.item(ANA, first).outcome == "approve"


def test_it_decides_nothing_that_came_after_what_was_seen(moderation: Moderation, clock: Clock) -> None:
    send(moderation, 3)
    seen = the_campaign(moderation)
    clock.move(5)
    (late,) = send(moderation, 1, first=3)
    campaign_decisions.decide(moderation, ANA, seen.id, SPAM, seen.last_at)
    assert moderation.item(ANA, late).pending
    assert the_campaign(moderation).waiting == 1


def test_a_later_copy_is_never_decided_silently(moderation: Moderation, clock: Clock) -> None:
    send(moderation, 3)
    decide(moderation)
    clock.move(60)
    (late,) = send(moderation, 1, first=3)
    item = moderation.item(ANA, late)
    assert item.pending
    assert item.campaign == the_campaign(moderation).id
    assert decide(moderation).reached == 1
    clock.move(60)
    # The undo of the later decision leaves the first one as it is.
    assert campaign_decisions.undo(moderation, ANA, the_campaign(moderation).id).reached == 1
    assert the_campaign(moderation).waiting == 1
    assert campaign_decisions.undo(moderation, ANA, the_campaign(moderation).id).reached == 3


class Killed(Exception):
    """The process dies here."""


def killed_at(m: Moderation, reached: int, before: bool, act: Callable[[], object]) -> None:
    """Do something that dies at a member, before or after it is crossed out."""
    done, crossed = m.store.campaigns.done, 0

    def dying(campaign_id: str, item_id: str) -> None:
        nonlocal crossed
        if before and crossed == reached:
            raise Killed
        done(campaign_id, item_id)
        crossed += 1
        if not before and crossed == reached:
            raise Killed

    with pytest.MonkeyPatch.context() as patch, suppress(Killed):
        patch.setattr(m.store.campaigns, "done", dying)
        act()


def test_it_finishes_what_a_crash_interrupted(moderation: Moderation) -> None:
    m = moderation

    @settings(max_examples=25, deadline=None)
    @given(reached=st.integers(0, 5), undoing=st.booleans(), before=st.booleans())
    def run(reached: int, undoing: bool, before: bool) -> None:
        m.store._db.client.flushall()
        m.store.registry.partitions(16)
        m.store.registry.add_site(BLOG)
        ids = send(m, 5)
        if undoing:
            decide(m)
            killed_at(m, reached, before, lambda: campaign_decisions.undo(m, ANA, the_campaign(m).id))
        else:
            killed_at(m, reached, before, lambda: decide(m))
        campaign_decisions.finish(m, BEN, the_campaign(m).id)
        items = m.store.views.items(ids)
        assert {i.outcome for i in items} == {"hold" if undoing else "reject"}
        assert {i.decision.by for i in items if i.decision} == (set() if undoing else {"ana"})
        assert the_campaign(m).left == 0
        assert (the_campaign(m).decision is None) == undoing
        assert len(m.store.views.examples("blog")) == (10 if undoing else 5)

    run()


def test_it_refuses_a_second_decision_before_the_first_is_finished(moderation: Moderation) -> None:
    send(moderation, 3)
    found = the_campaign(moderation)
    moderation.store._db.client.sadd(f"mq:{{p{found.id[:2]}}}:todo:{found.id}", found.earliest)
    with pytest.raises(Conflict, match="not finished"):
        decide(moderation)


def test_it_says_when_there_is_nothing_to_decide_or_undo(moderation: Moderation) -> None:
    ids = send(moderation, 3)
    with pytest.raises(Conflict, match="no decision to undo"):
        campaign_decisions.undo(moderation, ANA, the_campaign(moderation).id)
    decide(moderation)
    with pytest.raises(Conflict, match="nothing left"):
        decide(moderation)
    for item_id in ids:
        moderation.undo(ANA, item_id)
    with pytest.raises(Conflict, match="nothing left"):
        campaign_decisions.undo(moderation, ANA, the_campaign(moderation).id)
    assert the_campaign(moderation).decision is None


def test_it_shows_a_campaign_to_moderators_of_its_site_alone(moderation: Moderation) -> None:
    send(moderation, 3)
    stranger = Person("eve", Role.MODERATOR, ("other",))
    for wrong in (the_campaign(moderation).id, "no-such", "0" * 26 + "-1"):
        with pytest.raises(NotFound):
            campaign_decisions.find(moderation, stranger, wrong)


def test_a_campaign_of_a_removed_moderator_can_be_finished(moderation: Moderation) -> None:
    send(moderation, 3)
    gone = replace(ANA, name="gone")
    found = the_campaign(moderation)
    campaign_decisions.decide(moderation, gone, found.id, SPAM, found.last_at)
    assert campaign_decisions.finish(moderation, ANA, found.id).reached == 0
