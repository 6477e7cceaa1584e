"""`modqueue score` over several processes answers as over one."""

from __future__ import annotations

import io
import json
import os
import subprocess
from pathlib import Path

import pytest

from service import score
from service.scoring import Scorer
from tests.process.cast import MODQUEUE

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


def run(redirected: str, stdin: str, tmp_path: Path, **env: str) -> subprocess.CompletedProcess[bytes]:
    env = os.environ | {"MODQUEUE_DATA_DIR": str(tmp_path), "PYTHONUNBUFFERED": ""} | env
    command = ["sh", "-c", f"exec '{MODQUEUE}' score {redirected}"]
    return subprocess.run(command, check=False, env=env, input=stdin.encode(), capture_output=True)


@pytest.mark.parametrize(
    ("redirected", "says"),
    [("<&-", b"modqueue: Bad file descriptor\n"), (">/dev/full", b"modqueue: No space left on device\n")],
)
def test_it_says_in_a_line_that_it_cannot_read_or_write(tmp_path: Path, redirected: str, says: bytes) -> None:
    done = run(redirected, '{"text": "x"}', tmp_path)
    assert (done.returncode, done.stderr) == (1, says)


def test_it_goes_on_where_nobody_listens(tmp_path: Path) -> None:
    assert run(">&- 2>&-", '{"text": "x"}', tmp_path).returncode == 0


def test_it_speaks_utf_8_whatever_the_locale(tmp_path: Path) -> None:
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = run("", '{"id": "é", "text": "x"}', tmp_path, **plain)
    assert json.loads(done.stdout)["id"] == "é"
    assert done.returncode == 0
