"""`modqueue score` over several processes answers as over one."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from service import score
from service.scoring import Scorer

pytestmark = pytest.mark.process


def scored(lines: list[str], processes: int) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    source = io.BytesIO("\n".join(lines).encode())
    model = Scorer(Path("none")).current()
    refused = score.score_lines(source, out, err, model, explain=False, processes=processes)
    return refused, out.getvalue(), err.getvalue()


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 60])
def test_it_answers_in_order_whatever_the_processes(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(score, "BATCH", 4)
    monkeypatch.setattr(score, "ALONE", 1)
    lines = [json.dumps({"text": f"Comment {n}"}) if n % 7 else "{" for n in range(count)]
    assert scored(lines, 2) == scored(lines, 1)
    refused, out, err = scored(lines, 2)
    assert refused == len(err.splitlines()) == (count + 6) // 7
    assert [json.loads(line)["id"] for line in out.splitlines()] == [n + 1 for n in range(count) if n % 7]
