"""What other thresholds would have made of the comments that came, by the scores that they had then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.domain import LABELS, Thresholds, Verdict
from service.moderation import Moderation
from service.store.figures import DAY_S
from service.store.rows import ANYWAY, DRAWN, FOREIGN, MILLION, REPORTED

_ROW = np.dtype(
    [("scores", "<u4", 3), ("share", "<u2"), ("verdict", "u1"), ("flags", "u1"), ("ruling", "u1")]
)
APPROVE, HOLD, REJECT = (list(Verdict).index(v) for v in Verdict)
# No score that is kept is so low that it would need higher costs to be held.
_ENDLESS = 1e12
# As little as makes a score of six digits lie below and not at a threshold.
_HAIR = 2e-9
Mask = NDArray[np.bool_]
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Past:
    """The comments of some days, one entry each: scores in millionths, and what was said of them."""

    scores: Numbers
    share: Numbers
    verdict: Numbers
    crossed: Numbers
    ruling: Numbers
    anyway: Mask
    foreign: Mask
    drawn: Mask
    # On which of the days each came.
    day: Numbers
    days: int

    def __len__(self) -> int:
        return len(self.verdict)


def past(m: Moderation, site: str, days: int) -> Past:
    """Read what came in the last days, today included."""
    last = int(m.clock() // DAY_S)
    return read(m.store.rows.days(site, last - days + 1, last))


def read(days: list[bytes]) -> Past:
    """Read the rows of some days."""
    each = [np.frombuffer(raw[: len(raw) // _ROW.itemsize * _ROW.itemsize], _ROW) for raw in days]
    rows = np.concatenate(each) if each else np.empty(0, _ROW)
    flags = rows["flags"].astype(np.int64)
    return Past(
        scores=rows["scores"].astype(np.int64), share=rows["share"].astype(np.int64),
        verdict=rows["verdict"].astype(np.int64), crossed=flags & (ANYWAY - 1),
        ruling=rows["ruling"].astype(np.int64) % REPORTED,
        # What the blog decided by itself was no blind reading: it counts as one that was not drawn.
        anyway=flags & ANYWAY > 0, foreign=flags & FOREIGN > 0,
        drawn=(flags & DRAWN > 0) & (rows["ruling"] < REPORTED),
        day=np.repeat(np.arange(len(each)), [len(part) for part in each]), days=len(each),
    )  # fmt: skip


def verdicts(past: Past, thresholds: Mapping[str, Thresholds]) -> Numbers:
    """Judge every comment by other thresholds; rules, authors, campaigns and languages count as they did."""
    held, rejected = past.anyway.copy(), np.zeros(len(past), bool)
    for n, label in enumerate(LABELS):
        limits = thresholds.get(label, Thresholds())
        scores = past.scores[:, n]
        over_hold, over_reject = _over(scores, limits.hold), _over(scores, limits.reject)
        # Of a language that the model has not learnt only spam is told, and never for certain.
        held |= (over_hold | over_reject) & (~past.foreign if label != "spam" else True)
        rejected |= over_reject & ~past.foreign
    return np.where(rejected, REJECT, np.where(held, HOLD, APPROVE)).astype(np.int64)


def by_cost(costs: Mapping[str, float]) -> dict[str, float]:
    """Return from where to hold, if to miss a comment costs as much as to hold so many wrongly.

    Where scores are probabilities, that is where 1 - p wrongly held ones cost as much as p missed ones: Elkan
    (2001), The foundations of cost-sensitive learning, IJCAI, equation 2.
    """
    return {label: 1.0 / (1.0 + cost) for label, cost in costs.items()}


def by_budget(
    past: Past, thresholds: Mapping[str, Thresholds], costs: Mapping[str, float], most: float
) -> dict[str, float]:
    """Return from where to hold, so that no more than so many a day would have been held.

    The costs only say how much worse it is to miss one label than another: all are scaled alike.
    """
    rejecting = {label: Thresholds(None, t.reject) for label, t in thresholds.items()}
    settled = verdicts(past, rejecting)
    room = int(most * past.days) - int((settled == HOLD).sum())
    needed = np.sort(_scale_needed(past, costs)[settled == APPROVE])
    if room <= 0 or not len(needed):
        # Nothing is left for scores: hold what scores 1.
        return dict.fromkeys(costs, 1.0)
    # The first one that must not be held any more bounds the scale.
    scale = min(float(needed[room]) if room < len(needed) else _ENDLESS, _ENDLESS)
    found = by_cost({label: cost * scale for label, cost in costs.items()})
    return {label: min(1.0, limit + _HAIR) for label, limit in found.items()}


def _scale_needed(past: Past, costs: Mapping[str, float]) -> NDArray[np.float64]:
    # By what the costs must be multiplied at least for each comment to be held.
    needed = np.full(len(past), np.inf)
    for n, label in enumerate(LABELS):
        if costs.get(label):
            score = np.maximum(past.scores[:, n] / MILLION, 1e-9)
            own = (1.0 / score - 1.0) / costs[label]
            needed = np.minimum(needed, np.where(past.foreign & (label != "spam"), np.inf, own))
    return needed


def _over(scores: Numbers, limit: float | None) -> Mask:
    if limit is None:
        return np.zeros(len(scores), bool)
    # Scores are kept to six digits: what lies between two of them counts as the upper.
    return np.greater_equal(scores, np.ceil(round(limit * MILLION, 3)))
