"""The outbox worker: at least once, in order, and for each site by itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from typing import Any
from unittest.mock import patch

import pytest

from service import delivery
from service.delivery import LADDER_S, Worker
from service.domain import Item, Lane, Ruling, Secret, Site
from service.errors import Unavailable
from service.moderation import Moderation, Wish
from tests.conftest import ANA, OTHER, Clock, submit
from tests.delivery.conftest import Receiver, reply, state

Decide = Callable[..., Item]


def outcomes(receiver: Receiver) -> list[str]:
    return [json.loads(r.body)["data"]["outcome"] for r in receiver.received]


@contextmanager
def running(worker: Worker, receiver: Receiver) -> Iterator[None]:
    """Run the worker's loop in a thread."""
    stop = threading.Event()
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        receiver.gate.set()
        stop.set()
        thread.join(60)
    assert not thread.is_alive()


def eventually(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


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


def test_it_sends_again_after_a_crash_between_sending_and_settling(
    worker: Worker, moderation: Moderation, decided: Decide, receiver: Receiver, clock: Clock
) -> None:
    item = decided()
    with patch.object(moderation.store.outbox, "settle_all", side_effect=Unavailable("away")):
        worker.run_once()
    assert worker.run_once() == 0
    clock.move(31)
    assert worker.run_once() == 1
    assert state(moderation, item).state == "confirmed"
    assert len(receiver.received) == 2
    assert len({r.headers["webhook-id"] for r in receiver.received}) == 1


def test_it_tries_again_what_needed_the_store_while_that_was_away(
    worker: Worker, moderation: Moderation, decided: Decide, clock: Clock
) -> None:
    item = decided()
    with patch.object(worker._ways, "send", side_effect=Unavailable("away")):
        worker.run_once()
    clock.move(31)
    assert worker.run_once() == 1
    assert state(moderation, item).state == "confirmed"


def test_it_settles_what_was_in_flight_when_it_is_told_to_stop(
    worker: Worker, moderation: Moderation, decided: Decide
) -> None:
    item = decided()
    assert worker._start_due() == 1
    worker.close()
    assert state(moderation, item).state == "confirmed"


def test_it_survives_an_attempt_that_breaks(
    worker: Worker, moderation: Moderation, decided: Decide, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("a comment's text")

    monkeypatch.setattr(worker._ways, "send", broken)
    item = decided()
    worker.run_once()
    assert state(moderation, item).error == "internal error: KeyError"


# Order


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


# Fairness


def test_it_leases_no_more_than_it_starts_and_not_all_for_one_site(
    worker: Worker, moderation: Moderation, decided: Decide, receiver: Receiver
) -> None:
    receiver.answers = [receiver.hold] * 4
    for n in range(12):
        decided(str(n))
    assert worker._start_due() == 4
    receiver.wait_for(4)
    assert worker._start_due() == 0
    assert len(receiver.received) == 4
    receiver.gate.set()
    started = [worker.run_once() for _ in range(3)]
    assert started[1:] == [4, 4]
    assert len(receiver.received) == 12


def test_it_lets_a_hanging_site_stop_no_other(
    worker: Worker,
    moderation: Moderation,
    decided: Decide,
    receiver: Receiver,
    new_receiver: Callable[[], Receiver],
) -> None:
    healthy = new_receiver()
    moderation.store.registry.save_site(replace(OTHER, url=healthy.url, callback_url=healthy.url))
    receiver.answers = [receiver.hold] * 50
    for n in range(50):
        decided(str(n))
    with running(worker, receiver):
        receiver.wait_for(4)
        for n in range(10):
            decided(str(n), "other")
        healthy.wait_for(10)
        assert len(receiver.received) == 4


def test_it_tries_a_failing_site_with_one_thread(worker: Worker, decided: Decide, receiver: Receiver) -> None:
    receiver.answers = [500, 500, 500, 500, 500, 200]
    for n in range(12):
        decided(str(n))
    assert [worker.run_once() for _ in range(5)] == [4, 1, 1, 4, 2]


# The loop


def test_it_looks_several_times_a_second_and_tells_the_blog(
    worker: Worker, decided: Decide, receiver: Receiver
) -> None:
    assert delivery.POLL_S <= 0.3
    with running(worker, receiver):
        for n in range(3):
            decided(str(n))
            receiver.wait_for()


def test_it_shows_that_it_is_alive(
    worker: Worker, moderation: Moderation, receiver: Receiver, clock: Clock
) -> None:
    assert moderation.store.registry.last_beat("delivery") is None
    with running(worker, receiver):
        eventually(lambda: moderation.store.registry.last_beat("delivery") == clock())


def test_it_rescores_when_the_scorer_works_again(
    worker: Worker, moderation: Moderation, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "RESCORE_S", 0.02)
    model: Any = moderation.scorer.current()
    model.broken = True
    submit(moderation, "fine")
    with running(worker, receiver):
        assert moderation.store.views.lanes(["blog"])[Lane.ERRORS].count == 1
        model.broken = False
        eventually(lambda: moderation.store.views.lanes(["blog"])[Lane.ERRORS].count == 0)


def test_it_survives_an_outage_of_the_store(
    worker: Worker,
    moderation: Moderation,
    decided: Decide,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivery, "OUTAGE_PAUSE_S", 0.01)
    real, away = moderation.store.outbox.lease_due, threading.Semaphore(0)

    def lease_due(*args: Any, **kwargs: Any) -> Any:
        if len(tries) < 3:
            tries.append(1)
            away.release()
            raise Unavailable("away")
        return real(*args, **kwargs)

    tries: list[int] = []
    monkeypatch.setattr(moderation.store.outbox, "lease_due", lease_due)
    decided()
    with running(worker, receiver):
        receiver.wait_for()
    assert len(tries) == 3


def test_it_logs_no_text_address_or_secret(
    worker: Worker,
    moderation: Moderation,
    decided: Decide,
    receiver: Receiver,
    capsys: pytest.CaptureFixture[str],
) -> None:
    receiver.answers = [lambda h: reply(h, 500, b"<b>stack trace</b>", X_Note="private")]
    decided()
    worker.run_once()
    out = "".join(capsys.readouterr())
    assert "dl_" in out
    for secret in ("hateful=0.9", "127.0.0.1", "whsec_", "stack trace", "private", "v1,"):
        assert secret not in out


@pytest.mark.process
def test_it_finishes_what_is_in_flight_when_it_is_told_to_stop(
    server_url: str, moderation: Moderation, decided: Decide, receiver: Receiver, clock: Clock
) -> None:
    clock.now = time.time()
    receiver.answers = [receiver.hold]
    item = decided()
    env = {**os.environ, "MODQUEUE_REDIS_URL": server_url, "MODQUEUE_ALLOW_PRIVATE_CALLBACKS": "1"}
    process = subprocess.Popen([sys.executable, "-m", "service.delivery"], env=env)
    try:
        receiver.wait_for(seconds=60)  # a process of its own must load the model first
        process.send_signal(signal.SIGTERM)
        receiver.gate.set()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
    assert state(moderation, item).state == "confirmed"
