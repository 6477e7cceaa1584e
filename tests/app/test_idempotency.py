"""Idempotency-Key: a POST of the API sent twice is done once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.errors import Unavailable
from service.moderation import Moderation
from tests.conftest import Clock, submit

APPROVE = {"decision": "approve"}


@pytest.fixture
def item(moderation: Moderation) -> str:
    for token in ("t" * 43, "o" * 43):
        moderation.store.registry.add_token(token, token[:1], ("blog",))
    return str(submit(moderation, "[hateful=0.9]")["id"])


def post(
    client: FlaskClient, path: str, body: Any = APPROVE, key: str = "k-1", token: str = "t"
) -> TestResponse:
    headers = {"Authorization": f"Bearer {token * 43}", "Idempotency-Key": key}
    return client.post(f"/api/v1/{path}", json=body, headers=headers)


def test_it_does_once_what_is_asked_twice(client: FlaskClient, moderation: Moderation, item: str) -> None:
    first, again = (post(client, f"comments/{item}/decision") for _ in range(2))
    assert (first.status_code, again.status_code, first.data) == (200, 200, again.data)
    assert (first.mimetype, again.mimetype) == ("application/json",) * 2
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert len(moderation.store.views.examples("blog")) == 1


def test_it_repeats_refusals_as_they_were(client: FlaskClient, item: str, clock: Clock) -> None:
    post(client, f"comments/{item}/decision")
    clock.move(1)
    first, again = (post(client, f"comments/{item}/decision", key="k-2") for _ in range(2))
    assert (first.status_code, again.status_code) == (409, 409)
    assert first.data == again.data
    assert again.mimetype == "application/problem+json"


@pytest.mark.parametrize("other", ["body", "path"])
def test_it_refuses_a_key_of_another_request(client: FlaskClient, item: str, other: str) -> None:
    post(client, f"comments/{item}/decision")
    path = f"comments/{item}/undo" if other == "path" else f"comments/{item}/decision"
    refused = post(client, path, {"decision": "approve", "note": "x"} if other == "body" else APPROVE)
    assert refused.status_code == 409
    assert "Idempotency-Key" in refused.get_json()["error"]


def test_it_tells_programs_apart(client: FlaskClient, item: str) -> None:
    post(client, f"comments/{item}/decision")
    theirs = post(client, f"comments/{item}/decision", token="o")
    assert theirs.status_code == 409
    assert "Idempotency-Replayed" not in theirs.headers


@pytest.mark.parametrize("key", ["", "x" * 256, "täst"])
def test_it_refuses_keys_that_are_none(client: FlaskClient, item: str, key: str) -> None:
    assert post(client, f"comments/{item}/decision", key=key).status_code == 422


def test_it_lets_a_request_that_failed_be_sent_again(
    client: FlaskClient, moderation: Moderation, item: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise Unavailable("the store cannot be reached")

    with monkeypatch.context() as broken:
        broken.setattr(moderation.store.queue, "decide", fail)
        assert post(client, f"comments/{item}/decision").status_code == 503
    assert post(client, f"comments/{item}/decision").status_code == 200


def test_it_says_that_the_same_request_is_being_worked_on(
    client: FlaskClient, moderation: Moderation, item: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moderation.store.requests, "finish", lambda *_: None)
    post(client, f"comments/{item}/decision")
    assert post(client, f"comments/{item}/decision").status_code == 409


def test_it_keeps_no_token_and_forgets_in_time(
    client: FlaskClient, moderation: Moderation, item: str
) -> None:
    post(client, f"comments/{item}/decision")
    with moderation.store.requests._db.guard() as store:
        (name,) = store.keys("mq:{meta}:request:*")
        assert 86_000 < store.ttl(name) <= 86_400
        assert "ttt" not in json.dumps([name, store.get(name)])
