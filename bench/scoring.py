"""How long the champion takes for comments of about 40 words: alone, explained, in a batch, as JSON lines."""

from __future__ import annotations

import io
import json
import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from itertools import cycle, islice
from pathlib import Path

from rich.table import Table

from classifier import LABELS, registry
from classifier.language import foreign
from classifier.model import CommentModel
from classifier.text import Document
from service.process import usable_cores
from service.score import score_lines
from service.scoring import Model

ROUNDS, BATCH = 9, 64
LINES = 20_000
COMMENT = (
    "I walked past the harbour this morning and the new cranes are already up, so whoever said that nothing "
    "would happen before spring was wrong. Still, I would like to know who pays for the road, and when."
)
SEED = Path(__file__).parent.parent / "training_data" / "seed"


def run() -> Table:
    """Time the shipped champion on our own comments, each of them another; microseconds a comment."""
    champion = registry.load(registry.SHIPPED)
    model, documents = champion.model, [Document(text) for text in _comments()]
    batches = [
        list(islice(cycle(documents), n * BATCH, (n + 1) * BATCH)) for n in range(len(documents) // BATCH)
    ]
    words = statistics.mean(len(d.text.split()) for d in documents)
    table = Table(
        title=f"Scoring {len(documents)} comments of {words:.0f} words on average, all labels",
        title_justify="left",
    )
    for column in ("what", "µs a comment, median", "fastest round", "slowest round"):
        table.add_column(column, justify="left" if column == "what" else "right")
    _add(table, "one comment", lambda: [model.score([d]) for d in documents], len(documents))
    _add(
        table,
        "one comment, none of its words met before",
        lambda: [_score_afresh(model, d) for d in documents],
        len(documents),
    )
    _add(
        table,
        "one comment, explained on one label",
        lambda: [model.explain(d, LABELS[0]) for d in documents],
        len(documents),
    )
    _add(
        table,
        "one comment, explained on each label",
        lambda: [model.explain_all(d, LABELS) for d in documents],
        len(documents),
    )
    _add(table, f"in batches of {BATCH}", lambda: [model.score(b) for b in batches], len(batches) * BATCH)
    _add(table, "its language", lambda: [foreign(d.text) for d in documents], len(documents))
    lines = _lines(documents)
    for processes in sorted({1, usable_cores()}):
        name = f"modqueue score, {LINES:,} lines, {processes} process{'es' if processes > 1 else ''}"
        _add(table, name, partial(_score, lines, Model(champion), processes), LINES, 3)
    return table


def _score_afresh(model: CommentModel, document: Document) -> object:
    model.lexicon.known.clear()
    return model.score([document])


def _comments() -> list[str]:
    rows = [json.loads(line) for path in sorted(SEED.glob("*.jsonl")) for line in path.open(encoding="utf-8")]
    return [row["text"] for row in rows if 36 <= len(row["text"].split()) <= 44]


def _lines(documents: list[Document]) -> bytes:
    chosen = islice(cycle(documents), LINES)
    return "\n".join(json.dumps({"id": n, "text": d.text}) for n, d in enumerate(chosen)).encode()


def _score(lines: bytes, model: Model, processes: int) -> None:
    with open(os.devnull, "w", encoding="utf-8") as out:
        score_lines(io.BytesIO(lines), out, out, model, explain=False, processes=processes)


def _add(table: Table, name: str, call: Callable[[], object], comments: int, rounds: int = ROUNDS) -> None:
    call()
    taken = sorted(_round(call) / comments * 1e6 for _ in range(rounds))
    table.add_row(name, f"{statistics.median(taken):.0f}", f"{taken[0]:.0f}", f"{taken[-1]:.0f}")


def _round(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
