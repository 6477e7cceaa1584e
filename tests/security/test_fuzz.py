"""Every endpoint, whatever it is asked by whoever may ask it: no 5xx, and no answer that never comes."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from service import signing
from service.domain import Person, Role
from service.moderation import Moderation
from service.scoring import Scorer
from service.store import Store
from tests.conftest import ADMIN, ANA, BEN, BLOG, OTHER, Clock, StubScorer
from tests.pages import Visitor, give_password
from tests.security.strange import Strange
from tests.security.world import CODED, KEYS, MARKS, World, build, everything

#: For each endpoint and method; `make fuzz` asks for 10,000, of those whose address begins with ONLY.
EXAMPLES = int(os.environ.get("MODQUEUE_FUZZ", "1"))
ONLY = os.environ.get("MODQUEUE_FUZZ_ONLY", "")
#: What is asked changes the world, and removes what would be asked about: so often there is a new one.
RENEWED = 250
HANGS_S = 60

Fields = dict[str, Any]
Asker = Callable[[Strange, str, str, Fields], TestResponse]


def person(world: World, number: int) -> Asker:
    """Ask as an admin does who is signed in, by forms."""
    visitor = Visitor(world.app)
    visitor.enter("ours")
    token = next(f.fields["csrf_token"] for f in visitor.get("/account").forms if "csrf_token" in f.fields)

    def ask(strange: Strange, method: str, path: str, fields: Fields) -> TestResponse:
        said = _sayable(strange.changed(fields) | {"csrf_token": token})
        where: Fields = {"query_string": said} if method == "GET" else {"data": said}
        return visitor.client.open(path, method=method, headers=strange.headers(), **where)

    return ask


def program(world: World, number: int) -> Asker:
    """Ask as a program does, with a token and a key, by JSON."""
    client = world.app.test_client(use_cookies=False)
    keyed = {"Authorization": f"Bearer {CODED['blog']}", "X-Goog-Api-Key": KEYS["blog"]}

    def ask(strange: Strange, method: str, path: str, fields: Fields) -> TestResponse:
        said = strange.changed(fields)
        headers = keyed | {"Content-Type": "application/json"} | strange.headers()
        where: Fields = {"query_string": _sayable(said)}
        if method != "GET":
            where = {"data": strange.body(said)}
        return client.open(path, method=method, headers=headers, **where)

    return ask


def akismet(world: World, number: int) -> Asker:
    """Ask as a blog does by Akismet's protocol, by forms."""
    client = world.app.test_client(use_cookies=False)

    def ask(strange: Strange, method: str, path: str, fields: Fields) -> TestResponse:
        said = _sayable(strange.changed(fields))
        where: Fields = {"query_string": said} if method == "GET" else {"data": said}
        return client.open(path, method=method, headers=strange.headers(), **where)

    return ask


def blog(world: World, number: int) -> Asker:
    """Ask as a blog does, with a signature."""
    client, asked = world.app.test_client(use_cookies=False), iter(range(number, number + RENEWED))

    def ask(strange: Strange, method: str, path: str, fields: Fields) -> TestResponse:
        body = strange.body(strange.changed(fields))
        headers = signing.signed_headers(BLOG.secrets, f"w{next(asked)}", world.moderation.clock(), body)
        coral = hmac.new(f"{MARKS[3]}-blog".encode(), body, hashlib.sha256).hexdigest()
        headers |= {"X-Modqueue-Site": "blog", "X-Coral-Signature": f"sha256={coral}"}
        headers |= {"Content-Type": "application/json"} | strange.headers()
        return client.open(path, method=method, headers=headers, data=body)

    return ask


#: Who asks for what is under an address.
ASKERS = {
    "/webhooks": blog, "/senders": blog, "/api": program, "/v1alpha1": program,
    "/1.": akismet, "/<key>": akismet, "": person,
}  # fmt: skip
COMMENT = {
    "comment_ID": 7, "comment_content": "a word of theirs", "comment_author": "Ida", "comment_post_ID": "3",
    "comment_author_email": "ida@reader.example", "comment_author_url": "https://ida.example/",
    "comment_author_IP": "203.0.113.9", "permalink": "https://blog.example/3", "parent_content": "and?",
}  # fmt: skip


def usual(world: World, rule: Rule) -> Fields:
    """Return what is asked of an endpoint rightly."""
    item, ruled = world.named["item_id"], {"decision": "reject", "reason": "spam", "note": "w"}
    moderated = {"comment_ID": "1", "outcome": "approve", "decided_by": "w"}
    text = {"comment": {"text": "a word of theirs"}, "languages": ["en"], "clientToken": "w"}
    coral = {"comment": {"body": "<p>words</p>"}, "author": {"id": "1"}, "story": {"id": "2", "url": "w"}}
    right: dict[str, Fields] = {
        "intake.receive": COMMENT,
        "feedback.decisions": {"type": "comment.moderated", "data": moderated},
        "feedback.erasures": {"type": "author.erase", "data": {"email": "ida@reader.example"}},
        "feedback.ping": {"type": "ping"},
        "senders.receive": {"id": "1", "text": "w"},
        "senders.coral": coral,
        "perspective.analyse": text | {"requestedAttributes": {"SPAM": {"scoreThreshold": 0.0}}},
        "perspective.suggest": text | {"attributeScores": {"SPAM": {"summaryScore": {"value": 0.9}}}},
        "api.comments": {"site": "blog", "lane": "pending", "limit": "5", "cursor": ""},
        "api.stats": {"site": "blog"},
        "api.claim": {}, "api.release": {"lease_token": "w"}, "api.undo": {}, "api.appeal_link": {},
        "api.comment": {}, "api.description": {},
        "api.decide": ruled, "api.decide_all": ruled | {"ids": [item]},
    }  # fmt: skip
    if asker_of(rule) is akismet:
        named = {"api_key": KEYS["blog"], "key": KEYS["blog"], "blog": BLOG.url, "user_ip": "203.0.113.9"}
        return {**COMMENT, **named, "user_agent": "w", "comment_date_gmt": "2026-01-01T00:00:00Z"}
    return right.get(rule.endpoint, everything(world))


def asker_of(rule: Rule) -> Callable[[World, int], Asker]:
    return next(asker for prefix, asker in ASKERS.items() if str(rule).startswith(prefix))


def _sayable(fields: Fields) -> dict[str, str]:
    # A browser or a library sends no half of a pair.
    plain = {k: v if isinstance(v, str) else json.dumps(v) for k, v in fields.items()}
    return {
        k.encode("utf-8", "replace").decode(): v.encode("utf-8", "replace").decode() for k, v in plain.items()
    }


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


@pytest.fixture
def scorer(tmp_path: Path) -> Any:
    """Give the shipped model where it is asked often, else one that takes no time to load."""
    found: Any = Scorer(tmp_path) if "MODQUEUE_FUZZ" in os.environ else StubScorer()
    found.models = tmp_path
    return found


@pytest.fixture
def new_world(app: Flask, store: Store, scorer: Any) -> Callable[[], World]:
    def new() -> World:
        store._db.client.flushall()
        for site in (BLOG, OTHER):
            store.registry.add_site(site)
        for one in (ANA, BEN, ADMIN):
            store.registry.add_person(one)
        store.registry.add_token(CODED["blog"], "of-blog", ("blog",))
        give_password(store, Person("ours", Role.ADMIN))
        moderation = Moderation(store, StubScorer(), clock=Clock())  # type: ignore[arg-type]  # of its shape
        app.extensions["moderation"] = moderation
        world = build(app, moderation)
        moderation.scorer = scorer
        return world

    return new


def fuzz(new_world: Callable[[], World], rule: Rule, method: str) -> None:
    answered, slowest, started = Counter[int](), (0.0, 0), time.monotonic()
    for number in range(EXAMPLES):
        if number % RENEWED == 0:
            world = new_world()
            ask, right = asker_of(rule)(world, number), usual(world, rule)
        strange = Strange(f"{method} {rule} {number}")
        elsewhere = {n: strange.text() for n in rule.arguments if strange.random() < 0.1}
        named = (
            world.named
            | {"key": KEYS["blog"]}
            | {n: v for n, v in _sayable(elsewhere).items() if v and "/" not in v}
        )
        began = time.monotonic()
        with in_time():
            status = ask(strange, method, world.path(rule, **named), right).status_code
        assert status < 500, f"{method} {rule} answers number {number} with {status}"
        slowest = max(slowest, (time.monotonic() - began, number))
        answered[status] += 1
    took = time.monotonic() - started
    late = f"the slowest {1000 * slowest[0]:.0f} ms (number {slowest[1]})"
    print(f"{method} {rule}: {dict(answered)}, {took:.0f} s, {late}")


#: Pages take their time: they are asked in the long form alone.
ROOMS = [*filter(None, ASKERS), *([""] if "MODQUEUE_FUZZ" in os.environ else [])]


@pytest.mark.parametrize("room", ROOMS)
def test_it_answers_whatever_it_is_asked(new_world: Callable[[], World], room: str) -> None:
    for rule, method in new_world().rules():
        wanted = all(str(rule).startswith(prefix) for prefix in (room, ONLY))
        if wanted and asker_of(rule) is ASKERS[room] and rule.endpoint != "accounts.sign_out":
            fuzz(new_world, rule, method)
