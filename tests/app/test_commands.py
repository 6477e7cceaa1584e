"""The `modqueue` command, on a data directory of its own: what it prints, keeps and refuses."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from subprocess import DEVNULL, Popen

import click
import pytest
from click.testing import CliRunner

from service import data_dir
from service.cli import Refusing, main
from service.domain import Ruling, Thresholds
from service.moderation import Moderation, Wish
from service.store import Store
from service.store.registry import digest
from tests.app.conftest import Run
from tests.conftest import ANA, StubScorer, submit
from tests.process.cast import MODQUEUE

Hold = Callable[[Path], AbstractContextManager[None]]


def test_it_registers_a_site(added: dict[str, str], store: Store) -> None:
    assert list(added) == ["site", "webhook_secret", "api_key"]
    assert added["webhook_secret"].startswith("whsec_")
    assert len(added["api_key"]) == 12
    assert set(added["api_key"]) <= set("0123456789abcdef")
    site = store.registry.site("blog")
    assert site.secrets[0].value == added["webhook_secret"]
    assert site.api_key_hash == digest(added["api_key"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("Blog!", "--url", "https://b.example"), "ID: 1 to 64"),
        (("blog", "--url", "https://b.example"), "exists already"),
        (("b", "--url", "ftp://b.example"), "url"),
        (("b", "--url", "https://b.example", "--callback-url", "https://evil.example/x"), "callback_url"),
        (("b", "--url", "https://b.example", "--callback-url", "http://u:p@b.example/"), "callback_url"),
        (("b", "--url", "http://127.0.0.1:1", "--callback-url", "http://127.0.0.1:1/x"), "callback_url"),
    ],
)
def test_it_refuses_a_site_in_one_line(
    run: Run, added: dict[str, str], arguments: tuple[str, ...], says: str
) -> None:
    result = run("site", "add", *arguments)
    assert result.exit_code == 1
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_it_knows_usage_from_refusal(run: Run) -> None:
    assert run("site", "add", "x").exit_code == 2
    assert run("nonsense").exit_code == 2
    assert run("site", "rotate", "nobody").exit_code == 1


def test_it_lists_sites_without_their_secrets(run: Run, added: dict[str, str]) -> None:
    for arguments in ((), ("--json",)):
        listed = run("site", "list", *arguments).stdout
        assert "https://blog.example" in listed
        assert added["webhook_secret"] not in listed


def test_it_rotates_a_secret_with_overlap(run: Run, added: dict[str, str], store: Store) -> None:
    new = json.loads(run("site", "rotate", "blog", "--json").stdout)["webhook_secret"]
    secrets = store.registry.site("blog").secrets
    assert [s.value for s in secrets] == [new, added["webhook_secret"]]
    assert secrets[0].expires_at is None
    assert secrets[1].expires_at is not None


def test_it_sets_a_policy_as_a_new_version(run: Run, added: dict[str, str], store: Store) -> None:
    assert json.loads(run("site", "policy", "blog").stdout)["version"] == 1
    wanted = json.dumps({"thresholds": {"spam": {"hold": 0.3}}, "max_links": 2, "blocked_words": ["x"]})
    assert run("site", "policy", "blog", "--set", "-", stdin=wanted).exit_code == 0
    policy = store.registry.site("blog").policy
    assert (policy.version, policy.max_links) == (2, 2)
    assert policy.thresholds["spam"] == Thresholds(hold=0.3)


@pytest.mark.parametrize(
    "policy",
    ["", "[]", "{", '{"colour": 1}', '{"thresholds": {"rude": {}}}', '{"thresholds": {"spam": {"hold": 2}}}',
     '{"max_links": -1}', '{"thresholds": {"spam": {"hold": "high"}}}', '{"blocked_words": [3]}',
     '{"max_links": 1e400}', '{"blocked_words": "abc"}', '{"blocked_words": ["\\ud800"]}'],
)  # fmt: skip
def test_it_refuses_a_wrong_policy(run: Run, added: dict[str, str], store: Store, policy: str) -> None:
    result = run("site", "policy", "blog", "--set", "-", stdin=policy)
    assert result.exit_code == 1, result.stdout
    assert len(result.stderr.splitlines()) == 1
    assert store.registry.site("blog").policy.version == 1


def test_it_enables_a_callback_again(run: Run, added: dict[str, str], store: Store) -> None:
    assert run("site", "callback", "blog", "https://blog.example/other").exit_code == 0
    assert store.registry.site("blog").callback_url == "https://blog.example/other"
    assert run("site", "callback", "blog", "https://elsewhere.example/").exit_code == 1


def test_it_removes_a_site_when_asked_twice(run: Run, added: dict[str, str], store: Store) -> None:
    assert run("site", "remove", "blog", stdin="n\n").exit_code == 1
    assert run("site", "remove", "blog", "--yes").exit_code == 0
    assert store.registry.sites() == []


def test_it_adds_a_moderator_with_a_password(run: Run, added: dict[str, str], store: Store) -> None:
    arguments = ("moderator", "add", "ana", "--site", "blog", "--password-stdin")
    assert run(*arguments, stdin="short").exit_code == 1
    assert run(*arguments, stdin="correct horse battery\n").exit_code == 0
    person = store.registry.person("ana")
    assert person.password_hash.startswith("$argon2id$")
    assert person.sites == ("blog",)
    assert "ana" in run("moderator", "list").stdout
    assert run("moderator", "add", "ben", "--site", "nowhere").exit_code == 1


def test_it_adds_a_moderator_with_a_link(run: Run, store: Store) -> None:
    link = run("moderator", "add", "ben", "--role", "admin").stdout.split()[-1]
    assert store.registry.use_link(link.rsplit("/", 1)[1]) == "ben"


def test_it_ends_the_sessions_of_whom_it_disables_or_resets(run: Run, store: Store) -> None:
    run("moderator", "add", "ben", "--password-stdin", stdin="correct horse battery")
    run("moderator", "disable", "ben")
    assert (store.registry.person("ben").disabled, store.registry.person("ben").epoch) == (True, 1)
    run("moderator", "reset", "ben")
    person = store.registry.person("ben")
    assert (person.disabled, person.epoch, person.password_hash) == (False, 2, "")


@pytest.mark.parametrize("rights", [(), ("--read-only",)])
def test_it_makes_a_token(run: Run, added: dict[str, str], store: Store, rights: tuple[str, ...]) -> None:
    token = json.loads(run("token", "add", "robot", "--site", "blog", *rights, "--json").stdout)["token"]
    known = store.registry.token(token)
    assert known is not None
    person, read_only = known
    assert (person.name, person.sites, read_only) == ("robot", ("blog",), bool(rights))
    assert run("token", "add", "robot", "--site", "nowhere").exit_code == 1


def test_it_lists_no_deliveries_where_there_are_none(run: Run) -> None:
    assert "every callback is confirmed" in run("delivery", "list").stdout
    assert run("delivery", "redrive", "dl_nonsense").exit_code == 1
    assert run("delivery", "redrive").stdout == "0 queued again\n"


def test_it_lists_the_shipped_model_as_champion(run: Run) -> None:
    (row,) = json.loads(run("model", "list", "--json").stdout)
    assert row["champion"] is True
    assert row["id"] in run("model", "show").stdout
    assert run("model", "promote", "nothing").exit_code == 1
    assert run("model", "rollback").exit_code == 1


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
    ]
    result = run("score", stdin="\n".join(lines))
    assert result.exit_code == 1
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [r["id"] for r in rows] == ["a", 10]
    assert set(rows[0]) == {"id", "scores", "verdict", "reasons"}
    assert set(rows[0]["scores"]) == {"dehumanising", "hateful", "spam"}
    errors = [json.loads(line) for line in result.stderr.splitlines()]
    assert [e["line"] for e in errors] == [2, 3, 4, 5, 6, 7, 8]
    assert "text" in errors[1]["error"]
    assert "comment_author" in errors[5]["error"]


def test_it_explains_what_it_scores(run: Run) -> None:
    row = json.loads(run("score", "--explain", stdin='{"text": "They are vermin. Exterminate them."}').stdout)
    why = row["contributions"]["dehumanising"]
    parts = why["bias"] + sum(s["contribution"] for s in why["spans"] + why["fields"])
    assert parts == pytest.approx(why["log_odds"], abs=1e-9)
    assert all("They are vermin. Exterminate them."[s["start"] : s["end"]] == s["text"] for s in why["spans"])


def test_the_doctor_finds_what_is_wrong(run: Run) -> None:
    result = run("doctor", "--json")
    findings = {f["what"]: f for f in json.loads(result.stdout)}
    assert findings["persistence"]["level"] == "warn"
    assert findings["delivery worker"]["level"] == "warn"
    assert findings["model"]["level"] == "ok"
    assert result.exit_code == 0


def test_it_names_a_file_that_cannot_be_used(tmp_path: Path) -> None:
    @click.group(cls=Refusing)
    def group() -> None: ...

    path = tmp_path / "there" / "not"
    group.command("open")(path.read_text)
    result = CliRunner().invoke(group, ["open"])
    assert (result.exit_code, result.stderr) == (1, f"modqueue: {path}: No such file or directory\n")


def test_the_doctor_has_the_model_score_something(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = StubScorer()
    broken.model.broken = True
    monkeypatch.setattr("service.doctor.Scorer", lambda _: broken)
    result = run("doctor", "--json")
    findings = {f["what"]: f for f in json.loads(result.stdout)}
    assert (findings["model"]["level"], result.exit_code) == ("fail", 1)
    assert "StubError" in findings["model"]["found"]


def test_the_doctor_says_what_to_do_where_there_is_no_store(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODQUEUE_REDIS_URL", "unix:///nowhere.sock")
    result = run("doctor")
    assert result.exit_code == 1
    assert "MODQUEUE_REDIS_URL" in result.stdout.replace("\n", "")


@pytest.mark.process
def test_it_starts_a_store_for_a_command_where_none_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODQUEUE_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("MODQUEUE_REDIS_URL", raising=False)
    assert CliRunner().invoke(main, ["site", "add", "b", "--url", "https://b.example"]).exit_code == 0
    assert "https://b.example" in CliRunner().invoke(main, ["site", "list"]).stdout


@pytest.mark.process
def test_commands_that_start_together_work_one_after_the_other(tmp_path: Path) -> None:
    env = os.environ | {"MODQUEUE_DATA_DIR": str(tmp_path), "MODQUEUE_REDIS_URL": ""}
    add = [MODQUEUE, "site", "add", "--url", "https://b.example"]
    adding = [Popen([*add, f"s{n}"], env=env, stdout=DEVNULL) for n in range(3)]
    assert [process.wait(60) for process in adding] == [0, 0, 0]


@pytest.mark.parametrize(
    ("hold", "said"), [(data_dir.turn, ["waiting for", "modqueue:"]), (data_dir.locked, ["modqueue:"])]
)
def test_a_command_waits_for_another_but_for_no_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hold: Hold, said: list[str]
) -> None:
    monkeypatch.setenv("MODQUEUE_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("MODQUEUE_REDIS_URL", raising=False)
    monkeypatch.setattr(data_dir, "SILENT_S", 0.01)
    monkeypatch.setattr(data_dir, "PATIENCE_S", 0.02)
    with hold(tmp_path):
        result = CliRunner().invoke(main, ["site", "list"])
    assert result.exit_code == 1
    assert [line.partition(f" process {os.getpid()}")[0] for line in result.stderr.splitlines()] == said


TIMES = ("LEASE_SECONDS", *(f"KEEP_{what}_DAYS" for what in ("APPROVED", "DECIDED", "LOG", "EXAMPLES")))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MODQUEUE_PARTITIONS", "many"),
        ("MODQUEUE_TRUSTED_PROXIES", "11"),
        *((f"MODQUEUE_{name}", value) for name in TIMES for value in ("inf", "nan", "1e300", "0")),
        ("MODQUEUE_APPENDFSYNC", "never"),
        ("MODQUEUE_SECRET_KEY_FILE", "/nowhere"),
    ],
)
def test_it_names_the_setting_that_is_wrong(
    run: Run, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    result = run("site", "list")
    assert (result.exit_code, variable in result.stderr) == (1, True)


def test_it_exports_decisions(run: Run, moderation: Moderation, tmp_path: Path) -> None:
    moderation.decide(ANA, submit(moderation, "[spam=0.8]")["id"], Wish(Ruling.APPROVE))
    assert json.loads(run("export", "--examples").stdout)["spam"] == 0
    path = tmp_path / "examples.jsonl"
    assert run("export", "--examples", "--site", "other", "--output", str(path)).exit_code == 0
    assert path.read_text() == ""
    assert run("export").exit_code == 2
