"""The worker tells the blog: again where it must, and no longer than it may."""

from __future__ import annotations

import json
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from service.delivery import LADDER_S, Worker
from service.domain import Item, ReasonCode, Ruling, Secret, Site
from service.moderation import Moderation, Wish
from tests.conftest import ANA, Clock, submit
from tests.delivery.conftest import Decide, Receiver, reply, state


def outcomes(receiver: Receiver) -> list[str]:
    return [json.loads(r.body)["data"]["outcome"] for r in receiver.received]


def test_it_tells_the_blog(
    worker: Worker, moderation: Moderation, decided: Decide, receiver: Receiver
) -> None:
    item = decided("12")
    assert worker.run_once() == 1
    (request,) = receiver.received
    assert request.path == "/hook?a=b"
    assert json.loads(request.body) == {
        "type": "comment.decided", "timestamp": "2027-01-15T08:00:00.000Z",
        "data": {
            "site": "blog", "comment_ID": "12", "id": item.id, "outcome": "reject", "reason": "hateful",
            "decided_by": "ana", "decided_at": "2027-01-15T08:00:00.000Z", "revision": 1,
        },
    }  # fmt: skip
    assert (state(moderation, item).state, state(moderation, item).attempts) == ("confirmed", 1)
    assert worker.run_once() == 0
    assert moderation.store.outbox.depth() == (0, 0)


def test_it_tries_again_under_the_same_id(
    worker: Worker, moderation: Moderation, decided: Decide, receiver: Receiver, clock: Clock
) -> None:
    receiver.answers = [500, 200]
    item = decided()
    worker.run_once()
    assert (state(moderation, item).state, state(moderation, item).error) == ("retrying", "HTTP 500")
    clock.move(4)
    assert worker.run_once() == 0
    clock.move(2)
    assert worker.run_once() == 1
    assert state(moderation, item).state == "confirmed"
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
    assert first.body == second.body


def test_it_climbs_the_ladder_and_gives_up(
    worker: Worker, moderation: Moderation, decided: Decide, receiver: Receiver, clock: Clock
) -> None:
    receiver.answers = [500] * (len(LADDER_S) + 1)
    item = decided()
    for step in LADDER_S:
        assert worker.run_once() == 1
        next_at = state(moderation, item).next_at
        assert next_at is not None
        assert 0.9 * step <= next_at - clock() <= 1.1 * step
        clock.now = next_at
    assert worker.run_once() == 1
    assert state(moderation, item).state == "dead"
    assert state(moderation, item).error == "out of attempts; the last: HTTP 500"
    clock.move(10**7)
    assert worker.run_once() == 0
    assert len(receiver.received) == 11


def test_it_sends_a_dead_letter_again_when_asked(
    worker: Worker, moderation: Moderation, decided: Decide, receiver: Receiver, clock: Clock
) -> None:
    site = moderation.store.registry.site("blog")
    moderation.store.registry.save_site(replace(site, callback_disabled="for a test"))
    item = decided()
    worker.run_once()
    ((_, item_id, dead),) = moderation.store.outbox.dead()
    assert (item_id, dead.error) == (item.id, "for a test")
    moderation.store.registry.save_site(site)
    moderation.store.outbox.redrive(dead.id, "test", clock())
    assert worker.run_once() == 1
    assert [r.headers["webhook-id"] for r in receiver.received] == [dead.id]
    assert moderation.store.outbox.depth() == (0, 0)


def test_it_waits_as_long_as_the_blog_asks(
    worker: Worker, moderation: Moderation, decided: Decide, receiver: Receiver, clock: Clock
) -> None:
    receiver.answers = [lambda h: reply(h, 429, Retry_After="600"), lambda h: reply(h, 429, Retry_After="0")]
    item = decided()
    worker.run_once()
    assert state(moderation, item).next_at == clock() + 600
    clock.move(600)
    worker.run_once()
    next_at = state(moderation, item).next_at
    assert next_at is not None
    assert next_at - clock() >= 27, "never sooner than the ladder says"


def test_it_disables_the_callback_of_a_blog_that_is_gone(
    worker: Worker, moderation: Moderation, decided: Decide, receiver: Receiver, site: Site
) -> None:
    changed = replace(site, rate=7.0)

    def gone(handler: BaseHTTPRequestHandler) -> None:
        # An admin changes the site at this very moment; that must not be lost.
        moderation.store.registry.save_site(changed)
        reply(handler, 410)

    receiver.answers = [gone]
    items = [decided("1")]
    worker.run_once()
    items.append(decided("2"))
    worker.run_once()
    disabled = "The blog answered HTTP 410 (gone) on 2027-01-15 08:00 UTC; " \
               "callbacks are off until its address is set again."  # fmt: skip
    assert moderation.store.registry.site("blog") == replace(changed, callback_disabled=disabled)
    assert [state(moderation, i).state for i in items] == ["dead", "dead"]
    assert [state(moderation, i).error for i in items] == [
        "HTTP 410: the blog takes no callbacks any more",
        disabled,
    ]
    assert len(receiver.received) == 1


def test_it_leaves_an_address_alone_that_was_set_meanwhile(
    worker: Worker, moderation: Moderation, decided: Decide, receiver: Receiver, site: Site
) -> None:
    moved = replace(site, callback_url=f"{site.url}/new")

    def gone(handler: BaseHTTPRequestHandler) -> None:
        moderation.store.registry.save_site(moved)
        reply(handler, 410)

    receiver.answers = [gone]
    decided()
    worker.run_once()
    assert moderation.store.registry.site("blog") == moved


def test_it_buries_what_has_nowhere_to_go(
    worker: Worker, moderation: Moderation, decided: Decide, receiver: Receiver, site: Site
) -> None:
    items = [decided("1")]
    moderation.store.registry.save_site(replace(site, callback_url=""))
    worker.run_once()
    moderation.store.registry.save_site(site)
    items.append(decided("2"))
    moderation.store.registry.remove_site("blog")
    worker.run_once()
    assert [state(moderation, i).error for i in items] == [
        "the site has no callback address",
        "the site was removed",
    ]
    assert receiver.received == []


def test_it_keeps_trying_a_site_whose_secret_is_broken(
    worker: Worker, moderation: Moderation, decided: Decide, site: Site
) -> None:
    moderation.store.registry.save_site(replace(site, secrets=(Secret("whsec_%%%"),)))
    item = decided()
    worker.run_once()
    assert state(moderation, item).state == "retrying"


def test_it_sends_nothing_to_private_addresses(
    moderation: Moderation, decided: Decide, receiver: Receiver
) -> None:
    item = decided()
    worker = Worker(moderation, allow_private=False)
    worker.run_once()
    worker.close()
    assert "not public" in state(moderation, item).error
    assert receiver.received == []


def test_it_forgets_a_decision_that_was_overtaken(
    worker: Worker, moderation: Moderation, decided: Decide, receiver: Receiver, clock: Clock
) -> None:
    receiver.answers = [500]
    item = decided()
    worker.run_once()
    clock.move(1)
    undone = moderation.undo(ANA, item.id)
    assert worker.run_once() == 1
    clock.move(10**6)
    assert worker.run_once() == 0
    assert outcomes(receiver) == ["reject", "hold"]
    assert state(moderation, undone).state == "confirmed"


@pytest.mark.parametrize("first_answer", [200, 500])
def test_it_says_the_newer_word_last(
    worker: Worker, moderation: Moderation, decided: Decide, receiver: Receiver, first_answer: int
) -> None:
    clock: Any = moderation.clock

    def slow(handler: BaseHTTPRequestHandler) -> None:
        receiver.gate.wait(10)
        reply(handler, first_answer)

    receiver.answers = [slow]
    item = decided()
    assert worker._start_due() == 1
    receiver.wait_for()
    for _ in range(2):
        # Two newer words while the first is on its way: neither may pass it.
        clock.move(1)
        moderation.undo(ANA, item.id)
        assert worker._start_due() == 0
        item = decided_again(moderation, item)
        assert worker._start_due() == 0
    receiver.gate.set()
    worker.run_once()
    clock.move(1)
    worker.run_once()
    assert outcomes(receiver) == ["reject", "approve"]
    clock.move(10**6)
    assert worker.run_once() == 0


def decided_again(moderation: Moderation, item: Item) -> Item:
    return moderation.decide(ANA, item.id, Wish(Ruling.APPROVE))


def test_it_does_not_repeat_an_older_word_after_a_crash(
    worker: Worker, moderation: Moderation, decided: Decide, receiver: Receiver, clock: Clock
) -> None:
    item = decided()
    moderation.store.outbox.lease_due(clock(), 30, 8)  # by a worker that dies at once
    moderation.undo(ANA, item.id)
    clock.move(31)
    assert worker.run_once() == 1
    clock.move(10**6)
    assert worker.run_once() == 0
    assert outcomes(receiver) == ["hold"]


def test_it_says_nothing_of_a_decision_that_an_edit_has_overtaken(
    moderation: Moderation, decided: Decide, clock: Clock
) -> None:
    outbox = moderation.store.outbox
    decided()
    (on_its_way,) = outbox.lease_due(clock(), 30, 8)
    clock.move(1)
    edited = submit(moderation, "[hateful=0.8]", "1")["id"]
    moderation.decide(ANA, edited, Wish(Ruling.REJECT, ReasonCode.HATEFUL))
    submit(moderation, "fine", "1")
    outbox.settle(on_its_way, "confirmed", clock())
    clock.move(10**6)
    assert outbox.lease_due(clock(), 30, 8) == []
    assert outbox.depth() == (0, 0)
