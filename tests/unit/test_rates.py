"""Over many audits of a world whose truth is known, the estimates lie around it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from service import audit, rates
from service.replay import APPROVE, HOLD, REJECT, Past
from service.store.rows import APPROVED, REASONS, REJECTED

HATEFUL = REJECTED + [str(r) for r in REASONS].index("hateful")
COMMENTS, AUDITS, SHARE = 6_000, 200, 0.05


def world(seed: int) -> tuple[Past, Past]:
    """Return what came, as moderators would say if they read it all, and as they do without an audit."""
    chance = np.random.default_rng(seed)
    truth = np.where(chance.random(COMMENTS) < 0.08, HATEFUL, APPROVED)
    # A machine that misses a third of it, and now and then is afraid of what is harmless.
    fear = chance.random(COMMENTS)
    verdict = np.where(
        truth == HATEFUL,
        np.where(fear < 0.33, APPROVE, np.where(fear < 0.9, HOLD, REJECT)),
        np.where(fear < 0.93, APPROVE, np.where(fear < 0.99, HOLD, REJECT)),
    )
    none = np.zeros(COMMENTS, bool)
    full = Past(
        scores=np.zeros((COMMENTS, 3), np.int64), share=np.full(COMMENTS, round(SHARE * 10_000)),
        verdict=verdict, crossed=np.where(verdict == APPROVE, 0, 2), ruling=truth,
        anyway=none, foreign=none, drawn=none, day=np.zeros(COMMENTS, np.int64), days=1,
    )  # fmt: skip
    return full, replace(full, ruling=np.where(verdict == HOLD, truth, 0))


def audited(full: Past, seen: Past, key: bytes) -> Past:
    """Draw as the service does, and let moderators read it."""
    chances = np.array([audit.chance(key, "draw", str(n), b"") for n in range(COMMENTS)])
    drawn = (chances < SHARE) & (full.verdict != HOLD)
    return replace(seen, drawn=drawn, ruling=np.where(drawn, full.ruling, seen.ruling))


def true_rates(full: Past) -> tuple[float, float]:
    bad, good = full.ruling == HATEFUL, full.ruling == APPROVED
    return float((full.verdict[bad] == APPROVE).mean()), float((full.verdict[good] != APPROVE).mean())


def test_its_estimates_are_unbiased_and_its_intervals_hold_what_they_promise() -> None:
    full, seen = world(seed=1)
    missed = (full.verdict == APPROVE) & (full.ruling == HATEFUL)
    truth = np.array([missed.sum(), *true_rates(full)])
    found = []
    for n in range(AUDITS):
        past = audited(full, seen, b"key %d" % n)
        hateful = rates.rates(past).each[2]
        assert hateful.label == "hateful"
        total = rates.number(past, past.verdict == APPROVE, rates.rejected(past, "hateful"))
        found.append([(i.at, i.low, i.high) for i in (total, hateful.missed, hateful.alarms) if i])
    estimates, low, high = np.moveaxis(np.array(found, float), 2, 0)
    # A mean of many estimates of what is true lies within three of its own standard errors; a ratio of such
    # estimates is drawn to one side by a part of its own variance.
    error = estimates.std(axis=0, ddof=1) / np.sqrt(AUDITS)
    ratio = np.array([0.0, 2.0, 2.0]) * estimates.var(axis=0)
    assert np.all(np.abs(estimates.mean(axis=0) - truth) < 3 * error + ratio), (estimates.mean(axis=0), truth)
    covered = ((low <= truth) & (truth <= high)).mean(axis=0)
    # Of 200 intervals of 95 %, fewer than 91 % hold the truth but one time in a hundred.
    assert np.all(covered >= 0.91), covered


def test_without_an_audit_the_misses_are_not_known() -> None:
    full, seen = world(seed=2)
    found = rates.rates(replace(seen, drawn=np.zeros(COMMENTS, bool))).each[2]
    assert found.missed
    assert found.missed.at is None
    assert found.missed.high == pytest.approx(1.0, abs=0.1)
    before = rates.rates(replace(full, share=np.zeros(COMMENTS, np.int64)))
    assert (before.comments, before.each[0].missed) == (0, None)


def test_what_waits_unread_distorts_nothing() -> None:
    full, seen = world(seed=3)
    all_read = audited(full, seen, b"key")
    # Half of what was drawn and of what was held waits, whatever it is.
    waits = np.random.default_rng(4).random(COMMENTS) < 0.5
    half_read = replace(all_read, ruling=np.where(waits, 0, all_read.ruling))
    whole, half = rates.rates(all_read).each[2], rates.rates(half_read).each[2]
    assert whole.missed
    assert half.missed
    assert half.missed.at is not None
    assert half.missed.low < true_rates(full)[0] < half.missed.high
    assert half.missed.high - half.missed.low > whole.missed.high - whole.missed.low
