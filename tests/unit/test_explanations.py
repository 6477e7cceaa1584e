"""Explanations as stored text, and back."""

from __future__ import annotations

import json

import pytest

from service.domain import Explanation, Quote
from service.store import codec, packing

QUOTE = Quote(0, 5, 0.93, 2.58, ((0, 5, 3.0),), (("short", 0.58),))
EXPLANATION = Explanation("dehumanising", 0.1, -2.2, -1.0, ((7, 12, -1.2),), (), (QUOTE,))
SCORED = {"scores": {}, "model": "m", "policy": 1}
WRITTEN = codec.pack_explanations((EXPLANATION,)).decode("utf-8", "surrogateescape")


def read(text: str) -> Explanation:
    raw = {
        "comment": '{"site": "blog", "comment_id": "1"}',
        "judgement": codec.dump({"verdict": "hold", "reasons": [], "lane": None, **SCORED}),
        "revision": "1",
        "received": "0",
        "state": "pending",
        "explanations": text,
    }
    (found,) = codec.item("1", raw, {}).explanations
    return found


def test_it_reads_what_it_wrote() -> None:
    found = read(WRITTEN)
    (quote,) = found.quotes
    assert (found.label, found.score, found.log_odds) == ("dehumanising", 0.1, -2.2)
    assert found.bias == pytest.approx(EXPLANATION.bias, abs=1e-9)
    assert (quote.start, quote.end, quote.score) == (0, 5, 0.93)
    assert quote.log_odds == pytest.approx(found.bias + quote.spans[0][2] + quote.fields[0][1], abs=1e-9)
    assert [round(c, 3) for _, _, c in (*found.spans, *quote.spans)] == [-1.2, 3.0]


def test_it_reads_explanations_from_before_quotes_were_split() -> None:
    (written,) = json.loads(packing.unpack(WRITTEN))
    del written["quotes"]
    found = read(json.dumps([written]))
    assert found.quotes == ()
    assert found.spans == read(WRITTEN).spans
