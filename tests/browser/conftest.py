"""A real browser on the app under test, which is served from a thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from service.domain import Item
from service.moderation import Moderation
from tests.conftest import ADMIN, ANA, BEN, submit
from tests.pages import COOKIE, give_password, session_of

DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}

Open = Callable[..., Page]

# What a page shows in time on a quiet machine it shows late on a busy one, and the desk looks every 5 s.
PATIENCE_MS = 90_000
expect.set_options(timeout=PATIENCE_MS)
# The desk gives up a claim after some seconds, which a busy machine takes for any answer.
PATIENT = "AbortSignal.timeout = () => new AbortController().signal;"


class _Silent(WSGIRequestHandler):
    def log_request(self, *_args: object, **_kwargs: object) -> None:
        """Keep quiet."""


def whole(app: Flask) -> Callable[..., list[bytes]]:
    """Answer in one piece: werkzeug's server closes no answer whose browser has gone, as gunicorn does."""

    def answer(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        parts = app(environ, start_response)
        try:
            return [b"".join(parts)]
        finally:
            parts.close()  # type: ignore[attr-defined]  # werkzeug's have it

    return answer


@pytest.fixture
def address(app: Flask, moderation: Moderation) -> Iterator[str]:
    """Serve the app."""
    give_password(moderation.store, ANA, BEN, ADMIN)
    server = make_server("127.0.0.1", 0, whole(app), threaded=True, request_handler=_Silent)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def faults() -> list[str]:
    """Collect what no page may do; a test that expects some takes them out."""
    return []


@pytest.fixture
def open_desk(app: Flask, browser: Browser, address: str, faults: list[str]) -> Iterator[Open]:
    """Give a way to open the desk, signed in, in a browser of its own; no fault may be left at the end."""
    contexts = []

    def open_it(name: str = "ana", path: str = "/", **options: Any) -> Page:
        context = browser.new_context(**{"viewport": DESKTOP, "base_url": address, **options})
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(PATIENT)
        context.add_cookies([{"name": COOKIE, "value": session_of(app, name), "url": address}])
        page = context.new_page()
        _watch(page, address, faults)
        page.goto(path)
        page.wait_for_selector("#desk")
        if options.get("java_script_enabled", True):
            claimed(page)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def ids(moderation: Moderation) -> list[str]:
    """Five comments wait, the most severe first."""
    texts = [f"Comment {n} [dehumanising=0.{95 - n}]" for n in range(4)] + ["Wares [spam=0.7]"]
    return [submit(moderation, text, str(n))["id"] for n, text in enumerate(texts)]


def claimed(page: Page) -> None:
    """Wait until the script has run, and the service has answered its claim of the open comment."""
    page.wait_for_load_state("load")
    page.evaluate("claiming")


def eventually(page: Page, is_so: Callable[[], object]) -> None:
    """Wait until something is true; what browsers report meanwhile is heard."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen"
        page.wait_for_timeout(20)


def shows(page: Page, text: str) -> None:
    expect(page.locator("#text")).to_contain_text(text)


def held(moderation: Moderation, item_id: str) -> Item:
    return moderation.store.views.item(item_id)


def expect_fault(page: Page, faults: list[str], text: str) -> None:
    eventually(page, lambda: faults)
    assert all(text in fault for fault in faults)
    faults.clear()


def _watch(page: Page, address: str, faults: list[str]) -> None:
    def said(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            faults.append(message.text)

    page.on("console", said)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("dialog", lambda dialog: (faults.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda r: r.url.startswith(address) or faults.append(f"request to {r.url}"))
