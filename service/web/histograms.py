"""How the latest comments of a site scored, and what the thresholds in force make of such scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from service.domain import LABELS, Thresholds, Verdict
from service.store import ALL
from service.web.charts import Chart, histogram
from service.web.responses import moderation

LATEST, BINS = 500, 20


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of scores in equal bins from 0 to 1, drawn with the thresholds."""

    counts: tuple[int, ...]
    chart: Chart


def of_site(site_id: str, thresholds: Mapping[str, Thresholds]) -> tuple[int, dict[str, Histogram]]:
    """Return of how many comments, and a histogram for each label."""
    items = moderation().store.views.rows(ALL, [site_id], limit=LATEST).items
    scored = [i.judgement.scores for i in items if i.judgement.scores]
    return len(scored), {
        label: _drawn([scores[label] for scores in scored if label in scores], thresholds[label])
        for label in LABELS
    }


def _drawn(scores: list[float], thresholds: Thresholds) -> Histogram:
    counts = [0] * BINS
    for score in scores:
        counts[min(BINS - 1, int(score * BINS))] += 1
    kinds = [_kind((n + 0.5) / BINS, thresholds) for n in range(BINS)]
    limits = {Verdict.HOLD: thresholds.hold, Verdict.REJECT: thresholds.reject}
    drawn = histogram(counts, kinds, {str(k): at for k, at in limits.items() if at is not None})
    return Histogram(tuple(counts), drawn)


def _kind(score: float, thresholds: Thresholds) -> str:
    if thresholds.reject is not None and score >= thresholds.reject:
        return Verdict.REJECT
    return Verdict.HOLD if thresholds.hold is not None and score >= thresholds.hold else Verdict.APPROVE
