"""The worker as it runs: crashes, outages, slow blogs, stopping, newer words."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest

from service import delivery
from service.delivery import Worker
from service.domain import Lane
from service.errors import Unavailable
from service.moderation import Moderation
from tests.conftest import OTHER, Clock, submit
from tests.delivery.conftest import Decide, Receiver, reply, state


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
