"""A site that was refused waits, then is let in one comment at a time, and after a while as any other."""

from __future__ import annotations

import pytest

from service.errors import TooMany, Unavailable
from service.floods import FORGOTTEN_S, TRIED_FOR_S, Floods
from tests.conftest import Clock

RATE = 50.0


@pytest.fixture
def floods(clock: Clock) -> Floods:
    return Floods(clock)


def enter(floods: Floods, outcome: Exception | None = None) -> None:
    with floods.entering("blog", RATE):
        if outcome:
            raise outcome


def suspects(floods: Floods) -> bool:
    with floods.entering("blog", RATE) as suspected:
        return suspected


def refuse(floods: Floods) -> None:
    with pytest.raises(TooMany):
        enter(floods, TooMany("the store said so", 3.0))


def test_it_lets_in_whoever_was_not_refused(floods: Floods) -> None:
    for _ in range(3):
        enter(floods)
    assert floods.wait("blog") == 0


def test_it_keeps_a_refused_site_and_no_other_out_until_the_store_has_a_token(
    floods: Floods, clock: Clock
) -> None:
    refuse(floods)
    assert floods.wait("blog") == pytest.approx(3.0)
    assert floods.wait("other") == 0
    with pytest.raises(TooMany) as refusal:
        enter(floods)
    assert refusal.value.retry_after == pytest.approx(3.0)
    clock.move(3.1)
    enter(floods)


def test_it_tries_one_comment_at_a_time_after_a_refusal(floods: Floods, clock: Clock) -> None:
    refuse(floods)
    clock.move(3.1)
    with floods.entering("blog", RATE):
        assert floods.wait("blog") == pytest.approx(TRIED_FOR_S)
        with pytest.raises(TooMany):
            enter(floods)


def test_it_lets_a_refused_site_in_no_faster_than_it_may_send(floods: Floods, clock: Clock) -> None:
    with pytest.raises(TooMany):
        enter(floods, TooMany("the store said so", 0.02))
    clock.move(0.03)
    enter(floods)
    assert floods.wait("blog") == pytest.approx(1 / RATE)


def test_it_forgets_a_refusal(floods: Floods, clock: Clock) -> None:
    assert not suspects(floods)
    refuse(floods)
    clock.move(3.0 + FORGOTTEN_S)
    assert suspects(floods)
    clock.move(1 / RATE)
    assert not suspects(floods)
    for _ in range(3):
        enter(floods)


def test_it_does_not_wait_long_for_one_that_broke(floods: Floods, clock: Clock) -> None:
    refuse(floods)
    clock.move(3.1)
    with pytest.raises(Unavailable):
        enter(floods, Unavailable("the store is away"))
    assert 0 < floods.wait("blog") <= TRIED_FOR_S
    clock.move(TRIED_FOR_S)
    enter(floods)
