"""What `modqueue model`, `retrain`, `score` and `export` print and refuse."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from classifier import registry
from service.domain import Ruling
from service.moderation import Moderation, Wish
from service.store import Store
from tests.app.conftest import Run
from tests.conftest import ANA, submit


def test_it_lists_the_shipped_model_as_champion(run: Run) -> None:
    (row,) = json.loads(run("model", "list", "--json").stdout)
    assert row["champion"] is True
    assert run("model", "show", row["id"], "--json").stdout == run("model", "show").stdout
    assert json.loads(run("model", "show").stdout)["id"] == row["id"]
    assert run("model", "promote", row["id"]).stdout == f"{row['id']} is the champion\n"
    for refused in (("promote", "nothing"), ("show", "nothing"), ("show", "../models")):
        assert run("model", *refused).exit_code == 1


@pytest.fixture
def of_shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Say of the shipped model that it missed one of two gates; give its id. Another one is promoted."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "promotions.txt").write_text("2026-01-01-abcdef\n")
    shipped = registry.load(registry.SHIPPED)
    gates = [{"name": "a", "value": 0.5, "limit": 0.02, "passed": False},
             {"name": "b", "value": 0.0, "limit": 0.02, "passed": True}]  # fmt: skip
    monkeypatch.setattr(
        registry, "load", lambda _: replace(shipped, manifest=shipped.manifest | {"gates": gates})
    )
    return shipped.id


def test_it_promotes_past_a_missed_gate_and_says_so(run: Run, of_shipped: str) -> None:
    done = run("model", "promote", of_shipped)
    assert (done.exit_code, done.stdout) == (0, f"{of_shipped} is the champion\n")
    assert done.stderr == "gate missed: a: 0.5000, limit 0.0200\n"
    said = json.loads(run("model", "promote", of_shipped, "--json").stdout)
    missed = {"name": "a", "value": 0.5, "limit": 0.02, "passed": False}
    assert said == {"id": of_shipped, "missed": [missed]}


def test_it_logs_promotion_and_rollback(run: Run, store: Store, of_shipped: str) -> None:
    for command in (("promote", of_shipped), ("rollback",)):
        assert run("model", *command).exit_code == 0
    found = store.log.search([], lambda e: e.kind.startswith("model ")).entries
    assert [(e.kind, e.by, e.facts) for e in found] == [
        ("model rolled back", "command line", {"model": of_shipped}),
        ("model promoted", "command line", {"model": of_shipped}),
    ]


@pytest.mark.parametrize("passed", [True, False])
def test_it_logs_what_retraining_promoted(
    run: Run, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, passed: bool
) -> None:
    def train(_: list[str]) -> int:
        if passed:
            registry.promote(tmp_path / "models", of_shipped)
        return int(not passed)

    of_shipped = registry.load(registry.SHIPPED).id
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / of_shipped).symlink_to(registry.SHIPPED)
    monkeypatch.setattr("classifier.retrain.main", train)
    assert run("retrain", "--promote").exit_code == int(not passed)
    found = store.log.search([], lambda e: e.kind.startswith("model ")).entries
    assert [(e.kind, e.facts) for e in found] == [("model promoted", {"model": of_shipped})] * passed


def test_it_promotes_and_rolls_back_without_a_store(
    run: Run, of_shipped: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODQUEUE_REDIS_URL", f"unix://{tmp_path}/none")
    for command in (("promote", of_shipped), ("rollback",)):
        done = run("model", *command)
        assert (done.exit_code, done.stdout.startswith(f"{of_shipped} is the champion")) == (0, True)
        assert "not in the moderation log: " in done.stderr


def test_it_rolls_back_no_model_where_none_was_promoted(run: Run) -> None:
    assert run("model", "rollback").exit_code == 1


def test_it_marks_the_champion_even_if_it_is_gone_and_goes_back_to_none_that_is(
    run: Run, tmp_path: Path
) -> None:
    models, gone = tmp_path / "models", "2026-01-02-abcdef"
    models.mkdir()
    (models / "promotions.txt").write_text(f"2026-01-01-abcdef\n{gone}\n")
    (models / "promoted").symlink_to(gone)
    shipped, trained = json.loads(run("model", "list", "--json").stdout)
    assert (shipped["champion"], shipped["error"], trained["id"], trained["champion"]) == (
        False,
        None,
        gone,
        True,
    )
    assert f"* {gone}  {models / gone}/manifest.json: cannot be read" in run("model", "list").stdout
    refused = run("model", "rollback")
    assert (refused.exit_code, "2026-01-01-abcdef/manifest.json: cannot be read" in refused.stderr) == (
        1,
        True,
    )
    assert str((models / "promoted").readlink()) == gone


def test_it_learns_from_no_decisions_that_are_not_there(run: Run) -> None:
    result = run("retrain", "--decisions", "/nonexistent", "--json")
    assert (result.exit_code, result.stdout, "/nonexistent" in result.stderr) == (1, "", True)


def test_it_scores_json_lines_and_refuses_bad_ones_alone(run: Run) -> None:
    lines = [
        '{"id": "a", "text": "Thank you for the recipe"}',
        "nonsense",
        '{"txt": "no text"}',
        '{"text": "' + "x" * 20_001 + '"}',
        '{"text": 5}',
        '{"id": [1], "text": "x"}',
        '{"text": "x", "comment_author": 1.5}',
        "x" * 3_000_000,
        "",
        '{"text": "last", "comment_author": "Ana"}',
        '{"id": 1.5, "text": "x"}',
        *(f'{{"id": {wrong}, "text": "x"}}' for wrong in ("NaN", "-Infinity", "1e999", "true", r'"\ud800"')),
    ]
    result = run("score", "--json", stdin="\n".join(lines))
    assert result.exit_code == 1
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [r["id"] for r in rows] == ["a", 10, 1.5]
    assert set(rows[0]) == {"id", "scores", "verdict", "reasons"}
    assert set(rows[0]["scores"]) == {"dehumanising", "hateful", "spam"}
    errors = [json.loads(line) for line in result.stderr.splitlines()]
    assert [e["line"] for e in errors] == [2, 3, 4, 5, 6, 7, 8, 12, 13, 14, 15, 16]
    assert "text" in errors[1]["error"]
    assert "comment_author" in errors[5]["error"]


def test_it_says_plainly_which_line_it_cannot_score(run: Run) -> None:
    wrong = [b"{", b'{"text": null}', b'{"text": "x", "id": ' + b"9" * 6_000 + b"}", b'{"text": NaN}']
    given = [b"\xef\xbb\xbf" + b'{"id": "first", "text": "x", "comment_author": null}', *wrong]
    result = run("score", stdin=b"\r\n".join(given) + b"\r\n")
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ["first"]
    assert [json.loads(line)["error"] for line in result.stderr.splitlines()] == [
        "line: not JSON: Expecting property name enclosed in double quotes: character 2",
        "text: is required",
        "line: holds a number of too many digits",
        "line: NaN is not JSON",
    ]


def test_it_explains_what_it_scores(run: Run) -> None:
    row = json.loads(run("score", "--explain", stdin='{"text": "They are vermin. Exterminate them."}').stdout)
    why = row["contributions"]["dehumanising"]
    parts = why["bias"] + sum(s["contribution"] for s in why["spans"] + why["fields"])
    assert parts == pytest.approx(why["log_odds"], abs=1e-9)
    assert all("They are vermin. Exterminate them."[s["start"] : s["end"]] == s["text"] for s in why["spans"])


def test_it_exports_decisions(run: Run, moderation: Moderation, tmp_path: Path) -> None:
    moderation.decide(ANA, submit(moderation, "[spam=0.8]")["id"], Wish(Ruling.APPROVE))
    said = run("export", "--examples").stdout
    assert json.loads(said)["spam"] == 0
    assert run("export", "--json").stdout == said
    path = tmp_path / "examples.jsonl"
    assert run("export", "--examples", "--site", "blog", "--output", str(path)).exit_code == 0
    assert path.read_text() == said
    for what in (("--examples",), ("--author", "zoe@reader.example")):
        refused = run("export", *what, "--site", "blog", "--site", "nope")
        assert (refused.exit_code, refused.stderr) == (1, "modqueue: no such site: nope\n")
    for what in (("--examples",), ("--pooled",)):
        assert run("export", *what, "--author", "zoe@reader.example").exit_code == 2
    assert run("export", "--author", "").exit_code == 1
