"""`modqueue score`: JSON lines in, JSON lines out; a bad line harms no other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, BinaryIO, TextIO

from service import policy
from service.domain import Comment, Explanation, History, Policy
from service.errors import Invalid, ScorerError
from service.scoring import Model
from service.web import fields

BATCH = 256
LINE_LIMIT = 1 << 20


def score_lines(source: BinaryIO, out: TextIO, err: TextIO, model: Model, *, explain: bool) -> int:
    """Score every line; returns how many were refused."""
    refused = 0
    lines = enumerate(_lines(source), 1)
    while batch := list(islice(lines, BATCH)):
        good: list[tuple[Any, Comment]] = []
        for number, line in batch:
            try:
                if line.strip():
                    good.append(_read(line, number))
            except Invalid as error:
                refused += 1
                print(json.dumps({"line": number, "error": str(error)}), file=err)
        for row in _score(good, model, explain):
            print(json.dumps(row, ensure_ascii=False), file=out)
        out.flush()
    return refused


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
    raw = fields.parse_json(line)
    if "text" not in raw:
        raise Invalid("text", "is required")
    given = raw.get("id")
    if given is not None and (isinstance(given, bool) or not isinstance(given, str | int)):
        raise Invalid("id", "must be a string or a number")
    named = {k: v for k, v in raw.items() if k not in ("id", "text")}
    try:
        comment = fields.comment(
            "-", {**named, "comment_ID": str(number), "comment_content": raw["text"]}, b"-"
        )
    except Invalid as error:
        raise Invalid(error.field.replace("comment_content", "text"), error.message) from None
    return number if given is None else given, comment


def _score(good: list[tuple[Any, Comment]], model: Model, explain: bool) -> Iterator[dict[str, Any]]:
    try:
        scored: Iterable[dict[str, float] | ScorerError] = (
            model.score_all([c for _, c in good]) if good else []
        )
    except ScorerError as error:
        scored = [error] * len(good)
    for (given, comment), scores in zip(good, scored, strict=True):
        judged = policy.judge(
            comment, scores, History(), Policy(),
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
    spans = [
        {"start": start, "end": end, "text": comment.text[start:end], "contribution": c}
        for start, end, c in e.spans
    ]
    parts = [{"name": name, "contribution": c} for name, c in e.fields]
    return {"log_odds": e.log_odds, "bias": e.bias, "spans": spans, "fields": parts}
