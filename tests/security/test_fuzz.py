"""Every endpoint, whatever it is asked by whoever may ask it: no 5xx, and no answer that never comes."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from service import signing
from service.domain import Person, Role
from service.moderation import Moderation
from tests.conftest import BLOG
from tests.pages import Visitor, give_password
from tests.security.world import CODED, KEYS, World, build, everything

#: For each endpoint, method and kind of asker; `make fuzz` asks for 10,000.
EXAMPLES = int(os.environ.get("MODQUEUE_FUZZ", "1"))
HANGS_S = 60

ODD = [
    "",
    "0",
    "-1",
    "1e400",
    "nan",
    "\0",
    "\ud800",
    "９",
    "a" * 20_000,
    "%00",
    "../..",
    "true",
    "[]",
    "{}",
    "'\"<",
]
strange = st.sampled_from(ODD) | st.text(max_size=60) | st.integers().map(str) | st.floats().map(str)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | strange,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(strange, inner, max_size=4),
    max_leaves=8,
)
headers = st.dictionaries(
    st.sampled_from(
        ["Accept", "Accept-Language", "Content-Type", "Idempotency-Key", "X-Modqueue-Site", "Range"]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
    | st.sampled_from(["application/json", "text/html", "de", "blog", "multipart/form-data; boundary=x"]),
    max_size=2,
)
Fields = dict[str, Any]
Asker = Callable[[str, str, Fields, dict[str, str]], TestResponse]


@pytest.fixture
def world(app: Flask, moderation: Moderation, tmp_path: Path) -> World:
    moderation.scorer.models = tmp_path
    moderation.store.registry.add_token(CODED["blog"], "of-blog", ("blog",))
    give_password(moderation.store, Person("ours", Role.ADMIN))
    return build(app, moderation)


def admin(world: World) -> Asker:
    """Ask as a person does who is signed in, by forms."""
    visitor = Visitor(world.app)
    visitor.enter("ours")
    token = next(f.fields["csrf_token"] for f in visitor.get("/account").forms if "csrf_token" in f.fields)

    def ask(method: str, path: str, fields: Fields, sent: dict[str, str]) -> TestResponse:
        plain = {k: v if isinstance(v, str) else json.dumps(v) for k, v in fields.items()}
        said = _sayable(plain | {"csrf_token": token})
        where: Fields = {"query_string": said} if method == "GET" else {"data": said}
        return visitor.client.open(path, method=method, headers=sent, **where)

    return ask


def program(world: World) -> Asker:
    """Ask as a program does, with a token and a key, by JSON."""
    client = world.app.test_client()

    def ask(method: str, path: str, fields: Fields, sent: dict[str, str]) -> TestResponse:
        keyed = {"Authorization": f"Bearer {CODED['blog']}", "X-Goog-Api-Key": KEYS["blog"]}
        named = {"api_key": KEYS["blog"], "blog": BLOG.url}
        said = _sayable({k: v for k, v in fields.items() if isinstance(v, str)} | named)
        where: Fields = {"query_string": said}
        if method != "GET":
            where |= {"json": fields} if "1." not in path[:4] else {"data": said}
        return client.open(path, method=method, headers=keyed | sent, **where)

    return ask


def blog(world: World) -> Asker:
    """Ask as a blog does, with a signature."""
    client = world.app.test_client()

    def ask(method: str, path: str, fields: Fields, sent: dict[str, str]) -> TestResponse:
        body = json.dumps(fields).encode()
        signed = signing.signed_headers(BLOG.secrets, "w", world.moderation.clock(), body)
        signed |= {"X-Modqueue-Site": "blog", "Content-Type": "application/json"}
        return client.open(path, method=method, headers=signed | sent, data=body)

    return ask


def _sayable(fields: Fields) -> Fields:
    # A browser or a library sends no half of a pair.
    return {k: v.encode("utf-8", "replace").decode() for k, v in fields.items()}


@contextmanager
def in_time() -> Iterator[None]:
    """Break off what does not end."""

    def late(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, HANGS_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def fuzz(world: World, ask: Asker, rule: Rule, method: str) -> None:
    usual, named = everything(world), world.named
    chosen = st.dictionaries(st.sampled_from(sorted(usual)), documents, max_size=3)
    others = st.dictionaries(st.sampled_from(sorted(rule.arguments) or ["-"]), strange, max_size=1)

    @given(chosen, others, headers)
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def one(fields: Fields, elsewhere: dict[str, str], sent: dict[str, str]) -> None:
        values = named | {k: v or "-" for k, v in _sayable(elsewhere).items() if "/" not in v}
        path = world.path(rule, **values)
        with in_time():
            status = ask(method, path, usual | fields, sent).status_code
        assert status < 500, (method, path, status)

    one()


# Pages take their time: they are asked in the long form alone.
ASKERS = [program, blog, *([admin] if "MODQUEUE_FUZZ" in os.environ else [])]


@pytest.mark.parametrize("asker", ASKERS)
def test_it_answers_whatever_it_is_asked(world: World, asker: Callable[[World], Asker]) -> None:
    for rule, method in world.rules():
        if rule.endpoint != "accounts.sign_out":
            fuzz(world, asker(world), rule, method)
