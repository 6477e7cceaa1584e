"""How the shipped champion judges comments by authors who knew neither it nor what it learnt."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Group
from rich.table import Table

from classifier import LABELS, registry
from classifier.metrics import rank
from classifier.reading import Row, read_lines
from classifier.thresholds import held

Floats = NDArray[np.float64]
BLIND = Path(__file__).parent.parent / "training_data" / "blind"


def run() -> Group:
    """Score each file; by label how well it ranks, by kind of comment what the default policy holds."""
    model = registry.load(registry.SHIPPED).model
    ranked = _table(
        "Blind comments, by label", "file", "label", "harmful", "AUC", "pairs ranked right", "caught"
    )
    kinds = _table("Held at the default thresholds", "file", "kind", "harmful", "held", "harmless", "held")
    for path in sorted(BLIND.glob("*.jsonl")):
        rows = list(read_lines(path))
        scores = model.score([row.document for row in rows])
        truth = np.array([row.labels for row in rows])
        cuts = [model.thresholds_[label]["hold"] or 1.0 for label in LABELS]
        for head, label in enumerate(LABELS):
            if truth[:, head].any():
                ranked.add_row(path.stem, label, *_ranked(rows, truth[:, head], scores[:, head], cuts[head]))
        flags, harmful = held(scores, model.thresholds_), np.asarray(truth.any(axis=1), bool)
        for kind, places in _by([row.slice for row in rows]):
            kinds.add_row(path.stem, kind, *_shares(harmful[places], flags[places]))
    return Group(ranked, kinds)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title)
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place < 2 else "right")
    return table


def _ranked(rows: list[Row], truth: Floats, scores: Floats, cut: float) -> list[str]:
    right = [
        bool(truth[pair] @ scores[pair] > (1 - truth[pair]) @ scores[pair]) for pair in _pairs(rows, truth)
    ]
    pairs = f"{np.mean(right):.3f} of {len(right)}" if right else "none"
    caught = float((scores[truth == 1] >= cut).mean())
    return [f"{int(truth.sum())}", f"{rank(truth, scores)['auc']:.3f}", pairs, f"{caught:.3f}"]


def _pairs(rows: list[Row], truth: Floats) -> list[list[int]]:
    """Return the minimal pairs of which one is harmful and one is not."""
    found = [places for name, places in _by([row.pair for row in rows]) if name]
    return [places for places in found if len(places) == 2 and truth[places].sum() == 1]


def _by(names: list[str]) -> list[tuple[str, list[int]]]:
    order = sorted(range(len(names)), key=names.__getitem__)
    return [(name, list(places)) for name, places in groupby(order, key=names.__getitem__)]


def _shares(harmful: NDArray[np.bool_], flags: NDArray[np.bool_]) -> list[str]:
    cells = []
    for kind in (harmful, ~harmful):
        cells += [f"{kind.sum()}", f"{flags[kind].mean():.2f}"] if kind.any() else ["", ""]
    return cells
