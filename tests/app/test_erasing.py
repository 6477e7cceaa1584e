"""Erasing an author leaves nothing, wherever it lay; and what is kept can be had before."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from classifier import registry
from service import appeals, archive, archive_erasing, authors, bulk, config, identity, signing
from service.akismet import text_digest
from service.domain import Comment, ReasonCode, Ruling, Site
from service.moderation import Moderation, Wish
from service.store import Store, keys
from service.store.akismet import Trace
from service.store.packing import unpack
from tests.app.conftest import Run
from tests.conftest import ADMIN, ANA, BLOG, OTHER, Clock, Sender, submit

SECRET_KEY = "a" * 64
KEY = identity.hash_key(SECRET_KEY)
EMAIL = "zoe@reader.example"
ZOE = identity.author_key(EMAIL, "", KEY)
# What only Zoe's comments hold.
MARKS = ("kumquat", "Zoe Marker", "z…@reader.example", "zoe.example", ZOE)
REJECT = Wish(Ruling.REJECT, ReasonCode.HATEFUL, "a note")


def readable(value: str) -> str:
    """Unpack what is packed."""
    try:
        return unpack(value)
    except (zlib.error, UnicodeDecodeError):
        return value  # a fingerprint that begins as what is packed does, as one of 256 does


def stored(store: Store) -> Iterator[tuple[str, str]]:
    """Give every key with all that lies under it, unpacked."""
    client = store.registry._db.client
    for key in client.scan_iter(match="*"):
        kind = client.type(key)
        if kind == "hash":
            values = [v for pair in client.hgetall(key).items() for v in pair]
        elif kind == "stream":
            values = [v for _, entry in client.xrange(key) for v in entry.values()]
        elif kind == "zset":
            values = client.zrange(key, 0, -1)
        elif kind == "set":
            values = client.smembers(key)
        elif kind == "list":
            values = client.lrange(key, 0, -1)
        else:
            values = [client.get(key)]
        yield key, key + " ".join(readable(v) for v in values)


def holding(store: Store, *marks: str) -> dict[str, str]:
    """Return the keys that hold a mark, with the mark."""
    return {key: mark for key, said in stored(store) for mark in marks if mark in said}


def comment(sender: Sender, comment_id: str, text: str, email: str = EMAIL, **more: str) -> str:
    said = {"comment_author": "Zoe Marker", "comment_author_url": "https://zoe.example/"}
    answer = sender.comment(text, comment_id, comment_author_email=email, **said, **more)
    return str(answer["id"])


@pytest.fixture
def lives(sender: Sender, moderation: Moderation, clock: Clock) -> dict[str, str]:
    """Give Zoe comments in every state there is, and others theirs."""
    m = moderation
    waits = comment(sender, "1", "kumquat [hateful=0.7]")
    decided = comment(sender, "2", "kumquat two [hateful=0.7]")
    approved = comment(sender, "3", "kumquat three")
    edited = comment(sender, "4", "kumquat four [hateful=0.7]")
    comment(sender, "4", "kumquat four and more [hateful=0.7]", email="")
    claimed = comment(sender, "5", "kumquat five [spam=0.7]")
    for n in range(3):
        copies = f"kumquat and the same words of a seller who says them again and again {n} [spam=0.7]"
        comment(sender, f"copy{n}", copies)
    m.decide(ANA, decided, REJECT)
    token, _ = appeals.make_link(m, ANA, decided, KEY)
    appeals.submit(m, appeals.read_link(token, KEY, clock()), "kumquat, please")
    m.escalate(ANA, waits, "kumquat?")
    m.claim(ANA, claimed)
    bulk.of_ids(m, ANA, [waits])
    m.store.akismet.remember("blog", approved, "d" * 32, Trace(approved, "https://blog.example/x"))
    reply = submit(m, "An answer [hateful=0.7]", "6", parent_id="2", parent_text="kumquat two")["id"]
    m.decide(ANA, reply, REJECT)
    submit(m, "kumquat of another site", "1", site="other", author_key=ZOE)
    return {"waits": waits, "decided": decided, "reply": reply, "edited": edited}


def test_it_leaves_nothing_of_an_author(
    moderation: Moderation, lives: dict[str, str], tmp_path: Path
) -> None:
    store = moderation.store
    kinds = {key.split(":")[2] for key in holding(store, *MARKS)}
    assert kinds == {"c", "author", "examples", "log"}
    done = [authors.erase(moderation, site, ZOE, "test") for site in ("blog", "other")]
    assert [(d.comments, d.replies, d.examples, d.untold) for d in done] == [(8, 1, 2, ["2"]), (1, 0, 0, [])]
    # Until the archives are looked through, it must be known of whom.
    assert set(holding(store, *MARKS)) == {"mq:{meta}:erased"}
    archive_erasing.clean(store, tmp_path)
    assert holding(store, *MARKS) == {}
    # Nor anything that leads to what was there, but what is forgotten by itself within two days.
    ids = [lives[name] for name in ("waits", "decided", "edited")]
    left = {key: store.registry._db.client.ttl(key) for key in holding(store, *ids)}
    assert {key.split(":")[2] for key in left} == {"bulk"}
    assert all(0 < seconds <= 2 * 86400 for seconds in left.values())


def test_it_leaves_alone_what_is_others(moderation: Moderation, lives: dict[str, str]) -> None:
    kept = submit(moderation, "mine [hateful=0.7]", "7", author="Quincy", author_key="q" * 32)["id"]
    moderation.decide(ANA, kept, REJECT)
    authors.erase(moderation, "blog", ZOE, "test")
    reply = moderation.item(ANA, lives["reply"])
    assert (reply.comment.text, reply.comment.parent_text) == ("An answer [hateful=0.7]", "")
    assert reply.decision
    assert moderation.item(ANA, kept).decision
    assert moderation.store.views.history("blog", "q" * 32).rejected == 1
    learnt = [json.loads(e)["item"] for e in moderation.store.views.examples("blog")]
    assert learnt == [kept]
    # The blog is still told of the others.
    waiting = {item for _, item, _ in moderation.store.outbox.waiting()}
    assert waiting == {f"dl_{lives['reply']}_1"[3:29], kept}
    assert [i.comment.comment_id for i in moderation.page(ADMIN, "all", "other").items] == ["1"]


def test_the_desk_goes_on_as_if_there_had_been_nothing(
    moderation: Moderation, sender: Sender, lives: dict[str, str]
) -> None:
    authors.erase(moderation, "blog", ZOE, "test")
    assert sum(s.count for s in moderation.lanes(ANA, "blog").values()) == 0
    assert moderation.store.appeals.open(["blog"]) == []
    assert [c.count for c in moderation.store.campaigns.latest(["blog"]) if c.count] == []
    again = comment(sender, "1", "kumquat again [hateful=0.7]")
    assert again == lives["waits"]
    item = moderation.item(ANA, again)
    assert (item.revision, item.pending, item.earlier) == (1, True, ())
    assert moderation.decide(ANA, again, REJECT).decision
    assert moderation.store.views.history("blog", ZOE).rejected == 1


def test_it_can_be_done_twice(moderation: Moderation, lives: dict[str, str]) -> None:
    authors.erase(moderation, "blog", ZOE, "test")
    assert authors.erase(moderation, "blog", ZOE, "test") == authors.Erased()
    entries = [
        json.loads(unpack(e["entry"]))
        for _, e in moderation.store.registry._db.client.xrange("mq:{meta}:log")
    ]
    assert [(e["kind"], e["comments"], e["by"]) for e in entries if e["kind"] == "erased"] == [
        ("erased", 8, "test")
    ]
    assert EMAIL not in str(entries)


def test_it_forgets_what_came_by_akismets_protocol(moderation: Moderation) -> None:
    trace = Trace("g" * 32, "https://blog.example/callback")
    said = Comment("blog", "g" * 32, "kumquat [hateful=0.7]", author_key=ZOE)
    moderation.submit(BLOG, said, "m1", b"1")
    item_id = keys.item_id("blog", "g" * 32, moderation.store.partitions)
    moderation.store.akismet.remember("blog", item_id, text_digest(said.text), trace)
    authors.erase(moderation, "blog", ZOE, "test")
    assert moderation.store.akismet.trace(item_id) == Trace()
    assert moderation.store.akismet.guid_of_text("blog", text_digest(said.text)) == ""


def test_it_forgets_what_a_program_was_answered(moderation: Moderation, lives: dict[str, str]) -> None:
    requests = moderation.store.requests
    for name, answer in (("theirs", f'{{"id": "{lives["waits"]}", "text": "kumquat"}}'), ("other", "{}")):
        requests.begin(name, "d")
        requests.finish(name, "d", answer)
    authors.erase(moderation, "blog", ZOE, "test")
    assert requests.begin("theirs", "d") is None
    assert requests.begin("other", "d") == "{}"


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
