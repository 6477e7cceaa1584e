"""The worker with nobody to work with: the store is away, every thread waits, rescoring breaks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service import delivery
from service.config import Settings
from service.delivery import Worker
from service.domain import Item
from service.errors import Unavailable
from service.moderation import Moderation
from tests.conftest import OTHER, logs_put_back
from tests.delivery.conftest import Receiver

Decide = Callable[..., Item]
SETTINGS = Settings(secret_key="a" * 64, redis_url="unix:///nowhere/there.sock")


@pytest.fixture
def single(moderation: Moderation, receiver: Receiver) -> Iterator[Worker]:
    worker = Worker(moderation, allow_private=True, threads=1)
    yield worker
    receiver.gate.set()
    worker.close()


def test_it_leases_nothing_while_every_thread_and_place_is_taken(
    single: Worker,
    moderation: Moderation,
    decided: Decide,
    receiver: Receiver,
    new_receiver: Callable[[], Receiver],
) -> None:
    others = [OTHER, replace(OTHER, id="third")]
    second, third = new_receiver(), new_receiver()
    for site, theirs in zip(others, (second, third), strict=True):
        moderation.store.registry.save_site(replace(site, url=theirs.url, callback_url=theirs.url))
    receiver.answers = [receiver.hold]
    decided("1")
    assert single._start_due() == 1
    receiver.wait_for()
    decided("1", "other")
    assert single._start_due() == 1
    decided("1", "third")
    assert single._start_due() == 0
    receiver.gate.set()
    second.wait_for()
    single.run_once()
    third.wait_for()


def test_it_goes_on_rescoring_after_it_broke(
    worker: Worker,
    moderation: Moderation,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(delivery, "RESCORE_S", 0.001)
    stop, ends = threading.Event(), iter([Unavailable("away"), KeyError("a comment's text"), 0, 3])

    def rescore() -> int:
        end = next(ends)
        if isinstance(end, Exception):
            raise end
        if end:
            stop.set()
        return end

    monkeypatch.setattr(moderation, "rescore", rescore)
    worker._keep_rescoring(stop)
    told = capsys.readouterr().out
    assert told.count("rescoring broke") == 1
    assert told.count("rescored ") == 1
    assert "away" not in told


def test_it_waits_for_the_store_and_begins_when_it_is_there(
    moderation: Moderation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "OUTAGE_PAUSE_S", 0.001)
    tries = iter([Unavailable("away"), Unavailable("away"), moderation])

    def connect(_: Settings) -> Moderation:
        found = next(tries)
        if isinstance(found, Unavailable):
            raise found
        return found

    monkeypatch.setattr(delivery, "connect", connect)
    assert delivery.connect_until(SETTINGS, threading.Event()) is moderation


def test_it_ends_when_it_is_told_so_before_the_store_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            nonlocal asked
            asked += 1
            self.set()
            return True

    def ended(*_: Any) -> None:
        raise AssertionError("there is no store to work on")

    monkeypatch.setenv("MODQUEUE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MODQUEUE_REDIS_URL", SETTINGS.redis_url)
    monkeypatch.setattr(delivery, "stop_event", Stop)
    monkeypatch.setattr(delivery, "Worker", ended)
    with logs_put_back():
        delivery.main()
    assert asked == 1
