"""A clock that is set forward or back by an hour, as daylight saving on a badly kept machine does."""

from __future__ import annotations

import pytest

from service.domain import Ruling
from service.errors import Conflict
from service.moderation import Moderation, Wish
from tests.conftest import ANA, BEN, Clock, Sender, submit

HOUR = 3600.0
HELD = "text [dehumanising=0.9]"


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_it_takes_comments_at_once(sender: Sender, clock: Clock, step: float) -> None:
    sender.comment("before", "1")
    clock.move(step)
    for n in range(2, 30):
        sender.comment("after", str(n))


def test_it_keeps_a_lease_when_the_clock_is_set_back(moderation: Moderation, clock: Clock) -> None:
    item = str(submit(moderation, HELD)["id"])
    lease = moderation.claim(ANA, item)
    clock.move(-HOUR)
    with pytest.raises(Conflict, match="ana is reading"):
        moderation.decide(BEN, item, Wish(Ruling.REJECT))
    assert moderation.decide(ANA, item, Wish(Ruling.APPROVE, lease_token=lease.token)).decision


def test_it_ends_a_lease_when_the_clock_is_set_forward(moderation: Moderation, clock: Clock) -> None:
    """The page claims anew by itself; nothing is decided meanwhile."""
    item = str(submit(moderation, HELD)["id"])
    lease = moderation.claim(ANA, item)
    clock.move(HOUR)
    with pytest.raises(Conflict, match="expired"):
        moderation.decide(ANA, item, Wish(Ruling.APPROVE, lease_token=lease.token))
    lease = moderation.claim(ANA, item)
    assert moderation.decide(ANA, item, Wish(Ruling.APPROVE, lease_token=lease.token)).decision


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_it_tells_the_blog_within_that_hour(moderation: Moderation, clock: Clock, step: float) -> None:
    item = str(submit(moderation, HELD)["id"])
    moderation.decide(ANA, item, Wish(Ruling.APPROVE))
    clock.move(step)
    clock.move(max(0.0, -step))
    assert moderation.store.outbox.lease_due(clock(), 30.0, 10)
