"""Health, readiness, figures, and the headers that every answer carries."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from service.errors import Unavailable
from service.moderation import Moderation
from tests.conftest import Clock, Sender


def test_it_is_alive(client: FlaskClient) -> None:
    assert client.get("/healthz").get_json() == {"status": "ok"}


def test_it_is_ready_only_while_the_worker_beats(
    client: FlaskClient, moderation: Moderation, clock: Clock
) -> None:
    assert client.get("/readyz").status_code == 503
    moderation.store.registry.beat("delivery", clock())
    assert client.get("/readyz").get_json() == {"ready": True, "store": "ok", "model": "ok", "worker": "ok"}
    clock.move(20)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert "worker" in response.get_json()["worker"]


def test_it_asks_a_store_that_fails_once(
    client: FlaskClient, moderation: Moderation, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def fail(*arguments: str) -> None:
        asked.append("store")
        raise Unavailable("away")

    monkeypatch.setattr(moderation.store.registry, "ping", fail)
    monkeypatch.setattr(moderation.store.registry, "last_beat", fail)
    known = client.get("/readyz").get_json()
    assert (asked, known["store"], known["ready"]) == (["store"], "away", False)


def test_it_writes_figures_for_prometheus(client: FlaskClient, sender: Sender, clock: Clock) -> None:
    sender.comment("[spam=0.8]", "1")
    sender.comment("fine", "2")
    clock.move(60)
    text = client.get("/metrics").get_data(as_text=True)
    assert 'modqueue_events{event="verdict:hold"} 1.0' in text
    assert 'modqueue_pending{lane="spam"} 1.0' in text
    assert 'modqueue_oldest_pending_seconds{lane="spam"} 60.0' in text
    assert "modqueue_dead_letters 0.0" in text


def test_it_sends_strict_headers(client: FlaskClient) -> None:
    headers = client.get("/healthz").headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert (headers["X-Content-Type-Options"], headers["Cache-Control"]) == ("nosniff", "no-store")


def test_it_answers_errors_as_problem_json(client: FlaskClient) -> None:
    response = client.get("/api/nowhere")
    assert (response.status_code, response.mimetype) == (404, "application/problem+json")
    assert response.get_json()["status"] == 404
