"""Explanations as stored text, and back."""

from __future__ import annotations

import json

from service.domain import Explanation, Quote
from service.store import codec

QUOTE = Quote(0, 5, 0.93, 2.58, ((0, 5, 3.0),), (("short", 0.58),))
EXPLANATION = Explanation("dehumanising", 0.1, -2.2, -1.0, ((7, 12, -1.2),), (), (QUOTE,))


def read(text: str) -> tuple[Explanation, ...]:
    comment, judgement = (
        '{"site": "blog", "comment_id": "1"}',
        '{"verdict": "hold", "reasons": [], "lane": null,',
    )
    judgement += '"scores": {}, "model": "m", "policy": 1}'
    raw = {"comment": comment, "judgement": judgement, "revision": "1", "received": "0", "state": "pending"}
    return codec.item("1", {**raw, "explanations": text}, {}).explanations


def test_it_reads_what_it_wrote() -> None:
    assert read(codec.dump_explanations((EXPLANATION,))) == (EXPLANATION,)


def test_it_reads_explanations_from_before_quotes_were_split() -> None:
    (written,) = json.loads(codec.dump_explanations((EXPLANATION,)))
    del written["quotes"]
    (found,) = read(json.dumps([written]))
    assert found.quotes == ()
    assert found.spans == EXPLANATION.spans
