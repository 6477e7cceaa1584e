"""What an earlier version wrote is brought up to date whole; what a later one wrote is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import redis

from service.domain import Lane, ReasonCode
from service.errors import Conflict, Unavailable
from service.moderation import Moderation
from service.store import ALL, DECIDED, PENDING, Store, Wanted, schema, search
from tests.conftest import ADMIN, ANA, Clock, StubScorer, submit
from tests.store.indexes import indexed

# Every key of a store of layout 1: type, seconds to live, value.
OLD: dict[str, list[Any]] = json.loads((Path(__file__).parent / "version1.json").read_text())


@pytest.fixture
def raw(store: Store) -> redis.Redis:
    """Give a store as layout 1 left it."""
    client = store._db.client
    client.flushall()
    for name, (kind, seconds, value) in OLD.items():
        match kind:
            case "string":
                client.set(name, value)
            case "hash":
                client.hset(name, mapping=value)
            case "set":
                client.sadd(name, *value)
            case "zset":
                client.zadd(name, dict(value))
            case "stream":
                for fields in value:
                    client.xadd(name, fields)
        if seconds > 0:
            client.expire(name, seconds)
    return client


@pytest.fixture
def migrated(raw: redis.Redis, server_url: str) -> Moderation:
    clock = Clock()
    clock.move(100)
    return Moderation(Store(server_url), StubScorer(), clock=clock)  # type: ignore[arg-type]  # the stub has its shape


def found(m: Moderation, view: str, **wanted: Any) -> set[str]:
    return {i.comment.comment_id for i in m.page(ADMIN, view, wanted=Wanted(**wanted)).items}


def test_it_keeps_every_item_as_it_was(migrated: Moderation) -> None:
    items = {i.comment.comment_id: i for i in migrated.page(ADMIN, ALL).items}
    assert set(items) == {"fine", "waits", "decided", "edited", "error", "copy0", "copy1", "copy2"}
    waits = items["waits"]
    assert (waits.comment.text, waits.comment.author) == (
        "They are vermin and must go. [dehumanising=0.9]",
        "Olaf",
    )
    assert waits.judgement.scores["dehumanising"] == 0.9
    assert waits.explanations[0].spans == ((0, 4, 3.0),)
    assert waits.lease
    assert waits.lease.by == "ana"
    assert [c.text for _, c in items["edited"].earlier] == ["first take [hateful=0.6]"]
    decision = items["decided"].decision
    assert decision
    assert (decision.by, decision.reason) == ("ana", ReasonCode.SPAM)
    assert found(migrated, PENDING) == set(items) - {"fine", "decided"}
    assert found(migrated, Lane.CAMPAIGNS) == {"copy0", "copy1", "copy2"}


def test_it_finds_what_was_found(migrated: Moderation) -> None:
    assert found(migrated, PENDING, words="vermin") == {"waits"}
    assert found(migrated, DECIDED, words="shop.bad.example") == {"decided"}
    assert found(migrated, PENDING, author="olaf") == {"waits"}
    assert found(migrated, PENDING, words="first") == set()
    assert found(migrated, PENDING, low=0.9) == {"waits"}
    items = [i for i in migrated.page(ADMIN, ALL).items if i.pending or i.decision]
    terms = {i.id: search.packed(search.terms(i.comment, i.judgement)) for i in items}
    assert set(indexed(migrated.store)) == set(terms)


def test_it_goes_on_as_if_nothing_had_happened(migrated: Moderation) -> None:
    text = OLD["mq:{p03}:c:" + next(iter(_id_of("fine")))][2]["comment"]
    again = submit(migrated, json.loads(text)["text"], "fine", author="Iris Berg", author_key="k1")
    item = migrated.item(ADMIN, again["id"])
    assert (item.revision, again["verdict"]) == (1, "approve")
    decided = migrated.page(ADMIN, DECIDED).items[0]
    assert migrated.undo(ANA, decided.id).pending
    assert migrated.store.views.history("blog", "k2").approved == 0
    assert json.loads(migrated.store.views.log("blog", 1)[0])["kind"] == "undo"
    assert {json.loads(e)["kind"] for e in migrated.store.views.log("blog")} > {"verdict", "decision"}


def test_it_can_be_broken_off_and_begun_again(raw: redis.Redis, server_url: str) -> None:
    Store(server_url).close()
    once = indexed(Store(server_url))
    raw.set("mq:{meta}:schema", 1)
    again = Store(server_url)
    assert indexed(again) == once
    assert raw.get("mq:{meta}:schema") == "2"


def test_it_is_brought_up_to_date_by_one_process(raw: redis.Redis, server_url: str) -> None:
    raw.set("mq:{meta}:migrating", 1)
    with pytest.raises(Unavailable, match="brought up to date"):
        Store(server_url)


def test_it_refuses_a_newer_layout(store: Store, server_url: str) -> None:
    store._db.client.set("mq:{meta}:schema", schema.CURRENT + 1)
    with pytest.raises(Conflict, match="newer Modqueue"):
        Store(server_url)


def test_an_empty_store_is_of_this_layout(store: Store) -> None:
    assert store._db.client.get("mq:{meta}:schema") == str(schema.CURRENT)


def _id_of(comment_id: str) -> set[str]:
    return {
        name.rpartition(":")[2]
        for name, (kind, _, value) in OLD.items()
        if kind == "hash" and ":c:" in name and json.loads(value["comment"])["comment_id"] == comment_id
    }
