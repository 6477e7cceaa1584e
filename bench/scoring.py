"""How long the champion takes for comments of about 40 words: alone, explained, in a batch, as JSON lines.

The fast stage by itself, then both stages on a realistic mix, and the reader on everything.
"""

from __future__ import annotations

import io
import json
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from rich.table import Table

from classifier import LABELS, registry
from classifier.cascade import Cascade
from classifier.evidence import AS_A_WHOLE
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
    rows = _comments()
    documents, mix = [Document(row["text"]) for row in rows], realistic(rows)
    words = statistics.mean(len(d.text.split()) for d in documents)
    table = Table(
        title=f"Scoring {len(documents)} comments of {words:.0f} words on average, all labels",
        title_justify="left",
    )
    for column in ("what", "µs a comment, median", "fastest round", "slowest round"):
        table.add_column(column, justify="left" if column == "what" else "right")
    _fast(table, champion.model.fast, documents)
    _both(table, champion.model, mix)
    fast = replace(champion, model=Cascade(champion.model.fast))
    for name, scorer, chosen in (("fast stage", fast, documents), ("both stages, mix", champion, mix)):
        for processes in sorted({1, usable_cores()}):
            named = f"modqueue score, {name}, {processes} process{'es' if processes > 1 else ''}"
            _add(table, named, partial(_score, _lines(chosen), Model(scorer), processes), LINES, 3)
    return table


def _fast(table: Table, model: CommentModel, documents: list[Document]) -> None:
    size = len(documents)
    batches = [list(islice(cycle(documents), n * BATCH, (n + 1) * BATCH)) for n in range(size // BATCH)]
    calls: dict[str, tuple[Callable[[], object], int]] = {
        "one comment": (lambda: [model.score([d]) for d in documents], size),
        "none of its words met before": (lambda: [_score_afresh(model, d) for d in documents], size),
        "explained on one label": (lambda: [model.explain(d, LABELS[0]) for d in documents], size),
        "explained on each label": (lambda: [model.explain_all(d, LABELS) for d in documents], size),
        f"in batches of {BATCH}": (lambda: [model.score(b) for b in batches], len(batches) * BATCH),
    }
    for name, (call, comments) in calls.items():
        _add(table, f"fast stage: {name}", call, comments)
    _add(table, "its language", lambda: [foreign(d.text) for d in documents], size)


def _score_afresh(model: CommentModel, document: Document) -> object:
    model.lexicon.known.clear()
    return model.score([document])


def _both(table: Table, model: Cascade, mix: list[Document]) -> None:
    """Time both stages; each comment is met once a round, so that no reading is remembered."""
    asked = sum(bool(_asked(model, document)) for document in mix)
    _add(
        table,
        f"both stages, mix, {asked / len(mix):.0%} read",
        lambda: [model.score([d]) for d in mix],
        len(mix),
    )
    doubtful = [document for document in mix if _asked(model, document)]
    _add(table, "both stages, what is read", lambda: [model.score([d]) for d in doubtful], len(doubtful))


def _asked(model: Cascade, document: Document) -> bool:
    fields = dict(model.explain(document, LABELS[0]).fields)
    return AS_A_WHOLE in fields


def realistic(rows: list[dict[str, Any]]) -> list[Document]:
    """Put nine comments of every blog's day to one that is harmful."""
    harmless = [row for row in rows if row["id"].startswith("spam_ham") and not row["spam"]]
    harmful = [row for row in rows if row["dehumanising"] or row["hateful"]]
    return [Document(row["text"]) for row in [*harmless, *harmful[: len(harmless) // 9]]]


def _comments() -> list[dict[str, Any]]:
    rows = [json.loads(line) for path in sorted(SEED.glob("*.jsonl")) for line in path.open(encoding="utf-8")]
    return [row for row in rows if 36 <= len(row["text"].split()) <= 44]


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
