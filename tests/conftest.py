"""The shared cast: a real store, a scorer that does as it is told, an app and its client."""

from __future__ import annotations

import gc
import hashlib
import json
import logging
import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import hypothesis
import pytest
import redis
import structlog
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache

from service import create_app, signing
from service.config import Settings
from service.domain import Comment, Person, Role, Secret, Site
from service.moderation import Moderation
from service.store import Store, embedded
from tests.chromium import CHROMIUM, QUIET
from tests.stubs import StubScorer

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Until all tests are read: next to nothing of what that leaves is garbage.
gc.disable()

# Processes are found by their environment, which gunicorn hides where it finds setproctitle.
os.environ["SPT_NOENV"] = "1"

# Tests that share something costly, such as a WordPress or a service, are run by one process.
TOGETHER = re.compile(
    r"tests/(wordpress/test_akismet|wordpress(?!/test_(code|setup))|(akismet|perspective)/\w+"
    r"|classifier(?=/test_(gates|model|plain_path|quoting|registry|site))|classifier/test_retrain"
    r"|security/test_hostile|app/test_models|faults/test_store|process/test_serve)"
)

# Which part of the modules is asked for, such as 0/2. Processes that share nothing are done sooner than
# those of xdist, whose controller hears of each test three times: a test takes a hundredth of a second.
SHARD, SHARDS = map(int, os.environ.get("MODQUEUE_TESTS_SHARD", "0/1").split("/"))

# A module of nothing but process tests.
WHOLE = "\npytestmark = pytest.mark.process\n"

# How long an example takes says more of the machine than of us.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

SECRET = signing.new_secret()
BLOG = Site("blog", "https://blog.example", (Secret(SECRET),), callback_url="https://blog.example/modqueue")
OTHER = Site("other", "https://other.example", (Secret(signing.new_secret()),))
ANA = Person("ana", Role.MODERATOR, ("blog",))
BEN = Person("ben", Role.MODERATOR, ("blog",))
ADMIN = Person("admin", Role.ADMIN)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave unread what holds none of the tests asked for: to read it takes longer than many a test."""
    module = collection_path.match("test_*.py")
    if module and len(collection_path.name) % SHARDS != SHARD:  # as even as chance has it
        return True
    wanted = config.getoption("markexpr")
    if wanted not in ("process", "not process"):
        return None
    # Of a directory that holds none, not even the fixtures are read.
    within = collection_path.parent == Path(__file__).parent and collection_path.is_dir()
    modules = collection_path.glob("test_*.py") if within else [collection_path]
    tests = [path.read_text() for path in modules if path.match("test_*.py")]
    left = (WHOLE in text if wanted == "not process" else "mark.process" not in text for text in tests)
    return (bool(tests) and all(left)) or None


def pytest_collection_finish() -> None:
    """Spare the collector of garbage what lasts to the end."""
    gc.enable()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Share tests out among processes one by one, but for those that are together."""
    if config.getvalue("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
        def _split_scope(self, nodeid: str) -> str:
            found = TOGETHER.match(nodeid)
            return found.group() if found else nodeid

    return Scheduling(config, log)


@pytest.fixture(scope="session", autouse=True)
def _no_questions_to_name_servers() -> Iterator[None]:
    """Know at once that nobody has a name of .example: some name servers take seconds to say so."""
    ask = socket.getaddrinfo

    def answer(host: Any, *args: Any, **options: Any) -> Any:
        if str(host).endswith(".example"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return ask(host, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", answer)
        yield


@contextmanager
def logs_put_back() -> Iterator[None]:
    """Undo what a command does to this process's logs: its stream ends with it."""
    handlers = logging.getLogger().handlers[:]
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = handlers


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a real server of its own for each test process."""
    data_dir = tmp_path_factory.mktemp("s")
    server = embedded.start(data_dir, "everysec")
    yield embedded.url(data_dir)
    embedded.stop(server)


@pytest.fixture(scope="session")
def server(server_url: str) -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(server_url)
    yield client
    client.close()


@dataclass(frozen=True)
class Opened:
    """A store that tests share, since to open one takes longer than many a test; and what it wrote first."""

    store: Store
    written: dict[bytes, bytes]


@pytest.fixture(scope="session")
def opened(server: redis.Redis, server_url: str) -> Iterator[Opened]:
    server.flushall()  # tests that need no store of ours may have been here
    store = Store(server_url)
    names: Any = server.keys()
    yield Opened(store, {name: cast(bytes, server.get(name)) for name in names})
    store.close()


@pytest.fixture
def store(server: redis.Redis, opened: Opened) -> Store:
    """Give an empty store."""
    with server.pipeline() as pipe:
        pipe.flushall()
        pipe.mset(cast(Any, opened.written))
        pipe.execute()
    return opened.store


@pytest.fixture(scope="session", autouse=True)
def unpacked_once() -> Iterator[None]:
    """Unpack a model once, however often its digest is checked: tests look at a model and change none."""
    # Imported here: the process that shares the tests out among others needs none of it.
    import joblib

    load = joblib.load
    known = cache(lambda _sha256, path: load(path))

    def load_once(path: Path) -> Any:
        with path.open("rb") as file:
            return known(hashlib.file_digest(file, "sha256").hexdigest(), path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(joblib, "load", load_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def compiled_once(request: pytest.FixtureRequest) -> Iterator[None]:
    """Keep compiled templates for every app and for the next run, as Python keeps its modules."""
    kept = FileSystemBytecodeCache(str(request.config.cache.mkdir("templates")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(Flask.jinja_options, "bytecode_cache", kept)
        yield


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def moderation(store: Store, clock: Clock) -> Moderation:
    """Give the use cases with two sites, a stub scorer and a clock that stands."""
    for site in (BLOG, OTHER):
        store.registry.add_site(site)
    for person in (ANA, BEN, ADMIN):
        store.registry.add_person(person)
    return Moderation(store, StubScorer(), clock=clock)  # type: ignore[arg-type]  # the stub has its shape


def build_app(**more: Any) -> Flask:
    """Build an app for many tests: its routes and templates, which none of them changes."""
    settings = Settings(secret_key="a" * 64, redis_url="unix:///unused", **more)
    app = create_app(settings, object())  # type: ignore[arg-type]  # each test brings its own
    app.testing = True
    return app


@contextmanager
def lent(app: Flask, moderation: Moderation) -> Iterator[Flask]:
    """Lend an app over the store of a test, and take back what the test sets."""
    config, extensions = dict(app.config), dict(app.extensions)
    app.extensions["moderation"] = moderation
    yield app
    for now, before in ((app.config, config), (app.extensions, extensions)):
        now.clear()
        now.update(before)


@pytest.fixture(scope="session")
def built_app() -> Flask:
    return build_app()


@pytest.fixture
def app(built_app: Flask, moderation: Moderation) -> Iterator[Flask]:
    with lent(built_app, moderation) as app:
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


class Sender:
    """A blog that sends signed comments to the app under test."""

    def __init__(self, client: FlaskClient, clock: Clock) -> None:
        self.client, self.clock, self.sent = client, clock, 0

    def post(self, fields: dict[str, Any] | bytes, **kwargs: Any) -> Any:
        """Send fields as JSON, or raw bytes, signed now unless told otherwise."""
        self.sent += 1
        body = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
        site = kwargs.pop("site", BLOG)
        message_id = kwargs.pop("webhook_id", f"msg_{self.sent}")
        headers = signing.signed_headers(site.secrets, message_id, self.clock(), body)
        headers |= {"X-Modqueue-Site": site.id, "Content-Type": "application/json"}
        headers |= kwargs.pop("headers", {})
        return self.client.post("/webhooks/comments", data=body, headers=headers, **kwargs)

    def comment(self, text: str, comment_id: str = "1", **fields: str) -> Any:
        """Send a comment and return the answer's JSON."""
        response = self.post({"comment_ID": comment_id, "comment_content": text, **fields})
        assert response.status_code == 200, response.get_json()
        return response.get_json()


@pytest.fixture
def sender(client: FlaskClient, clock: Clock) -> Sender:
    return Sender(client, clock)


def submit(moderation: Moderation, text: str, comment_id: str = "1", **fields: str) -> dict[str, Any]:
    """Submit a comment past the HTTP layer; returns the answer."""
    site = moderation.site(fields.pop("site", "blog"))
    comment = replace(Comment(site.id, comment_id, text), **fields)
    body = f"{comment}{time.perf_counter_ns()}".encode()
    answer: dict[str, Any] = json.loads(moderation.submit(site, comment, f"msg-{os.urandom(8).hex()}", body))
    return answer


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start a real browser, one for all tests of a process: Playwright allows no second one beside it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()
