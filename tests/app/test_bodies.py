"""Bodies that come in pieces, without saying how long they are: whole, or refused."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask.testing import FlaskClient

from service import signing
from tests.conftest import BLOG, Clock

KIB = 1024
PATHS = ["/webhooks/comments", "/v1alpha1/comments:analyze?key=x", "/senders/comments", "/sign-in"]


class Broken(io.BytesIO):
    """What a server gives where a piece is none."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise RuntimeError("invalid chunk size")


def in_pieces(client: FlaskClient, path: str, body: io.BytesIO, **headers: str) -> Any:
    given = {"wsgi.input_terminated": True, "CONTENT_TYPE": "application/json"}
    return client.post(path, input_stream=body, environ_overrides=given, headers=headers)


def signed(clock: Clock, body: bytes) -> dict[str, str]:
    headers = signing.signed_headers(BLOG.secrets, "msg_1", clock(), body)
    return {**headers, "X-Modqueue-Site": "blog"}


def test_a_body_in_pieces_is_read_as_a_whole(client: FlaskClient, clock: Clock) -> None:
    body = b'{"comment_ID": "1", "comment_content": "[spam=0.99]"%s}' % (b" " * 60 * KIB)
    answer = in_pieces(client, "/webhooks/comments", io.BytesIO(body), **signed(clock, body))
    assert (answer.status_code, answer.get_json()["verdict"]) == (200, "reject")


def test_one_that_is_too_long_is_refused_and_not_judged_by_its_beginning(
    client: FlaskClient, clock: Clock
) -> None:
    body = b'{"comment_ID": "1", "comment_content": "x"%s}' % (b" " * 64 * KIB)
    assert in_pieces(client, "/webhooks/comments", io.BytesIO(body), **signed(clock, body)).status_code == 413
    form = io.BytesIO(b"blog=x&user_ip=1.2.3.4&comment_content=x&y=" + b"y" * 600 * KIB)
    answer = in_pieces(
        client, "/1.1/comment-check", form, **{"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert (answer.status_code, answer.text) == (200, "invalid")
    assert answer.headers["X-akismet-debug-help"] == "body: longer than 524288 bytes"


@pytest.mark.parametrize("path", PATHS)
def test_pieces_that_are_none_are_the_senders_fault(client: FlaskClient, path: str) -> None:
    assert in_pieces(client, path, Broken(), **{"X-Modqueue-Site": "blog"}).status_code in (400, 401)
