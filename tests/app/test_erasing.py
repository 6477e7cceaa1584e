"""Erasing an author: nothing of them is left in the store, and all of others."""

from __future__ import annotations

import json
from pathlib import Path

from service import archive_erasing, authors
from service.akismet import text_digest
from service.domain import Comment
from service.moderation import Moderation
from service.store import keys
from service.store.akismet import Trace
from service.store.packing import unpack
from tests.app.erased import EMAIL, MARKS, REJECT, ZOE, comment, holding
from tests.conftest import ADMIN, ANA, BLOG, Sender, submit


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
