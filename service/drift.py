"""Whether the comments of a site change: scores, what moves them, and the machine's true errors by week."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log

import numpy as np

from service import rates
from service.domain import LABELS, Comment
from service.moderation import Moderation
from service.rates import Rate
from service.replay import Numbers, Past
from service.store import ALL
from service.store.figures import DAY_S

# The last days, and those before them that they are compared with; comments of each whose words are weighed.
RECENT_DAYS, BEFORE_DAYS, WEEKS = 7, 28, 12
BINS, WEIGHED, MOVERS = 10, 120, 8
# What moved the log-odds by less, on average, is not told.
LEAST = 0.01


@dataclass(frozen=True, slots=True)
class Shift:
    """How often a label scored within each tenth of what it did before."""

    label: str
    edges: tuple[float, ...]
    before: tuple[float, ...]
    recent: tuple[float, ...]
    index: float


@dataclass(frozen=True, slots=True)
class Mover:
    """A word or field, and by how much a comment's log-odds have moved by it, on average."""

    label: str
    name: str
    moved: float


@dataclass(frozen=True, slots=True)
class Drift:
    """What the page shows."""

    before: int
    recent: int
    shifts: tuple[Shift, ...]


def drift(past: Past) -> Drift:
    """Compare the scores of the last week with those of the four weeks before."""
    recent = past.day >= past.days - RECENT_DAYS
    shifts = []
    for n, label in enumerate(LABELS):
        if recent.any() and not recent.all():
            shifts.append(_shift(label, past.scores[~recent, n], past.scores[recent, n]))
    return Drift(int((~recent).sum()), int(recent.sum()), tuple(shifts))


def stability(before: Sequence[int], recent: Sequence[int]) -> float:
    """Return the population stability index of two histograms with the same bins: 0 where nothing moved.

    Siddiqi (2006), Credit Risk Scorecards, chapter 8: the sum of (a - b) ln(a / b) over the shares of the
    bins; below 0.1 little has changed, above 0.25 much. Half a comment is added to each bin: none is empty.
    """
    a, b = _shares(recent), _shares(before)
    return sum((x - y) * log(x / y) for x, y in zip(a, b, strict=True))


def by_week(past: Past) -> list[Rate]:
    """Return the true rates of each week, the latest last."""
    found = []
    for n in range(WEEKS):
        last = past.days - 7 * (WEEKS - 1 - n)
        found.append(rates.rates(_part(past, last - 7, last)).each[0])
    return found


def movers(m: Moderation, site: str) -> list[Mover]:
    """Return the words and fields whose part in the scores has moved most since the weeks before."""
    now = m.clock()
    began = now - RECENT_DAYS * DAY_S
    recent, before = _sample(m, site, began), _sample(m, site, began - BEFORE_DAYS * DAY_S, f"{began!r}~")
    if not recent or not before:
        return []
    one, other = _contributions(m, recent), _contributions(m, before)
    moved = [
        Mover(*key, one.get(key, 0.0) / len(recent) - other.get(key, 0.0) / len(before))
        for key in one.keys() | other.keys()
    ]
    telling = [mover for mover in moved if abs(mover.moved) >= LEAST]
    return sorted(telling, key=lambda mover: (-abs(mover.moved), mover.name))[:MOVERS]


def _shift(label: str, before: Numbers, recent: Numbers) -> Shift:
    # Tenths of what came before: of equal scores there is but one bin.
    inner = np.unique(np.quantile(before, np.linspace(0, 1, BINS + 1)[1:-1]))
    a, b = (
        np.bincount(np.searchsorted(inner, of, "right"), minlength=len(inner) + 1).tolist()
        for of in (before, recent)
    )
    edges = (0.0, *(float(e) / 1e6 for e in inner))
    return Shift(label, edges, _plain(a), _plain(b), stability(a, b))


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts) + 0.5 * len(counts)
    return [(n + 0.5) / total for n in counts]


def _plain(counts: Sequence[int]) -> tuple[float, ...]:
    return tuple(n / max(1, sum(counts)) for n in counts)


def _part(past: Past, first: int, last: int) -> Past:
    among = (past.day >= first) & (past.day < last)
    fields = ("scores", "share", "verdict", "crossed", "ruling", "anyway", "foreign", "drawn", "day")
    return replace(past, **{name: getattr(past, name)[among] for name in fields}, days=7)


def _sample(m: Moderation, site: str, since: float, before: str = "") -> list[Comment]:
    page = m.store.views.rows(ALL, [site], before, WEIGHED)
    return [i.comment for i in page.items if i.received_at >= since]


def _contributions(m: Moderation, comments: Sequence[Comment]) -> dict[tuple[str, str], float]:
    model, total = m.scorer.current(), defaultdict[tuple[str, str], float](float)
    for comment in comments:
        for e in model.explain(comment, LABELS):
            for start, end, value in e.spans:
                if word := comment.text[start:end].strip().casefold():
                    total[e.label, word] += value
            for name, value in e.fields:
                total[e.label, name] += value
    return total
