"""`modqueue score`: JSON lines in, JSON lines out; a bad line harms no other."""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain, islice
from typing import Any, BinaryIO, TextIO

from service import policy
from service.domain import Comment, Explanation, History, Policy, Quote
from service.errors import Invalid, ScorerError
from service.scoring import Model
from service.strict_json import UNSTORABLE, parse_json
from service.web import fields

BATCH = 256
LINE_LIMIT = 1 << 20
# Batches that are scored before it is worth starting other processes.
ALONE = 8
# Every comment is judged by the default policy, its author unknown.
_HISTORY, _POLICY = History(), Policy()

Batch = list[tuple[int, bytes]]
# Lines for standard output, and lines for standard error.
Scored = tuple[list[str], list[str]]

# Of a process that only scores: what it does with a batch.
_TASK: list[Callable[[Batch], Scored]] = []

_dump = json.JSONEncoder(ensure_ascii=False).encode


def score_lines(
    source: BinaryIO, out: TextIO, err: TextIO, model: Model, *, explain: bool, processes: int = 1
) -> int:
    """Score every line, in order; returns how many were refused."""
    refused = 0
    lines = enumerate(_lines(source), 1)
    batches = iter(lambda: list(islice(lines, BATCH)), [])
    score = partial(_score_batch, model, explain)
    for scored, errors in chain(map(score, islice(batches, ALONE)), _spread(batches, score, processes)):
        refused += len(errors)
        out.writelines(scored)
        err.writelines(errors)
        out.flush()
    return refused


def _spread(batches: Iterator[Batch], score: Callable[[Batch], Scored], processes: int) -> Iterator[Scored]:
    """Score batches in processes of their own, never many more at a time than are worked on."""
    first = next(batches, None)
    if first is None:
        return
    if processes == 1:
        yield from map(score, chain([first], batches))
        return
    with ProcessPoolExecutor(processes, initializer=_begin, initargs=(score,)) as pool:
        waiting = deque([pool.submit(_continue, first)])
        for batch in batches:
            waiting.append(pool.submit(_continue, batch))
            if len(waiting) > 2 * processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _begin(score: Callable[[Batch], Scored]) -> None:
    # The model goes to a process once, not with each batch.
    _TASK[:] = [score]


def _continue(batch: Batch) -> Scored:
    return _TASK[0](batch)


def _score_batch(model: Model, explain: bool, batch: Batch) -> Scored:
    good: list[tuple[Any, Comment]] = []
    errors = []
    for number, line in batch:
        try:
            if line.strip():
                good.append(_read(line, number))
        except Invalid as error:
            errors.append(_dump({"line": number, "error": str(error)}) + "\n")
    return [_dump(row) + "\n" for row in _score(good, model, explain)], errors


def _lines(source: BinaryIO) -> Iterator[bytes]:
    # One line more than the limit is never held whole: its rest is read in pieces and dropped.
    while line := source.readline(LINE_LIMIT + 1):
        if len(line) > LINE_LIMIT and not line.endswith(b"\n"):
            while (rest := source.readline(LINE_LIMIT)) and not rest.endswith(b"\n"):
                pass
        yield line


def _read(line: bytes, number: int) -> tuple[Any, Comment]:
    if len(line) > LINE_LIMIT:
        raise Invalid("line", f"longer than {LINE_LIMIT:,} bytes")
    raw = parse_json(line, "line")
    # A comment may lack anything but what is scored.
    if raw.get("text") is None:
        raise Invalid("text", "is required")
    given = raw.get("id")
    _check_id(given)
    named = {k: v for k, v in raw.items() if k not in ("id", "text")}
    try:
        comment = fields.comment(
            "-", {**named, "comment_ID": str(number), "comment_content": raw["text"]}, b"-"
        )
    except Invalid as error:
        raise Invalid(error.field.replace("comment_content", "text"), error.message) from None
    return number if given is None else given, comment


def _check_id(given: Any) -> None:
    if isinstance(given, bool) or not isinstance(given, str | int | float | None):
        raise Invalid("id", "must be a string or a number")
    if isinstance(given, float) and not math.isfinite(given):
        # JSON has no word for what it would be answered as.
        raise Invalid("id", "is too great a number")
    if isinstance(given, str) and UNSTORABLE.search(given):
        raise Invalid("id", "holds a NUL character or half of a surrogate pair")


def _score(good: list[tuple[Any, Comment]], model: Model, explain: bool) -> Iterator[dict[str, Any]]:
    try:
        scored: Iterable[dict[str, float] | ScorerError] = (
            model.score_all([c for _, c in good]) if good else []
        )
    except ScorerError as error:
        scored = [error] * len(good)
    for (given, comment), scores in zip(good, scored, strict=True):
        judged = policy.judge(
            comment, scores, _HISTORY, _POLICY,
            model=model.id, recommended=model.recommended, language=model.language(comment),
        )  # fmt: skip
        row = {
            "id": given,
            "scores": {k: round(v, 6) for k, v in judged.scores.items()},
            "verdict": judged.verdict,
            "reasons": [r.code for r in judged.reasons],
        }
        if explain:
            row["contributions"] = {
                e.label: _shown(e, comment) for e in model.explain(comment, judged.scores)
            }
        yield row


def _shown(e: Explanation, comment: Comment) -> dict[str, Any]:
    quotes = [
        {
            "start": q.start,
            "end": q.end,
            "score": round(q.score, 6),
            "log_odds": q.log_odds,
            **_shares(q, comment),
        }
        for q in e.quotes
    ]
    return {"log_odds": e.log_odds, "bias": e.bias, **_shares(e, comment), "quotes": quotes}


def _shares(e: Explanation | Quote, comment: Comment) -> dict[str, Any]:
    spans = [
        {"start": start, "end": end, "text": comment.text[start:end], "contribution": c}
        for start, end, c in e.spans
    ]
    return {"spans": spans, "fields": [{"name": name, "contribution": c} for name, c in e.fields]}
