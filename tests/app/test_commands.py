"""The `modqueue` command, on a data directory of its own: what it prints, keeps and refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from service import doctor
from service.cli import Refusing, main
from service.config import Settings
from service.domain import Thresholds
from service.moderation import Moderation
from service.store import Store
from service.store.registry import digest
from tests.app.conftest import Run
from tests.conftest import BLOG, Clock, StubScorer


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


# Commands that print no data: they run something, or say that it is done.
SAY_DONE = {
    "serve", "demo", "delivery redrive", "model rollback", "moderator disable",
    "sender coral", "site callback", "site remove", "site wordpress",
}  # fmt: skip


def every(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from every(command, (*path, name))
        else:
            yield (*path, name), command


def test_every_command_has_help_and_those_that_print_data_have_json(run: Run) -> None:
    for path, command in every(main):
        options = {o for p in command.params for o in p.opts}
        assert ("--json" in options) == (" ".join(path) not in SAY_DONE), path
        assert run(*path, "--help").exit_code == 0


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


@pytest.mark.parametrize("hours", ["nan", "-1", "2161"])
def test_it_refuses_an_overlap_that_cannot_be(
    run: Run, added: dict[str, str], store: Store, hours: str
) -> None:
    assert run("site", "rotate", "blog", "--overlap-hours", hours).exit_code in (1, 2)
    assert len(store.registry.site("blog").secrets) == 1


def test_it_sets_a_policy_as_a_new_version(run: Run, added: dict[str, str], store: Store) -> None:
    assert json.loads(run("site", "policy", "blog", "--json").stdout)["version"] == 1
    wanted = json.dumps({"thresholds": {"spam": {"hold": 0.3}}, "max_links": 2, "blocked_words": ["x"]})
    assert run("site", "policy", "blog", "--set", "-", stdin=wanted).exit_code == 0
    policy = store.registry.site("blog").policy
    assert (policy.version, policy.max_links) == (2, 2)
    assert policy.thresholds["spam"] == Thresholds(hold=0.3)


@pytest.mark.parametrize(
    "policy",
    ["", "[]", "{", '{"colour": 1}', '{"thresholds": {"rude": {}}}', '{"thresholds": {"spam": {"hold": 2}}}',
     '{"max_links": -1}', '{"thresholds": {"spam": {"hold": "high"}}}', '{"blocked_words": [3]}',
     r'{"blocked_words": ["\ud800"]}', b'{"blocked_words": ["\xff"]}', "[" * 200_000,
     '{"max_links": 1e400}', '{"blocked_words": "abc"}'],
)  # fmt: skip
def test_it_refuses_a_wrong_policy(
    run: Run, added: dict[str, str], store: Store, policy: str | bytes
) -> None:
    result = run("site", "policy", "blog", "--set", "-", stdin=policy)
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1), result.stdout
    assert store.registry.site("blog").policy.version == 1


@pytest.mark.parametrize(
    "arguments",
    [("token", "add", "a\udcffb", "--site", "blog"), ("erase", "--email", "a\udcff@b.c"),
     ("export", "--author", "a\udcff@b.c"), ("serve", "--host", "a\udcff")],
)  # fmt: skip
def test_it_refuses_arguments_that_are_no_text(
    run: Run, added: dict[str, str], arguments: tuple[str, ...]
) -> None:
    result = run(*arguments)
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)


def test_it_enables_a_callback_again(run: Run, added: dict[str, str], store: Store) -> None:
    assert run("site", "callback", "blog", "https://blog.example/other").exit_code == 0
    assert store.registry.site("blog").callback_url == "https://blog.example/other"
    assert run("site", "callback", "blog", "https://elsewhere.example/").exit_code == 1


@pytest.mark.parametrize("arguments", [("--yes",), ()])
def test_it_removes_a_site_without_a_terminal(
    run: Run, added: dict[str, str], store: Store, arguments: tuple[str, ...]
) -> None:
    assert run("site", "remove", "blog", *arguments).exit_code == 0
    assert store.registry.sites() == []


def test_it_asks_on_a_terminal_before_it_removes_a_site(
    run: Run, added: dict[str, str], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True)
    for answer, code in (("n", 1), ("y", 0)):
        assert run("site", "remove", "blog", stdin=f"{answer}\n").exit_code == code
        assert len(store.registry.sites()) == code


def test_it_adds_a_moderator_with_a_password(run: Run, added: dict[str, str], store: Store) -> None:
    arguments = ("moderator", "add", "ana", "--site", "blog", "--password-stdin")
    assert run(*arguments, stdin="short").exit_code == 1
    assert run(*arguments, stdin="correct horse battery\n").exit_code == 0
    person = store.registry.person("ana")
    assert person.password_hash.startswith("$argon2id$")
    assert person.sites == ("blog",)
    assert "ana" in run("moderator", "list").stdout
    assert run("moderator", "add", "ben", "--site", "nowhere").exit_code == 1
    said = run(
        "moderator", "add", "ben", "--password-stdin", "--json", stdin="correct horse battery\n"
    ).stdout
    assert json.loads(said) == {"name": "ben", "sign_in_link": None}


def test_it_adds_a_moderator_with_a_link(run: Run, store: Store) -> None:
    link = run("moderator", "add", "ben", "--role", "admin").stdout.split()[-1]
    assert store.registry.use_link(link.rsplit("/", 1)[1]) == "ben"
    for command, name in (("add", "cy"), ("reset", "ben")):
        said = json.loads(run("moderator", command, name, "--json").stdout)
        assert store.registry.use_link(said["sign_in_link"].rsplit("/", 1)[1]) == said["name"] == name


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


@pytest.mark.parametrize("name", ["", " ", "x\ny", "x" * 65])
def test_it_names_a_token_as_a_person(run: Run, added: dict[str, str], name: str) -> None:
    result = run("token", "add", name, "--site", "blog")
    assert (result.exit_code, "name: 1 to 64" in result.stderr) == (1, True)


def test_it_lists_no_deliveries_where_there_are_none(run: Run) -> None:
    assert "every callback is confirmed" in run("delivery", "list").stdout
    assert run("delivery", "redrive", "dl_nonsense").exit_code == 1
    assert run("delivery", "redrive").stdout == "0 queued again\n"


def test_it_sends_nothing_again_to_a_callback_that_is_disabled(
    run: Run, moderation: Moderation, rejected: str, clock: Clock
) -> None:
    outbox, registry = moderation.store.outbox, moderation.store.registry
    (delivery,) = outbox.lease_due(clock(), 30, 8)
    outbox.settle(delivery, "dead", clock(), error="HTTP 410")
    registry.save_site(replace(BLOG, callback_disabled="Gone."))
    for named in ((), (delivery.id,)):
        result = run("delivery", "redrive", *named)
        assert (result.exit_code, result.stdout, outbox.depth()) == (1, "0 queued again\n", (0, 1))
        assert result.stderr == "modqueue: blog: Gone. First `modqueue site callback blog`.\n"
    sites, letters = [
        finding.advice
        for look in (doctor._sites, doctor._letters)
        for finding in look(moderation.store, Settings(), 0.0)
        if finding.level == "fail"
    ]
    assert (sites, letters) == (
        "first `modqueue site callback blog`",
        "mend the sites above, then `modqueue delivery redrive`",
    )
    registry.save_site(BLOG)
    assert run("delivery", "redrive").stdout == "1 queued again\n"


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
