"""Answers in gzip: where they are taken and worth it, and the same words either way."""

from __future__ import annotations

import gzip

import pytest
from flask.testing import FlaskClient

GZIP = {"Accept-Encoding": "gzip", "Accept": "text/html"}


@pytest.mark.parametrize("path", ["/sign-in", "/static/desk.css", "/static/desk.js"])
def test_it_compresses_text_that_is_worth_it(client: FlaskClient, path: str) -> None:
    packed, plain = client.get(path, headers=GZIP, buffered=True), client.get(path, buffered=True)
    assert (packed.headers["Content-Encoding"], "Content-Encoding" in plain.headers) == ("gzip", False)
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data)
    if path != "/sign-in":  # whose token is another one each time
        assert gzip.decompress(packed.data) == plain.data


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/sign-in", {"Accept-Encoding": "gzip;q=0"}),
        ("/static/icon.svg", GZIP),
        ("/healthz", GZIP),
    ],
)
def test_it_leaves_the_rest_as_it_is(client: FlaskClient, path: str, headers: dict[str, str]) -> None:
    answer = client.get(path, headers=headers, buffered=True)
    assert answer.status_code == 200
    assert "Content-Encoding" not in answer.headers


def test_it_answers_that_nothing_has_changed(client: FlaskClient) -> None:
    first = client.get("/static/desk.css", headers=GZIP, buffered=True)
    known = GZIP | {"If-None-Match": first.headers["ETag"]}
    again = client.get("/static/desk.css", headers=known, buffered=True)
    assert (again.status_code, again.data) == (304, b"")
