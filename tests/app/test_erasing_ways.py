"""Who erases: blogs by a signed message, admins by commands; archives and models, too."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from classifier import registry
from service import archive, config, identity, signing
from service.domain import Site
from service.moderation import Moderation
from service.store import keys
from tests.app.conftest import Run
from tests.app.erased import EMAIL, KEY, MARKS, REJECT, SECRET_KEY, comment, holding
from tests.conftest import ANA, BLOG, OTHER, Clock, Sender, submit


def signed(client: FlaskClient, clock: Clock, message: Any, site: Site = BLOG) -> Any:
    body = json.dumps(message).encode()
    headers = signing.signed_headers(site.secrets, "e1", clock(), body) | {"X-Modqueue-Site": site.id}
    return client.post("/webhooks/erasures", data=body, headers=headers)


def test_a_blog_erases_what_is_its_own(
    client: FlaskClient, clock: Clock, moderation: Moderation, lives: dict[str, str]
) -> None:
    message = {"type": "author.erase", "data": {"email": " Zoe@Reader.example "}}
    answer = signed(client, clock, message)
    assert (answer.status_code, answer.get_json()["comments"]) == (200, 8)
    assert set(holding(moderation.store, "kumquat")) == {
        f"{keys.prefix_of_item(i)}c:{i}" for i in [keys.item_id("other", "1", moderation.store.partitions)]
    }
    assert signed(client, clock, message).get_json()["comments"] == 0


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({}, "type"),
        ({"type": "author.erase"}, "data.email"),
        ({"type": "author.erase", "data": {"email": ""}}, "data.email"),
        ({"type": "author.erase", "data": {"email": ["a@b"]}}, "data.email"),
        ({"type": "author.erase", "data": {"email": "a" * 400}}, "data.email"),
        ({"type": "author.erase", "data": {"email": "notanaddress"}}, "data.email"),
        ({"type": "author.erase", "data": {"email": "@reader.example"}}, "data.email"),
        ({"type": "author.erase", "data": {"email": "a@b\ud800"}}, "data.email"),
    ],
)
def test_it_names_what_is_wrong(
    client: FlaskClient, clock: Clock, moderation: Moderation, message: Any, field: str
) -> None:
    answer = signed(client, clock, message)
    assert (answer.status_code, answer.get_json()["field"]) == (422, field)


def test_nobody_else_erases(
    client: FlaskClient, clock: Clock, moderation: Moderation, lives: dict[str, str]
) -> None:
    message = {"type": "author.erase", "data": {"email": EMAIL}}
    assert signed(client, clock, message, replace(BLOG, secrets=OTHER.secrets)).status_code == 401
    assert moderation.item(ANA, lives["waits"])


@pytest.fixture
def brought(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moderation: Moderation) -> Moderation:
    """Give the commands the key that the comments came in with."""
    monkeypatch.setenv("MODQUEUE_SECRET_KEY", SECRET_KEY)
    return moderation


def test_the_command_erases_on_every_site(run: Run, brought: Moderation, lives: dict[str, str]) -> None:
    done = run("erase", "--email", EMAIL, "--json")
    assert json.loads(done.stdout) == {
        "comments": 9, "replies": 1, "examples": 2, "log": 13, "archived": 0,
        "untold": ["blog/2"], "models": [],
    }  # fmt: skip
    assert holding(brought.store, *MARKS) == {}
    assert "0 comments" in run("erase", "--email", EMAIL).stdout


def test_it_finds_by_address_who_gave_no_email(run: Run, brought: Moderation, sender: Sender) -> None:
    sender.comment("kumquat [hateful=0.7]", "9", comment_author_IP="203.0.113.77")
    kept = run("export", "--author", "203.0.113.77").stdout.splitlines()
    assert json.loads(kept[0])["comment"]["text"] == "kumquat [hateful=0.7]"
    assert "1 comments" in run("erase", "--ip", "203.0.113.77").stdout
    assert holding(brought.store, "kumquat", "203.0.113") == {}


def test_it_finds_an_address_however_it_is_spelled(run: Run, brought: Moderation, sender: Sender) -> None:
    spellings = {"2001:DB8::0:1": "2001:db8::1", "::ffff:203.0.113.7": "203.0.113.7", "FE80::1": "fe80:0::1"}
    for n, (sent, asked) in enumerate(spellings.items()):
        sender.comment("kumquat [hateful=0.7]", str(n), comment_author_IP=sent)
        assert "1 comments" in run("erase", "--ip", asked).stdout


def test_it_finds_what_was_kept_by_an_address_as_it_came(run: Run, brought: Moderation) -> None:
    key = identity.author_key("", "2001:DB8::0:1", KEY)
    submit(brought, "kumquat [hateful=0.7]", "9", author_key=key)
    assert "0 comments" in run("erase", "--ip", "2001:db8::1").stdout
    assert len(run("export", "--author", "2001:DB8::0:1").stdout.splitlines()) == 2
    assert "1 comments" in run("erase", "--ip", "2001:DB8::0:1").stdout


def test_it_takes_a_comment_from_what_is_no_address(brought: Moderation, sender: Sender) -> None:
    sent = sender.comment("kumquat [hateful=0.7]", "9", comment_author_IP="unknown")
    assert brought.item(ANA, sent["id"]).comment.author_key == identity.author_key("", "unknown", KEY)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("erase", "--email", "zoe"), "email: must be an e-mail address"),
        (("erase", "--ip", "nonsense"), "ip: must be an IP address"),
        (("export", "--author", "nonsense"), "ip: must be an IP address"),
        (("export", "--author", "zoe@"), "email: must be an e-mail address"),
    ],
)
def test_it_refuses_what_is_no_address(run: Run, given: tuple[str, ...], said: str) -> None:
    result = run(*given)
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"modqueue: {said}\n")


def test_an_author_is_given_all_that_is_kept(run: Run, brought: Moderation, lives: dict[str, str]) -> None:
    kept = [
        json.loads(line) for line in run("export", "--author", EMAIL, "--site", "blog").stdout.splitlines()
    ]
    *items, counts = kept
    found = {item["comment"]["comment_id"]: item for item in items}
    assert len(found) == 8
    assert found["2"]["decision"]["note"] == "a note"
    assert found["2"]["appeal"]["text"] == "kumquat, please"
    assert found["1"]["judgement"]["reasons"][0]["code"] == "score:hateful"
    assert found["4"]["earlier"][0][1]["text"] == "kumquat four [hateful=0.7]"
    assert counts["author"]["rejected"] == 1


def test_it_says_which_models_may_have_learnt_from_it(
    run: Run, brought: Moderation, lives: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = [{"id": "one", "data": {"decisions.jsonl": "…"}}, {"id": "two", "data": {"everyday.jsonl": "…"}}]
    monkeypatch.setattr(registry, "models", lambda _directory: known)
    assert (
        "what they learnt of it stays until others take their place: one\n"
        in run("erase", "--email", EMAIL).stdout
    )


@pytest.mark.parametrize("given", [(), ("--email", EMAIL, "--ip", "::1"), ("--email", " ")])
def test_it_must_be_told_whom(run: Run, given: tuple[str, ...]) -> None:
    assert run("erase", *given).exit_code in (1, 2)


def test_it_reaches_the_archives(
    run: Run, brought: Moderation, sender: Sender, clock: Clock, tmp_path: Path
) -> None:
    m = brought
    decided = comment(sender, "2", "kumquat two [hateful=0.7]")
    m.decide(ANA, decided, REJECT)
    old = submit(m, "An old answer [hateful=0.7]", "6", parent_id="2", parent_text="kumquat two")["id"]
    m.decide(ANA, old, REJECT)
    m.store.outbox.lease_due(clock(), 1, 10)
    for delivery in m.store.outbox.lease_due(clock() + 2, 1, 10):
        m.store.outbox.settle(delivery, "confirmed", clock())
    clock.move(100 * 86400)
    submit(m, "A late answer [hateful=0.7]", "7", parent_id="2", parent_text="kumquat two")
    settings = config.load()
    path, counts = archive.write(m.store, tmp_path / "archive", archive.ages(settings, clock()), clock())
    assert counts["comment"] == 2
    whole = "".join(map(json.dumps, archive.read(path)))
    assert "kumquat" in whole
    done = json.loads(run("erase", "--email", EMAIL, "--json").stdout)
    # The reply is kept, without the words that it answered.
    left = "".join(map(json.dumps, archive.read(path)))
    assert (done["comments"], done["archived"]) == (0, 2)
    assert [line["id"] for line in archive.read(path) if line["kind"] == "comment"] == [old]
    assert not [mark for mark in (*MARKS, decided) if mark in left]
    archive.check(path)
    # Nor is anything left in the store of what had gone to the archive.
    assert holding(m.store, *MARKS, decided) == {}
    assert archive.bring_back(m.store, path)["comment"] == 1


def test_what_a_blog_erased_leaves_the_archives_with_the_next_one(
    run: Run, brought: Moderation, sender: Sender, tmp_path: Path
) -> None:
    clock = sender.clock
    comment(sender, "3", "kumquat three")
    clock.move(40 * 86400)
    path, _ = archive.write(
        brought.store, tmp_path / "archive", archive.ages(config.load(), clock()), clock()
    )
    message = {"type": "author.erase", "data": {"email": EMAIL}}
    assert signed(sender.client, clock, message).status_code == 200
    assert run("archive").exit_code == 0
    assert not [line for line in archive.read(path) if "kumquat" in json.dumps(line)]
    assert brought.store.erasing.erased() == {}
