"""The outbox itself: who may settle what, and whose turn it is."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from service.domain import Delivery, ReasonCode, Ruling
from service.errors import NotFound
from service.moderation import Moderation, Wish
from service.store import keys
from tests.conftest import ADMIN, BLOG, OTHER, Clock, submit


def decide(moderation: Moderation, comment_id: str = "1", site: str = "blog") -> str:
    item_id: str = submit(moderation, "[hateful=0.9]", comment_id, site=site)["id"]
    moderation.decide(ADMIN, item_id, Wish(Ruling.REJECT, ReasonCode.OTHER))
    return item_id


@pytest.fixture
def leased_twice(moderation: Moderation, clock: Clock) -> tuple[Delivery, Delivery]:
    """Give the same delivery as two workers see it, of which the first was too slow."""
    decide(moderation)
    (slow,) = moderation.store.outbox.lease_due(clock(), 30, 8)
    clock.move(31)
    (quick,) = moderation.store.outbox.lease_due(clock(), 30, 8)
    assert (slow.id, slow.attempts, quick.attempts) == (quick.id, 1, 2)
    return slow, quick


@pytest.mark.parametrize("result", ["retry", "dead"])
def test_it_ignores_the_failure_of_a_worker_whose_lease_ended(
    moderation: Moderation, clock: Clock, leased_twice: tuple[Delivery, Delivery], result: str
) -> None:
    slow, quick = leased_twice
    outbox = moderation.store.outbox
    outbox.settle(slow, result, clock(), next_at=clock())
    assert outbox.lease_due(clock(), 30, 8) == []
    assert outbox.settle(quick, "confirmed", clock()) == "confirmed"
    assert outbox.depth() == (0, 0)


def test_it_believes_a_late_confirmation(
    moderation: Moderation, clock: Clock, leased_twice: tuple[Delivery, Delivery]
) -> None:
    slow, quick = leased_twice
    outbox = moderation.store.outbox
    assert outbox.settle(slow, "confirmed", clock()) == "confirmed"
    assert outbox.settle(quick, "retry", clock(), next_at=clock()) == "confirmed"
    assert outbox.depth() == (0, 0)


def test_it_tells_a_blog_of_what_is_decided_the_moment_after_it_is_connected(moderation: Moderation) -> None:
    held = submit(moderation, "[hateful=0.9]", site="other")["id"]
    moderation.store.registry.save_site(replace(OTHER, callback_url="https://other.example/modqueue"))
    moderation.decide(ADMIN, held, Wish(Ruling.APPROVE))
    assert moderation.store.outbox.depth() == (1, 0)


def test_it_leases_by_site(moderation: Moderation, clock: Clock) -> None:
    sites = [f"site-{n}" for n in range(20)]
    for site in sites:
        moderation.store.registry.add_site(replace(BLOG, id=site))
        for n in range(5):
            decide(moderation, str(n), site)
    assert len({keys.partition_of(s, 16) for s in sites}) < len(sites), "some share a partition"
    rooms = {"site-0": 0, "site-1": 1}
    leased = moderation.store.outbox.lease_due(clock(), 30, 100, per_site=3, rooms=rooms)
    assert Counter(d.site for d in leased) == dict.fromkeys(sites[2:], 3) | {"site-1": 1}


def test_it_leases_no_more_than_asked_and_gives_every_partition_its_turn(
    moderation: Moderation, clock: Clock
) -> None:
    for site in ("a", "b", "c"):
        moderation.store.registry.add_site(replace(BLOG, id=site))
        for n in range(40):
            decide(moderation, str(n), site)
    batches = [moderation.store.outbox.lease_due(clock(), 30, 2) for _ in range(20)]
    assert {len(batch) for batch in batches} == {2}
    assert {d.site for batch in batches for d in batch} == {"a", "b", "c"}


def test_it_lists_what_waits_and_what_is_dead(moderation: Moderation, clock: Clock) -> None:
    waiting, dead = decide(moderation, "1"), decide(moderation, "2")
    outbox = moderation.store.outbox
    delivery = next(d for d in outbox.lease_due(clock(), 30, 8) if d.item_id == dead)
    outbox.settle(delivery, "dead", clock(), error="HTTP 410")
    assert [(site, item) for site, item, _ in outbox.waiting()] == [("blog", waiting)]
    ((site, item, state),) = outbox.dead()
    assert (site, item, state.id, state.error) == ("blog", dead, delivery.id, "HTTP 410")
    assert outbox.depth() == (1, 1)


@pytest.mark.parametrize("delivery_id", ["", "x", "dl_", "dl_" + "0" * 26 + "_1", "dl_zz"])
def test_it_sends_again_only_dead_letters(moderation: Moderation, clock: Clock, delivery_id: str) -> None:
    with pytest.raises(NotFound):
        moderation.store.outbox.redrive(delivery_id, "test", clock())
