"""A request that has waited too long is refused at once; any other reaches the application."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.workers.gthread import ThreadWorker
from werkzeug.test import Client

from service import shedding


def application(_environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"done"]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Ask after a wait of some seconds, by way of a worker that has no sockets."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(shedding.time, "monotonic", lambda: clock.now)
    monkeypatch.setattr(ThreadWorker, "enqueue_req", lambda _self, _conn: None)
    client = Client(shedding.shed(application))
    monkeypatch.setattr(ThreadWorker, "handle", lambda _self, _conn: client.post("/webhooks/comments"))

    def ask(seconds: float) -> Any:
        worker, conn = shedding.Worker.__new__(shedding.Worker), SimpleNamespace()
        worker.enqueue_req(conn)
        clock.now += seconds
        return worker.handle(conn)

    return ask


@pytest.mark.parametrize("seconds", [0, 1.9])
def test_it_lets_through_what_has_not_waited_long(asked: Any, seconds: float) -> None:
    assert asked(seconds).data == b"done"


def test_it_refuses_what_has_waited_too_long_and_only_that(asked: Any) -> None:
    refused = asked(2.1)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert refused.json["status"] == 503
    assert asked(0).status_code == 200
