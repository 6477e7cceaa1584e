"""A real blog at the other end: an HTTP server that answers as it is told, and remembers what came."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from service.delivery import Worker
from service.domain import DeliveryState, Item, ReasonCode, Ruling, Site
from service.moderation import Moderation, Wish
from tests.conftest import ANA, BLOG, submit

Decide = Callable[..., Item]
Answer = int | Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Request:
    path: str
    headers: dict[str, str]
    body: bytes
    port: int


@dataclass
class Receiver:
    """Gives the answers of its list in order, then 200."""

    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    received: list[Request] = field(default_factory=list)
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    gate: threading.Event = field(default_factory=threading.Event)

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        headers = {k.lower(): v for k, v in handler.headers.items()}
        self.received.append(Request(handler.path, headers, body, handler.client_address[1]))
        answer = self.answers.pop(0) if self.answers else 200
        self.arrived.release()
        if callable(answer):
            answer(handler)
        else:
            reply(handler, answer)

    def hold(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer 200 only when the gate is opened."""
        self.gate.wait(60)
        reply(handler, 200)

    def drip(self, handler: BaseHTTPRequestHandler) -> None:
        """Send one byte of the headers every now and then, for ever."""
        with suppress(OSError):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not self.gate.wait(0.02):
                handler.wfile.write(b"z")
        handler.close_connection = True

    def wait_for(self, count: int = 1, seconds: float = 30) -> None:
        for _ in range(count):
            assert self.arrived.acquire(timeout=seconds), "the blog was not told"


def reply(handler: BaseHTTPRequestHandler, status: int, body: bytes = b"ok", **headers: str) -> None:
    with suppress(OSError):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


def serve(receiver: Receiver, **kwargs: Any) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # A head and a body that are written apart would wait 40 ms for one another.
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            receiver.handle(self)

        def do_GET(self) -> None:
            receiver.handle(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler, **kwargs)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return server


@pytest.fixture
def new_receiver() -> Iterator[Callable[[], Receiver]]:
    servers, receivers = [], []

    def new() -> Receiver:
        receiver = Receiver()
        receivers.append(receiver)
        servers.append(serve(receiver))
        return receiver

    yield new
    for receiver in receivers:
        receiver.gate.set()
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def receiver(new_receiver: Callable[[], Receiver]) -> Receiver:
    return new_receiver()


@pytest.fixture
def site(moderation: Moderation, receiver: Receiver) -> Site:
    """Make the blog of the shared cast one that the receiver answers for."""
    site = replace(BLOG, url=receiver.url, callback_url=f"{receiver.url}/hook?a=b")
    moderation.store.registry.save_site(site)
    return site


@pytest.fixture
def worker(moderation: Moderation, receiver: Receiver) -> Iterator[Worker]:
    worker = Worker(moderation, allow_private=True)
    yield worker
    # Whoever still waits for an answer is given one.
    receiver.gate.set()
    worker.close()


@pytest.fixture
def decided(moderation: Moderation, site: Site) -> Decide:
    """Give a function that submits a comment and rejects it."""

    def decide(comment_id: str = "1", site_id: str = "blog") -> Item:
        item_id = submit(moderation, "[hateful=0.9]", comment_id, site=site_id)["id"]
        person = replace(ANA, sites=())
        return moderation.decide(person, item_id, Wish(Ruling.REJECT, ReasonCode.HATEFUL))

    return decide


def state(moderation: Moderation, item: Item) -> DeliveryState:
    found = moderation.store.views.item(item.id).delivery
    assert found
    return found
