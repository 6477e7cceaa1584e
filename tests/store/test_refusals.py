"""What the store refuses where a thing is gone or has changed since, and what it does over again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.domain import Decision, Policy, Ruling, Site
from service.errors import Conflict, NotFound
from service.moderation import Moderation, Wish
from service.store import Settlement, Store
from tests.conftest import ANA, BLOG, Clock, submit

NOTHING = "00" * 13


def test_it_knows_no_comment_to_appeal_for(store: Store) -> None:
    with pytest.raises(NotFound):
        store.appeals.submit(NOTHING, "1.0", "why", 1.0, "{}")


def test_it_knows_no_campaign_to_decide(store: Store) -> None:
    decision = Decision(Ruling.APPROVE, None, "ana", 1.0, "")
    with pytest.raises(NotFound):
        store.campaigns.begin(f"{NOTHING}-1", "decide", decision, 1.0, "{}")


def test_it_knows_no_comment_to_read_again(store: Store) -> None:
    readings = store.readings
    with pytest.raises(NotFound):
        readings.read_again(NOTHING, 1, by="ben", ruling="approve", reason="", now=1.0, entry="{}")
    with pytest.raises(Conflict, match="another decision"):
        readings.look(NOTHING, 1.0, "{}")
    with pytest.raises(Conflict, match="settled already"):
        readings.settle(NOTHING, "{}")
    assert readings.of(NOTHING) is None


def test_it_knows_no_site_to_change(store: Store) -> None:
    with pytest.raises(NotFound):
        store.registry.change_site("nowhere", lambda site: site)
    with pytest.raises(NotFound):
        store.registry.remove_site("nowhere")
    with pytest.raises(NotFound):
        store.policies.save("nowhere", Policy(), "ana", 1.0)


def test_it_keeps_what_somebody_else_changes_meanwhile(moderation: Moderation) -> None:
    registry, asked = moderation.store.registry, 0

    def rename(site: Site) -> Site:
        nonlocal asked
        asked += 1
        if asked == 1:
            registry.save_site(replace(site, rate=7.0))
        return replace(site, callback_url="https://blog.example/new")

    registry.change_site("blog", rename)
    changed = registry.site("blog")
    assert (changed.rate, changed.callback_url, asked) == (7.0, "https://blog.example/new", 2)


def test_it_refuses_a_policy_instead_of_one_that_is_not_in_force(moderation: Moderation) -> None:
    policies = moderation.store.policies
    set_ = policies.save("blog", Policy(audit=0.1), "ana", 1.0)
    with pytest.raises(Conflict, match=f"version {set_.version} is in force"):
        policies.save("blog", Policy(), "ben", 2.0, instead_of=BLOG.policy.version)


@pytest.mark.parametrize("delivery_id", ["x", f"dl_{NOTHING}_1"])
def test_it_knows_no_delivery(store: Store, delivery_id: str) -> None:
    with pytest.raises(NotFound):
        store.outbox.state("blog", delivery_id)


def test_it_remembers_who_was_erased_once_more_meanwhile(store: Store) -> None:
    store.erasing.remember("blog", "k", ["a"])
    seen = store.erasing.erased()
    store.erasing.remember("blog", "k", ["b"])
    store.erasing.forget_erased(seen)
    assert store.erasing.erased() == {("blog", "k"): frozenset("ab")}
    store.erasing.forget_erased(store.erasing.erased())
    assert store.erasing.erased() == {}


def test_it_settles_together_on_a_server_that_has_forgotten_the_scripts(
    moderation: Moderation, clock: Clock
) -> None:
    for n in range(3):
        item = submit(moderation, "[hateful=0.9]", str(n))["id"]
        moderation.decide(ANA, item, Wish(Ruling.APPROVE))
    outbox = moderation.store.outbox
    leased = outbox.lease_due(clock(), 30, 10)
    moderation.store._db.client.script_flush()
    settlements = [Settlement(delivery, "confirmed", clock()) for delivery in leased]
    assert outbox.settle_all(settlements) == ["confirmed"] * 3
    assert outbox.depth() == (0, 0)
