"""Each transition on a real server: what it writes in one step, and what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from service.domain import Decision, Lane, ReasonCode, Ruling
from service.errors import Conflict, Invalid, NotFound, TooMany, Unavailable
from service.moderation import Moderation, Wish
from service.store import ALL, DECIDED, PENDING, Store
from tests.conftest import ADMIN, ANA, BEN, BLOG, Clock, submit

APPROVE = Wish(Ruling.APPROVE)
REJECT = Wish(Ruling.REJECT, ReasonCode.HATEFUL)


@pytest.fixture
def held(moderation: Moderation) -> str:
    """Give the id of an item that waits in the Hateful lane."""
    return str(submit(moderation, "[hateful=0.9] one", author_key="k1")["id"])


def kinds(moderation: Moderation) -> list[str]:
    return [json.loads(e)["kind"] for e in reversed(moderation.store.views.log("blog"))]


def test_it_writes_decision_log_example_and_delivery_together(moderation: Moderation, held: str) -> None:
    item = moderation.decide(ANA, held, replace(REJECT, note="see rule 3"))
    at = moderation.clock()
    assert item.decision == Decision(Ruling.REJECT, ReasonCode.HATEFUL, "ana", at, "see rule 3")
    assert (item.pending, item.outcome) == (False, "reject")
    assert kinds(moderation) == ["verdict", "decision"]
    (example,) = (json.loads(e) for e in moderation.store.views.examples("blog"))
    assert (example["decision"], example["reason"], example["by"]) == ("reject", "hateful", "ana")
    assert example["comment"]["text"] == "[hateful=0.9] one"
    (delivery,) = moderation.store.outbox.lease_due(at, 30, 10)
    body = json.loads(delivery.body)
    assert body["type"] == "comment.decided"
    assert body["data"] == {
        "site": "blog", "comment_ID": "1", "id": held, "outcome": "reject", "reason": "hateful",
        "decided_by": "ana", "decided_at": "2027-01-15T08:00:00.000Z", "revision": 1,
    }  # fmt: skip
    assert moderation.store.views.page(PENDING, ["blog"]).items == ()
    assert [i.id for i in moderation.store.views.page(DECIDED, ["blog"]).items] == [held]


def test_it_refuses_a_second_decision_with_who_and_when(moderation: Moderation, held: str) -> None:
    moderation.decide(ANA, held, REJECT)
    with pytest.raises(Conflict, match="decided already") as refused:
        moderation.decide(BEN, held, APPROVE)
    assert (refused.value.by, refused.value.at) == ("ana", moderation.clock())
    assert len(moderation.store.views.examples("blog")) == 1


def test_it_lets_only_the_holder_of_a_lease_decide(moderation: Moderation, clock: Clock, held: str) -> None:
    lease = moderation.claim(ANA, held)
    for attempt in (lambda: moderation.claim(BEN, held), lambda: moderation.decide(BEN, held, APPROVE)):
        with pytest.raises(Conflict, match="ana is reading") as refused:
            attempt()
        assert refused.value.by == "ana"
    with pytest.raises(Conflict, match="lease"):
        moderation.decide(ANA, held, replace(APPROVE, lease_token="stale"))
    clock.move(299)
    assert moderation.decide(ANA, held, replace(APPROVE, lease_token=lease.token)).outcome == "approve"


def test_it_frees_a_lease_when_it_expires_or_is_released(
    moderation: Moderation, clock: Clock, held: str
) -> None:
    lease = moderation.claim(ANA, held)
    clock.move(301)
    taken = moderation.claim(BEN, held)
    with pytest.raises(Conflict):
        moderation.claim(ANA, held, renew=lease.token)
    with pytest.raises(Conflict):
        moderation.decide(ANA, held, replace(APPROVE, lease_token=lease.token))
    moderation.release(ANA, held, lease.token)
    assert moderation.store.views.item(held).lease == taken
    moderation.release(BEN, held, taken.token)
    assert moderation.store.views.item(held).lease is None


def test_it_renews_a_lease_without_changing_its_token(
    moderation: Moderation, clock: Clock, held: str
) -> None:
    lease = moderation.claim(ANA, held)
    clock.move(200)
    renewed = moderation.claim(ANA, held, renew=lease.token)
    assert (renewed.token, renewed.until) == (lease.token, clock() + 300)


def test_it_undoes_a_decision_whole(moderation: Moderation, clock: Clock, held: str) -> None:
    moderation.decide(ANA, held, REJECT)
    clock.move(60)
    item = moderation.undo(BEN, held)
    assert (item.pending, item.outcome, item.decision) == (True, "hold", None)
    assert [i.id for i in moderation.store.views.page(Lane.HATEFUL, ["blog"]).items] == [held]
    assert moderation.store.views.lanes(["blog"])[Lane.HATEFUL].oldest == item.received_at
    assert kinds(moderation) == ["verdict", "decision", "undo"]
    assert json.loads(moderation.store.views.examples("blog")[1])["retracted"] is True
    (delivery,) = moderation.store.outbox.lease_due(clock(), 30, 10)
    assert json.loads(delivery.body)["data"]["outcome"] == "hold"
    with pytest.raises(Conflict, match="no decision"):
        moderation.undo(BEN, held)
    assert moderation.decide(BEN, held, APPROVE).outcome == "approve"


def test_it_lets_a_moderator_overrule_a_verdict(moderation: Moderation) -> None:
    published = submit(moderation, "fine")["id"]
    assert moderation.decide(ANA, published, REJECT).outcome == "reject"
    assert moderation.undo(ANA, published).outcome == "approve"
    assert not moderation.store.views.item(published).pending


def test_it_counts_an_author_once_under_the_outcome_in_force(moderation: Moderation, held: str) -> None:
    def known() -> tuple[int, int]:
        text = f"probe {moderation.store.views.totals(['blog'])}"
        submit(moderation, text, "probe", author_key="k1")
        client = moderation.store._db.client
        (key,) = client.scan_iter("*author:blog:k1")
        raw = client.hgetall(key)
        return int(raw.get("approved", 0)) - 1, int(raw.get("rejected", 0))

    assert known() == (0, 0)
    moderation.decide(ANA, held, REJECT)
    assert known() == (0, 1)
    moderation.undo(ANA, held)
    assert known() == (0, 0)
    moderation.decide(ANA, held, APPROVE)
    assert known() == (1, 0)


def test_it_drops_decision_lease_and_callback_with_the_revision_that_they_were_about(
    moderation: Moderation, held: str
) -> None:
    moderation.decide(ANA, held, REJECT)
    submit(moderation, "quite fine now", author_key="k1")
    item = moderation.store.views.item(held)
    assert (item.revision, item.decision, item.pending) == (2, None, True)
    assert [r.code for r in item.judgement.reasons] == ["rule:edited_after_rejection"]
    assert moderation.store.outbox.depth() == (0, 0)
    lease = moderation.claim(ANA, held)
    submit(moderation, "[spam=0.8]", author_key="k1")
    with pytest.raises(Conflict, match="lease"):
        moderation.decide(ANA, held, replace(APPROVE, lease_token=lease.token))
    with pytest.raises(Conflict, match="edited"):
        moderation.decide(ANA, held, replace(APPROVE, revision=2))


def test_it_answers_one_request_twice_where_its_reply_was_lost(moderation: Moderation, held: str) -> None:
    queue, now = moderation.store.queue, moderation.clock()
    for _ in range(2):
        queue.decide(
            held, 1, by="ana", now=now, ruling="approve", reason="", note="", token="",
            entry="{}", example="{}", body="",
        )  # fmt: skip
    assert len(moderation.store.views.examples("blog")) == 1


def test_it_hides_other_sites(moderation: Moderation) -> None:
    foreign = submit(moderation, "[spam=0.8]", site="other")["id"]
    attempts = (
        lambda: moderation.item(ANA, foreign),
        lambda: moderation.claim(ANA, foreign),
        lambda: moderation.decide(ANA, foreign, APPROVE),
        lambda: moderation.undo(ANA, foreign),
        lambda: moderation.release(ANA, foreign, "t"),
        lambda: moderation.page(ANA, PENDING, "other"),
    )
    for attempt in attempts:
        with pytest.raises(NotFound):
            attempt()
    assert moderation.sites_of(ANA) == ["blog"]
    assert moderation.sites_of(ADMIN) == ["blog", "other"]
    assert moderation.item(ADMIN, foreign).pending


@pytest.mark.parametrize("unknown", ["", "x", "00" * 13, "zz" * 13, "../" * 8 + "zz", "0" * 26])
def test_it_knows_no_item_by_another_name(moderation: Moderation, unknown: str) -> None:
    with pytest.raises(NotFound):
        moderation.item(ADMIN, unknown)


def test_it_decides_many_each_for_itself(moderation: Moderation, held: str) -> None:
    other = submit(moderation, "[spam=0.8]", "2")["id"]
    moderation.claim(BEN, other)
    results = dict(moderation.decide_all(ANA, [held, other, "nothing"], APPROVE))
    assert isinstance(results[other], Conflict)
    assert isinstance(results["nothing"], NotFound)
    assert moderation.store.views.item(held).outcome == "approve"


def test_it_pages_without_gaps_or_repeats_while_the_queue_changes(moderation: Moderation) -> None:
    ids = [str(submit(moderation, f"[spam=0.{60 + n % 7}] {n}", str(n))["id"]) for n in range(60)]
    seen: list[str] = []
    cursor = ""
    while True:
        page = moderation.page(ADMIN, PENDING, cursor=cursor, limit=7)
        seen += [i.id for i in page.items]
        moderation.decide(ANA, page.items[0].id, APPROVE)
        if not (cursor := page.cursor):
            break
    assert sorted(seen) == sorted(ids)
    severities = [moderation.store.views.item(i).judgement.severity for i in seen]
    assert severities == sorted(severities, reverse=True)


def test_it_merges_sites_in_one_order(moderation: Moderation) -> None:
    for n, (site, score) in enumerate([("blog", 0.7), ("other", 0.9), ("blog", 0.8), ("other", 0.75)]):
        submit(moderation, f"[spam={score}]", str(n), site=site)
    page = moderation.page(ADMIN, Lane.SPAM)
    assert [i.judgement.severity for i in page.items] == [0.9, 0.8, 0.75, 0.7]
    assert moderation.lanes(ADMIN)[Lane.SPAM].count == 4


def test_it_lists_the_latest_first_where_nothing_waits(moderation: Moderation, clock: Clock) -> None:
    for n in range(3):
        clock.move(1)
        submit(moderation, f"fine {n}", str(n))
    assert [i.comment.text for i in moderation.page(ANA, ALL).items] == ["fine 2", "fine 1", "fine 0"]


@pytest.mark.parametrize("cursor", ["x", "1e~", "nan", "inf~a"])
def test_it_refuses_a_cursor_that_it_did_not_give(moderation: Moderation, cursor: str) -> None:
    with pytest.raises(Invalid, match="cursor"):
        moderation.page(ANA, PENDING, cursor=cursor)


def test_it_refuses_a_lane_that_is_none(moderation: Moderation) -> None:
    with pytest.raises(NotFound, match="no such lane"):
        moderation.page(ANA, "nowhere")


def test_it_uses_a_link_once(store: Store) -> None:
    store.registry.add_link("token", "ana", 60)
    assert store.registry.link_name("token") == "ana"
    assert store.registry.use_link("token") == "ana"
    assert store.registry.use_link("token") is None


def test_it_looks_for_room_and_takes_none(store: Store) -> None:
    for _ in range(3):
        store.queue.look_for_room("blog", rate=1, burst=1, now=100.0)
    with pytest.raises(TooMany) as refused:
        store.queue.look_for_room("blog", rate=2, burst=0.5, now=100.0)
    assert refused.value.retry_after == pytest.approx(0.25)


def test_it_throttles_by_name(store: Store) -> None:
    for _ in range(3):
        store.registry.throttle("a", 1, 3, 100.0)
    with pytest.raises(TooMany) as refused:
        store.registry.throttle("a", 1, 3, 100.0)
    assert 0 < refused.value.retry_after <= 1
    store.registry.throttle("b", 1, 3, 100.0)
    store.registry.throttle("a", 1, 3, 101.0)


def test_it_refuses_names_that_are_taken(moderation: Moderation) -> None:
    registry = moderation.store.registry
    with pytest.raises(Conflict):
        registry.add_site(BLOG)
    with pytest.raises(Conflict):
        registry.add_person(ANA)
    assert registry.site("blog") == BLOG
    assert registry.person("ana") == ANA


def test_it_keeps_the_partitions_of_the_first_start(store: Store) -> None:
    assert store.registry.partitions(4) == 16


def test_it_says_that_the_store_is_away() -> None:
    with pytest.raises(Unavailable):
        Store("unix:///nowhere/valkey.sock")
