"""The stand-in blog: decisions by signed callbacks, hostile text stays text."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service import signing
from service.demo.blog import Blog, create_app
from service.domain import Secret

SECRET = Secret(signing.new_secret())


@pytest.fixture
def blog(monkeypatch: pytest.MonkeyPatch) -> Blog:
    """Give a blog whose comments are all held; the real service is in test_demo.py."""
    blog = Blog("http://127.0.0.1:1", SECRET)
    monkeypatch.setattr(blog, "_ask", lambda _fields: {"verdict": "hold", "reasons": ["score:hateful"]})
    blog.address = "http://127.0.0.1:2"
    return blog


@pytest.fixture
def client(blog: Blog) -> FlaskClient:
    return create_app(blog).test_client()


def write(blog: Blog, text: str = "Text") -> None:
    blog.write({"comment_ID": "7", "comment_post_ID": "3", "comment_author": "Ana", "comment_content": text})


def tell(
    client: FlaskClient, delivery: str, outcome: str, at: str = "2026-11-22T10:00:00.000Z", **kwargs: Any
) -> TestResponse:
    data = {"comment_ID": "7", "outcome": outcome, "reason": None, "decided_by": "ben", "decided_at": at}
    body = json.dumps({"type": "comment.decided", "timestamp": at, "data": data}).encode()
    headers = signing.signed_headers([kwargs.get("secret", SECRET)], delivery, time.time(), body)
    return client.post("/modqueue", data=body, headers=headers)


def state(client: FlaskClient) -> str:
    counts = client.get("/changes.json?post=3&since=").get_json()["counts"]
    found = [name for name, n in counts.items() if n]
    assert len(found) == 1
    return str(found[0].removeprefix("3."))


def test_it_shows_a_held_comment_as_waiting_with_the_reason(blog: Blog, client: FlaskClient) -> None:
    write(blog)
    page = client.get("/posts/3").get_data(as_text=True)
    assert "waiting for a moderator" in page
    assert "The machine held it: it may be hateful" in " ".join(page.split())


def test_it_changes_a_comment_by_a_signed_callback(blog: Blog, client: FlaskClient) -> None:
    write(blog)
    assert tell(client, "dl_1", "approve").status_code == 204
    assert state(client) == "published"
    assert "Approved by <bdi>ben</bdi>" in " ".join(client.get("/").get_data(as_text=True).split())


def test_it_refuses_a_callback_that_somebody_else_signed(blog: Blog, client: FlaskClient) -> None:
    write(blog)
    assert tell(client, "dl_1", "approve", secret=Secret(signing.new_secret())).status_code == 401
    assert state(client) == "waiting"


def test_it_applies_a_delivery_once(blog: Blog, client: FlaskClient) -> None:
    write(blog)
    tell(client, "dl_1", "reject")
    tell(client, "dl_2", "hold", "2026-11-22T10:00:01.000Z")
    assert tell(client, "dl_1", "reject", "2026-11-22T10:00:02.000Z").status_code == 204
    assert state(client) == "waiting"
    assert blog.confirmed == {"dl_1", "dl_2"}


def test_it_keeps_a_later_decision(blog: Blog, client: FlaskClient) -> None:
    write(blog)
    tell(client, "dl_2", "approve", "2026-11-22T10:00:05.000Z")
    assert tell(client, "dl_1", "reject", "2026-11-22T10:00:00.000Z").status_code == 204
    assert state(client) == "published"


def test_it_keeps_a_decision_that_was_faster_than_the_verdict(
    blog: Blog, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decided_meanwhile(_fields: dict[str, str]) -> dict[str, Any]:
        tell(client, "dl_1", "reject")
        return {"verdict": "hold", "reasons": []}

    monkeypatch.setattr(blog, "_ask", decided_meanwhile)
    write(blog)
    assert state(client) == "rejected"


def test_it_sends_html_only_when_something_changed(blog: Blog, client: FlaskClient) -> None:
    write(blog)
    version = client.get("/changes.json?post=3&since=").get_json()["version"]
    assert client.get(f"/changes.json?post=3&since={version}").get_json() == {"version": version}
    tell(client, "dl_1", "approve")
    assert "published" in client.get(f"/changes.json?post=3&since={version}").get_json()["html"]


@pytest.mark.parametrize("path", ["/", "/posts/3", "/changes.json"])
def test_it_escapes_comments(blog: Blog, client: FlaskClient, path: str) -> None:
    write(blog, "<script>alert(1)</script>")
    response = client.get(path)
    text = response.get_json()["html"] if response.is_json else response.get_data(as_text=True)
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]


def test_it_takes_a_readers_own_comment(blog: Blog, client: FlaskClient) -> None:
    answer = client.post("/posts/3/comments", data={"text": " Mine ", "author": "Me"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/posts/3#comments")
    assert [s.fields["comment_content"] for s in blog.under("3")] == ["Mine"]


@pytest.mark.parametrize(
    "form", [{"text": "  "}, {"text": "a" * 5001}, {"text": "a", "author": "b" * 101}, {}]
)
def test_it_refuses_a_form_of_the_wrong_size(blog: Blog, client: FlaskClient, form: dict[str, str]) -> None:
    assert client.post("/posts/3/comments", data=form).status_code == 422
    assert blog.under("3") == []


def test_it_says_when_the_service_does_not_take_a_comment(
    blog: Blog, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_fields: dict[str, str]) -> dict[str, Any]:
        raise requests.ConnectionError

    monkeypatch.setattr(blog, "_ask", away)
    assert client.post("/posts/3/comments", data={"text": "Mine"}).status_code == 502
    assert blog.under("3") == []


def test_it_knows_no_other_posts(client: FlaskClient) -> None:
    answer = client.get("/posts/99")
    assert answer.status_code == 404
    assert "To the front page" in answer.get_data(as_text=True)
    assert client.post("/posts/99/comments", data={"text": "Mine"}).status_code == 404
