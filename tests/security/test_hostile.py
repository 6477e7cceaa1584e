"""The dearest bodies that a stranger can send cost a bounded amount of work."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import FrameType

import pytest
from flask import Flask

from bench import hostile

pytestmark = pytest.mark.process

# Calls of functions, of Python's or C's, until a body is answered: some thousands for a comment of 40 words,
# and of the longest no more than its length explains.
CALLS_MAX = 500_000
NAMES = [*hostile.TEXTS, *hostile.BODIES]


@pytest.fixture(scope="module")
def app() -> Iterator[Flask]:
    with hostile.service() as app:
        # What is loaded with the first comment is no work of a later one.
        hostile.ask(app, b'{"comment_ID": "0", "comment_content": "You are vermin. > a"}', "first")
        yield app


@pytest.fixture(scope="module")
def bodies() -> dict[str, bytes]:
    return dict(hostile.bodies())


def calls(app: Flask, body: bytes, message_id: str) -> tuple[int, int]:
    counted = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        status = hostile.ask(app, body, message_id)
    finally:
        sys.setprofile(None)
    return status, counted


@pytest.mark.parametrize("name", NAMES)
def test_it_answers_with_bounded_work(app: Flask, bodies: dict[str, bytes], name: str) -> None:
    status, counted = calls(app, bodies[name], name.replace(" ", "-"))
    assert status in (200, 413, 422)
    assert counted < CALLS_MAX
