"""What is asked of the store twice, or while somebody else changes the same thing, and how much at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
import redis

from service.domain import Comment, History, Judgement, Person, Policy, Verdict
from service.errors import NotFound, TooMany
from service.moderation import Moderation
from service.store import Arrival, Store, erasing, keys, retiring
from service.store.retiring import Ages
from tests.conftest import ANA, BLOG, OTHER, submit

NOTHING = "00" * 13


def test_it_sets_a_policy_though_the_site_changes_meanwhile(moderation: Moderation) -> None:
    policies, registry = moderation.store.policies, moderation.store.registry
    real, runs = policies._db.run, []

    def run(*args: Any) -> Any:
        if not runs:
            registry.save_site(replace(registry.site("blog"), rate=7.0))
        runs.append(args[0])
        return real(*args)

    with patch.object(policies._db, "run", run):
        policies.save("blog", Policy(audit=0.5), "ana", 1.0)
    site = registry.site("blog")
    assert (site.rate, site.policy.audit, site.policy.version) == (7.0, 0.5, BLOG.policy.version + 1)
    assert runs == ["set_policy", "set_policy"]
    assert [v.by for v in policies.versions("blog")] == ["ana", ""]


def test_it_gives_a_webhook_the_answer_that_it_got_as_something_else(store: Store) -> None:
    comment, body = Comment("blog", "1", "hi"), keys.digest(b"body")
    store.hooks.remember("blog", "w", body.hex(), '{"done": 3}')
    item = keys.item_id("blog", "1", store.partitions)
    arrival = Arrival(item, comment, "w", body, keys.digest(b"hi"), 1.0, 10.0, 10.0)
    judged = Judgement(Verdict.APPROVE, (), {}, "m", 1)
    assert store.queue.accept(arrival, judged, (), History()) == '{"done": 3}'
    with pytest.raises(NotFound):
        store.views.item(item)


def test_it_knows_no_comment_to_claim(moderation: Moderation) -> None:
    with pytest.raises(NotFound, match="no such comment"):
        moderation.store.queue.claim(NOTHING, ANA.name, 1.0, 60.0)


def test_it_forgets_only_what_a_reply_quoted(moderation: Moderation) -> None:
    store = moderation.store
    ids = [
        submit(moderation, "mine", n, **said)["id"] for n, said in (("1", {}), ("2", {"parent_text": "p"}))
    ]
    for item in ids:
        store.erasing.forget_parent(item)
    kept = [store.views.item(item).comment for item in ids]
    assert [(c.text, c.parent_text) for c in kept] == [("mine", ""), ("mine", "")]


def test_it_purges_a_log_of_many_pages(store: Store) -> None:
    count = 2 * erasing.BATCH + 1
    for n in range(count):
        store.registry.log({"at": float(n), "kind": "test", "n": n})
    assert store.erasing.purge_service_log(lambda entry: entry["n"] % 2 == 0) == erasing.BATCH + 1
    assert store.erasing.purge_service_log(lambda _: True) == erasing.BATCH


def test_it_archives_a_log_of_many_pages(store: Store) -> None:
    count = 2 * retiring.BATCH
    for n in range(count):
        store.registry.log({"at": float(n), "kind": "test"})
    old = [content["at"] for _, _, content in store.retiring.entries("log", 1e12)]
    assert old == [float(n) for n in range(count)]


def test_it_archives_nothing_of_an_item_that_goes_meanwhile(moderation: Moderation) -> None:
    ids = [submit(moderation, "fine", str(n))["id"] for n in range(2)]
    # As its erasure leaves it, between the list and the look.
    moderation.store._db.client.delete(f"{keys.prefix_of_item(ids[0])}c:{ids[0]}")
    ages = Ages(*[moderation.clock() + 1] * 4)
    assert [i for i, _ in moderation.store.retiring.items(ages)] == ids[1:]


def test_it_says_what_it_may_not_know_of_a_managed_server(store: Store, server_url: str) -> None:
    client: redis.Redis = store._db.client
    client.acl_setuser(
        "tenant", enabled=True, passwords=["+pw"], keys=["*"], channels=["*"], commands=["+@all", "-config"]
    )
    managed = Store(server_url.replace("unix://", "unix://tenant:pw@"))
    try:
        (facts,) = managed.registry.server_facts()
    finally:
        managed.close()
        client.acl_deluser("tenant")
    assert (facts["appendfsync"], facts["appendonly"]) == ("unknown", "yes")


def test_it_keeps_what_of_a_person_somebody_else_changes_meanwhile(moderation: Moderation) -> None:
    registry, asked = moderation.store.registry, []

    def disable(person: Person) -> Person:
        if not asked:
            registry.save_person(replace(person, sites=("other",)))
        asked.append(person.sites)
        return replace(person, disabled=True)

    registry.change_person("ana", disable)
    assert (registry.person("ana").sites, registry.person("ana").disabled) == (("other",), True)
    assert asked == [("blog",), ("other",)]


def test_it_has_room_for_each_site_by_itself(moderation: Moderation) -> None:
    for site in (BLOG, OTHER):
        moderation.store.registry.save_site(replace(site, rate=1.0, burst=1.0))
    submit(moderation, "fine")
    look, now = moderation.store.queue.look_for_room, moderation.clock()
    with pytest.raises(TooMany, match=r"^this site sends comments faster than its limit$"):
        look("blog", 1.0, 1.0, now)
    look("other", 1.0, 1.0, now)
    look("blog", 1.0, 1.0, now + 1.0)
