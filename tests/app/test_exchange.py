"""What blogs give each other: labels and texts, nobody's addresses, each text once; sources by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service import appeals, exchange, feedback
from service.domain import ReasonCode, Ruling
from service.errors import Invalid
from service.examples import export
from service.feedback import Report
from service.moderation import Moderation, Wish
from service.store import Store
from tests.app.conftest import Run
from tests.conftest import ANA, submit

REJECT, APPROVE = Wish(Ruling.REJECT, ReasonCode.SPAM), Wish(Ruling.APPROVE)
SAID = (
    "Write to zoe.k@mail.example or call +49 30 1234 567, @zoe; I was at 192.0.2.7 on 2026-11-22 for $1,266"
)


def test_it_masks_what_would_lead_to_somebody() -> None:
    masked = exchange.masked(SAID)
    assert (
        masked == "Write to [e-mail] or call [telephone], [name]; I was at [address] on 2026-11-22 for $1,266"
    )
    assert exchange.masked("no numbers, 3 apples, version 1.2.3") == "no numbers, 3 apples, version 1.2.3"


def test_what_it_gives_says_nothing_of_anybody(moderation: Moderation) -> None:
    item = submit(moderation, f"[spam=0.8] {SAID}", author="Zoë", author_url="https://z.example")["id"]
    moderation.decide(ANA, item, REJECT)
    (given,) = exchange.pooled(export(moderation.store))
    assert set(given) == {"schema", "id", "text", "spam"}
    for personal in ("Zoë", "z.example", "zoe", "blog", "ana", item):
        assert personal not in json.dumps(given, ensure_ascii=False)


def test_it_comes_to_another_service_and_counts_once(
    moderation: Moderation, run: Run, tmp_path: Path
) -> None:
    for n, text in enumerate(["buy it", "Buy  IT", "a kind word"]):
        moderation.decide(
            ANA, submit(moderation, f"[spam=0.8] {text}", str(n))["id"], REJECT if n < 2 else APPROVE
        )
    file = tmp_path / "given.jsonl"
    assert run("export", "--examples", "--pooled", "--output", str(file)).exit_code == 0
    assert len(file.read_text().splitlines()) == 2
    assert "2 new, 0 known, 0 refused" in run("import", "examples", str(file), "--from", "friends").stdout
    again = run("import", "examples", str(file), "--from", "friends", "--json").stdout
    assert json.loads(again) == {"new": 0, "known": 2, "refused": 0}
    learnt = [json.loads(line) for line in run("export", "--examples").stdout.splitlines()]
    assert sorted(e["source"] for e in learnt) == ["desk"] * 3 + ["pool:friends"] * 2
    # What came from others is not given on as one's own.
    assert len(run("export", "--examples", "--pooled").stdout.splitlines()) == 2
    assert run("export", "--examples", "--without", "desk", "--without", "pool:friends").stdout == ""
    assert moderation.store.pool.remove("pool:friends") == 2
    assert list(moderation.store.pool.all()) == []


def test_it_refuses_bad_lines_by_number_and_field_and_takes_the_others(
    run: Run, store: Store, tmp_path: Path
) -> None:
    good = {"schema": exchange.SCHEMA, "text": "fine", "spam": 0}
    bad = [good | {"spam": 2}, good | {"text": " "}, good | {"schema": "other"}, {**good, "spam": None}, [1]]
    file = tmp_path / "given.jsonl"
    file.write_text("\n".join(map(json.dumps, [*bad, good])) + "\nnot json")
    done = run("import", "examples", str(file), "--from", "friends")
    assert done.exit_code == 1
    assert "1 new, 0 known, 6 refused" in done.stdout
    for said in ("line 1: spam: must be 0, 1 or null", "line 2: text: must be", "line 3: schema: must be",
                 "line 4: labels: at least one of", "line 5: line: must be a JSON object",
                 "line 7: line: not JSON"):  # fmt: skip
        assert said in done.stderr
    assert run("import", "examples", str(file), "--from", "No Name").exit_code == 1
    with pytest.raises(Invalid, match="must be 0, 1"):
        exchange.read(json.dumps(good | {"hateful": True}).encode(), "x", 0.0)


def test_it_refuses_what_is_no_text_by_its_line_and_takes_what_follows(
    run: Run, store: Store, tmp_path: Path
) -> None:
    first, last = (json.dumps({"schema": exchange.SCHEMA, "text": n, "spam": 0}) for n in ("1", "2"))
    bad = [first.replace('"1"', text).encode() for text in (r'"\ud800"', r'"a\u0000"', "[" * 50_000)]
    file = tmp_path / "given.jsonl"
    file.write_bytes(b"\n".join([b"\xef\xbb\xbf" + first.encode(), *bad, b"\xff", last.encode()]))
    done = run("import", "examples", str(file), "--from", "friends")
    assert (done.exit_code, done.stdout) == (1, "2 new, 0 known, 4 refused\n")
    assert done.stderr.splitlines() == [
        "line 2: text: holds a NUL character or half of a surrogate pair",
        "line 3: text: holds a NUL character or half of a surrogate pair",
        "line 4: line: nested too deeply",
        "line 5: line: not UTF-8 at byte 0",
    ]
    assert sorted(e["text"] for e in store.pool.all()) == ["1", "2"]


@pytest.mark.parametrize("command", [("export",), ("retrain", "--from-store"), ("retrain", "--site", "blog")])
def test_it_leaves_out_no_source_that_there_is_not(run: Run, command: tuple[str, ...]) -> None:
    for wrong in ("Desk", "pool:", "pool:No Name", "friends"):
        refused = run(*command, "--without", wrong)
        assert (refused.exit_code, f"no source {wrong!r}: one of desk, api" in refused.stderr) == (2, True)
    unknown = run(*command, "--without", "desk", "--without", "pool:friends")
    assert (unknown.exit_code, unknown.stderr) == (1, "modqueue: nothing was imported as pool:friends\n")


def test_feedback_from_everywhere_counts_once_with_its_source(moderation: Moderation) -> None:
    site = moderation.site("blog")
    item = submit(moderation, "[spam=0.8]", "1")["id"]
    moderation.decide(ANA, item, Wish(Ruling.REJECT, ReasonCode.SPAM, source="api"))
    for source in ("wordpress", "akismet", "wordpress"):
        moderation.clock.move(1)  # type: ignore[attr-defined]  # the clock of the tests
        feedback.apply(moderation, site, Report("1", "carl", Ruling.APPROVE), source)
    (example,) = export(moderation.store)
    # The latest word is in force, and who repeats it adds nothing.
    assert (example["source"], example["by"], example["spam"]) == ("wordpress", "wordpress:carl", 0)
    assert list(export(moderation.store, without=["wordpress"])) == []


def test_an_appeal_is_a_source_of_its_own(moderation: Moderation) -> None:
    item = submit(moderation, "[spam=0.8]", "1")["id"]
    moderation.decide(ANA, item, REJECT)
    token, _ = appeals.make_link(moderation, ANA, item, b"key")
    appeals.submit(moderation, appeals.read_link(token, b"key", moderation.clock()), "It was not.")
    moderation.clock.move(1)  # type: ignore[attr-defined]  # the clock of the tests
    appeals.overturn(moderation, ANA, item)
    (example,) = export(moderation.store)
    assert (example["source"], example["spam"]) == ("appeal", 0)
