"""What the audit says of the machine: how much it misses, and how often it holds what is harmless."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from service import statistics
from service.domain import LABELS, ReasonCode
from service.replay import APPROVE, HOLD, Mask, Past
from service.statistics import Interval
from service.store.rows import APPROVED, REASONS, REJECTED


@dataclass(frozen=True, slots=True)
class Rate:
    """Of a label, or of all: the share let through of what is so, and the share held of what is harmless."""

    label: str
    missed: Interval | None
    alarms: Interval | None


@dataclass(frozen=True, slots=True)
class Rates:
    """What is known of some days: how much was drawn and read, and the true rates."""

    comments: int
    drawn: int
    read: int
    each: tuple[Rate, ...]


def rates(past: Past) -> Rates:
    """Estimate the true rates from what was held, and from what was drawn of the rest.

    A comment that was drawn stands for one over its share (Horvitz and Thompson 1952, J. Am. Stat. Assoc. 47,
    663-685). The weights are scaled to how many comments there were of its verdict and share, which is known
    (post-stratification: Cochran 1977, Sampling Techniques, section 5A.9): what is unread distorts nothing.
    """
    audited = past.share > 0
    labels = [Rate(label, _missed(past, audited, label), _alarms(past, audited, label)) for label in LABELS]
    every = Rate("", _missed(past, audited, ""), _alarms(past, audited, ""))
    return Rates(
        comments=int(audited.sum()), drawn=int(past.drawn.sum()),
        read=int((past.drawn & (past.ruling > 0)).sum()), each=(every, *labels),
    )  # fmt: skip


def rejected(past: Past, label: str = "") -> Mask:
    """Tell which comments moderators rejected, for a label or for whatever reason."""
    if not label:
        return np.greater_equal(past.ruling, REJECTED)
    return np.equal(past.ruling, REJECTED + REASONS.index(ReasonCode(label)))


def number(past: Past, among: Mask, event: Mask) -> Interval:
    """Estimate how many of some comments are so, as moderators would say if they read them all."""
    parts = []
    for stratum in _strata(past, among):
        read = stratum & (past.ruling > 0) & (past.drawn | (past.verdict == HOLD))
        size = int(stratum.sum())
        of = statistics.share(int((read & event).sum()), int(read.sum()), size)
        parts.append(statistics.times(of, size))
    return statistics.total(parts)


def _strata(past: Past, among: Mask) -> Iterator[Mask]:
    kinds = past.verdict * (1 << 16) + past.share
    for kind in np.unique(kinds[among]):
        yield among & (kinds == kind)


def _missed(past: Past, among: Mask, label: str) -> Interval | None:
    through, is_so = past.verdict == APPROVE, rejected(past, label)
    return statistics.part(
        number(past, among & through, is_so),
        number(past, among & ~through, is_so),
    )


def _alarms(past: Past, among: Mask, label: str) -> Interval | None:
    harmless = past.ruling == APPROVED
    flagged = past.verdict != APPROVE
    if label:
        flagged &= past.crossed >> LABELS.index(label) & 1 > 0
    return statistics.part(
        number(past, among & flagged, harmless),
        number(past, among & ~flagged, harmless),
    )
