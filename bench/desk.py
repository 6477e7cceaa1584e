"""The desk on a long queue: its page, searches, a decision, and what a first page weighs."""

from __future__ import annotations

import gzip
import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from argon2 import PasswordHasher
from flask.testing import FlaskClient
from playwright.sync_api import sync_playwright
from rich.table import Table
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import TestResponse

from bench import filling
from service import config, create_app
from service.domain import Person, Role
from service.moderation import Moderation
from service.scoring import Scorer
from service.store import Store, embedded

PENDING, ROUNDS = int(os.environ.get("BENCH_PENDING", "100000")), 200
# Presses the key, and waits until another comment has been painted.
NEXT = """() => new Promise((done) => {
  const before = document.getElementById("item").dataset.id, started = performance.now();
  const look = () => document.getElementById("item")?.dataset.id === before
    ? requestAnimationFrame(look) : requestAnimationFrame(() => done(performance.now() - started));
  document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "a", bubbles: true}));
  look();
})"""
KEYS = 120
PASSWORD = "correct horse battery"  # noqa: S105  # of nobody


def run() -> Table:
    """Fill a queue, then time the pages as a signed-in moderator meets them; no network, one process."""
    with _service() as (moderation, client, url):
        memory = filling.fill(moderation, url, PENDING)
        pages = {
            "queue page": _timed(lambda n: client.get("/")),
            "queue page, deep in a lane": _deep(client),
            "queue page, oldest first": _timed(lambda n: client.get("/?sort=oldest")),
            "search for a frequent word": _timed(lambda n: client.get("/?q=harbour")),
            "search for two words and a score": _timed(lambda n: client.get("/?q=harbour+ferry&low=0.9")),
            "poll for news": _timed(lambda n: client.get("/counts.json?shown_at=1")),
        }
        decisions = _decisions(moderation, client)
        weight = _weight(client)
        pages["key to next comment, in Chromium"] = _keystrokes(client)
    return _table(pages | {"decision": decisions}, weight, memory)


class _Silent(WSGIRequestHandler):
    def log_request(self, *_args: object, **_kwargs: object) -> None:
        """Keep quiet."""


@contextmanager
def _service() -> Iterator[tuple[Moderation, FlaskClient, str]]:
    with tempfile.TemporaryDirectory(prefix="modqueue-bench-") as name:
        settings = config.load(data_dir=name, secret_key="b" * 64, log_level="error")
        server = embedded.start(Path(name), "always")
        store = Store(embedded.url(Path(name)))
        try:
            moderation = Moderation(store, Scorer(Path(name) / "models"))
            client = create_app(settings, moderation).test_client()
            yield moderation, _signed_in(client, store), embedded.url(Path(name))
        finally:
            store.close()
            embedded.stop(server)


def _signed_in(client: FlaskClient, store: Store) -> FlaskClient:
    fast = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    person = Person("bench", Role.ADMIN)
    store.registry.add_person(replace(person, password_hash=fast.hash(PASSWORD)))
    token = _token(client.get("/sign-in"))
    client.post("/sign-in", data={"csrf_token": token, "name": "bench", "password": PASSWORD})
    return client


def _token(page: TestResponse) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.get_data(as_text=True))
    return found[1] if found else ""


def _timed(ask: Callable[[int], TestResponse], rounds: int = ROUNDS) -> list[float]:
    times = []
    for n in range(-5, rounds):
        started = time.perf_counter()
        answer = ask(n)
        took = (time.perf_counter() - started) * 1e3
        if answer.status_code not in (200, 303):
            raise RuntimeError(f"answered {answer.status}")
        if n >= 0:
            times.append(took)
    return sorted(times)


def _deep(client: FlaskClient) -> list[float]:
    return _timed(lambda n: client.get(f"/?lane=spam&cursor={0.61 + 0.3 * (n % 50) / 50}~"))


def _decisions(moderation: Moderation, client: FlaskClient) -> list[float]:
    token = _token(client.get("/"))
    sites = [s.id for s in moderation.store.registry.sites()]
    ids = iter(
        [
            i.id
            for _ in range(1)
            for i in moderation.store.views.page("pending", sites, limit=ROUNDS + 9).items
        ]
    )
    form = {"csrf_token": token, "decision": "reject:spam", "next": ""}
    return _timed(lambda n: client.post(f"/items/{next(ids)}/decision", data=form))


def _keystrokes(client: FlaskClient) -> list[float]:
    server = make_server("127.0.0.1", 0, client.application, threaded=True, request_handler=_Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    with sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path="/usr/bin/chromium-headless-shell", args=["--no-sandbox"]
        )
        page = browser.new_page(base_url=address)
        page.goto("/sign-in")
        page.get_by_label("Name").fill("bench")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_selector("#lease time")
        times = sorted(float(page.evaluate(NEXT)) for _ in range(KEYS))
        browser.close()
    server.shutdown()
    return times


def _weight(client: FlaskClient) -> dict[str, tuple[float, float]]:
    found = {}
    for path in ("/", "/static/desk.css", "/static/rooms.css", "/static/desk.js"):
        answer = client.get(path, headers={"Accept-Encoding": "gzip"})
        packed = answer.get_data()
        plain = gzip.decompress(packed) if answer.headers.get("Content-Encoding") == "gzip" else packed
        found[path] = (len(plain) / 1000, len(packed) / 1000)
    return found


def _table(
    times: dict[str, list[float]], weight: dict[str, tuple[float, float]], memory: tuple[float, float]
) -> Table:
    title = f"The desk with {PENDING:,} comments waiting on {filling.SITES} sites"
    table = Table(title=title, title_justify="left")
    for column in ("what", "p50", "p95", "p99"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for name, found in times.items():
        table.add_row(f"{name}, ms", *(f"{found[int(q * len(found))]:.1f}" for q in (0.5, 0.95, 0.99)))
    whole, text = memory
    table.add_row("bytes of memory a comment, beyond its text", f"{whole:.0f}", f"{whole - text:.0f}", "")
    for path, (plain, packed) in weight.items():
        table.add_row(f"{path}, kB plain and compressed", f"{plain:.1f}", f"{packed:.1f}", "")
    table.add_row("first page in all, kB compressed", "", f"{sum(p for _, p in weight.values()):.1f}", "")
    return table
