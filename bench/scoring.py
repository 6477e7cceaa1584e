"""How long the champion takes for a comment of 40 words, alone, explained, and in a batch."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from rich.table import Table

from classifier import LABELS, registry
from classifier.text import Document

ROUNDS, CALLS, BATCH = 9, 40, 64
COMMENT = (
    "I walked past the harbour this morning and the new cranes are already up, so whoever said that nothing "
    "would happen before spring was wrong. Still, I would like to know who pays for the road, and when."
)


def run() -> Table:
    """Time the shipped champion; medians over rounds, in microseconds a comment."""
    model = registry.load(registry.SHIPPED).model
    document = Document(COMMENT)
    batch = [Document(f"{COMMENT} {n}") for n in range(BATCH)]
    table = Table(
        title=f"Scoring a comment of {len(COMMENT.split())} words, all labels", title_justify="left"
    )
    for column in ("what", "µs a comment, median", "fastest round", "slowest round"):
        table.add_column(column, justify="left" if column == "what" else "right")
    _add(table, "one comment", lambda: model.score([document]), 1)
    _add(
        table, "one comment, explained on each label", lambda: [model.explain(document, k) for k in LABELS], 1
    )
    _add(table, f"batch of {BATCH}", lambda: model.score(batch), BATCH)
    return table


def _add(table: Table, name: str, call: Callable[[], object], comments: int) -> None:
    call()
    rounds = sorted(_round(call) / comments * 1e6 for _ in range(ROUNDS))
    table.add_row(name, f"{statistics.median(rounds):.0f}", f"{rounds[0]:.0f}", f"{rounds[-1]:.0f}")


def _round(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    for _ in range(CALLS):
        call()
    return (time.perf_counter() - start) / CALLS
