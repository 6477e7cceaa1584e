"""How long the fingerprint of a comment takes, that tells near-copies at intake."""

from __future__ import annotations

import statistics
import time

from rich.table import Table

from bench.scoring import COMMENT
from service.campaigns import fingerprint

ROUNDS, CALLS = 15, 400


def run() -> Table:
    """Time fingerprints of a comment of 40 words, without and with a link; medians over rounds."""
    table = Table(title="Fingerprint of a comment", title_justify="left")
    for column in ("what", "µs a comment, median", "fastest round", "slowest round"):
        table.add_column(column, justify="left" if column == "what" else "right")
    linked = f"{COMMENT} See https://harbour.example/plans?page=2 for more."
    for name, text in (("40 words", COMMENT), ("with a link", linked), ("short praise", "Great post!")):
        rounds = sorted(_round(text) * 1e6 for _ in range(ROUNDS))
        table.add_row(name, f"{statistics.median(rounds):.1f}", f"{rounds[0]:.1f}", f"{rounds[-1]:.1f}")
    return table


def _round(text: str) -> float:
    start = time.perf_counter()
    for _ in range(CALLS):
        fingerprint(text)
    return (time.perf_counter() - start) / CALLS
