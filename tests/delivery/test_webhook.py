"""One attempt: what is sent, and what each answer of a blog means."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from service import signing
from service.connectors import connector, line, webhook
from service.connectors.webhook import Result, WebhookSender
from service.domain import Delivery, Secret, Site
from tests.conftest import BLOG, SECRET
from tests.delivery.conftest import Receiver, reply

NOW = 1_800_000_000.0
DELIVERY = Delivery("dl_1", "item", "blog", '{"type":"comment.decided","data":{"outcome":"reject ☂"}}', 1)


@pytest.fixture
def blog(receiver: Receiver) -> Site:
    return replace(BLOG, url=receiver.url, callback_url=f"{receiver.url}/hook")


@pytest.fixture
def sender() -> Any:
    sender = WebhookSender(allow_private=True)
    yield sender
    sender.close()


def answering(status: int, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    return lambda handler: reply(handler, status, **headers)


def test_it_signs_so_that_the_reference_library_agrees(
    blog: Site, receiver: Receiver, sender: WebhookSender
) -> None:
    assert sender.send(blog, DELIVERY, time.time()) == Result("confirmed")
    (request,) = receiver.received
    assert Webhook(SECRET).verify(request.body, request.headers) == json.loads(DELIVERY.body)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(request.body.replace(b"reject", b"approve"), request.headers)
    assert request.headers["webhook-id"] == "dl_1"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == "Modqueue"
    assert request.headers["host"] == receiver.url.removeprefix("http://")


def test_it_signs_with_both_secrets_while_one_is_rotated_out(
    blog: Site, receiver: Receiver, sender: WebhookSender
) -> None:
    new, now = signing.new_secret(), time.time()
    old, older = Secret(SECRET, now + 60), Secret(signing.new_secret(), now - 60)
    sender.send(replace(blog, secrets=(Secret(new), old, older)), DELIVERY, now)
    (request,) = receiver.received
    for secret in (new, SECRET):
        Webhook(secret).verify(request.body, request.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(older.value).verify(request.body, request.headers)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_it_takes_any_2xx_as_confirmed(
    blog: Site, receiver: Receiver, sender: WebhookSender, status: int
) -> None:
    receiver.answers = [lambda handler: reply(handler, status, b"")]
    assert sender.send(blog, DELIVERY, NOW) == Result("confirmed")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 418, 429, 500, 502, 503, 599])
def test_it_retries_other_answers(blog: Site, receiver: Receiver, sender: WebhookSender, status: int) -> None:
    receiver.answers = [lambda handler: reply(handler, status, b"<b>our secret</b>")]
    assert sender.send(blog, DELIVERY, NOW) == Result("retry", f"HTTP {status}")


def test_it_knows_a_callback_that_is_gone(blog: Site, receiver: Receiver, sender: WebhookSender) -> None:
    receiver.answers = [410]
    assert sender.send(blog, DELIVERY, NOW).state == "gone"


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_it_follows_no_redirect(
    blog: Site, receiver: Receiver, new_receiver: Callable[[], Receiver], sender: WebhookSender, status: int
) -> None:
    elsewhere = new_receiver()
    receiver.answers = [answering(status, Location=f"{elsewhere.url}/trap")]
    result = sender.send(blog, DELIVERY, NOW)
    assert (result.state, result.error) == ("retry", f"HTTP {status} (redirects are not followed)")
    assert (len(receiver.received), elsewhere.received) == (1, [])


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), ("0", 0.0), (" 60 ", 60.0), ("999999999", 86400.0),
     (formatdate(NOW + 90, usegmt=True), 90.0), (formatdate(NOW - 90, usegmt=True), 0.0),
     (formatdate(NOW + 10**7, usegmt=True), 86400.0), ("Fri, 15 Jan 2027 08:01:30 -0000", 90.0),
     ("", None), ("soon", None), ("-5", None), ("1e3", None), ("٣", None), ("9" * 30, None),
     ("Mon, 99 Foo 99999 99:99:99 GMT", None), ("Fri, 31 Dec 99999999999999 00:00:00 GMT", None)],
)  # fmt: skip
def test_it_reads_retry_after(value: str, seconds: float | None) -> None:
    assert webhook._result(429, value, NOW) == Result("retry", "HTTP 429", seconds)


def test_it_honours_retry_after_of_a_real_answer(
    blog: Site, receiver: Receiver, sender: WebhookSender
) -> None:
    receiver.answers = [answering(503, Retry_After="120")]
    assert sender.send(blog, DELIVERY, NOW).retry_after == 120


def test_it_cuts_off_an_answer_whose_bytes_drip(
    blog: Site, receiver: Receiver, sender: WebhookSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connector, "ATTEMPT_S", 0.2)
    receiver.answers = [receiver.drip]
    assert sender.send(blog, DELIVERY, NOW) == Result("retry", "no answer in time")


def test_it_cuts_off_a_blog_that_never_answers(
    blog: Site, receiver: Receiver, sender: WebhookSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connector, "ATTEMPT_S", 0.1)
    receiver.answers = [receiver.hold]
    assert sender.send(blog, DELIVERY, NOW) == Result("retry", "no answer in time")


def test_it_starts_nothing_when_the_time_is_up(
    blog: Site, receiver: Receiver, sender: WebhookSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As after a resolver that took all of it: the lease may have gone to another worker.
    monkeypatch.setattr(connector, "ATTEMPT_S", -1.0)
    assert sender.send(blog, DELIVERY, NOW) == Result("retry", "no answer in time")
    assert receiver.received == []


def test_it_reads_no_more_than_it_needs(blog: Site, receiver: Receiver, sender: WebhookSender) -> None:
    sent: list[int] = []

    def flood(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(10_000_000))
        handler.end_headers()
        try:
            for _ in range(1000):
                handler.wfile.write(b"x" * 10_000)
                sent.append(10_000)
        except OSError:
            handler.close_connection = True
        receiver.gate.set()

    receiver.answers = [flood]
    assert sender.send(blog, DELIVERY, NOW) == Result("confirmed")
    assert receiver.gate.wait(10)
    assert sum(sent) < 10_000_000


def test_it_believes_the_status_of_an_answer_that_breaks_off(
    blog: Site, receiver: Receiver, sender: WebhookSender
) -> None:
    def broken(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        handler.close_connection = True

    receiver.answers = [broken]
    assert sender.send(blog, DELIVERY, NOW) == Result("confirmed")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\r\n\r\n",
        b"220 smtp ready\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200,
    ],
)
def test_it_survives_what_is_no_http(
    blog: Site, receiver: Receiver, sender: WebhookSender, answer: bytes
) -> None:
    def garbage(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(answer)
        handler.close_connection = True

    receiver.answers = [garbage]
    result = sender.send(blog, DELIVERY, NOW)
    assert result.state == "retry"
    assert result.error.startswith("no answer: ")
    assert "smtp" not in result.error


def test_it_retries_where_nobody_listens(sender: WebhookSender) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    result = sender.send(replace(BLOG, url=url, callback_url=url), DELIVERY, NOW)
    assert result == Result("retry", "no answer: ConnectionRefusedError")


def test_it_keeps_a_connection_alive(blog: Site, receiver: Receiver, sender: WebhookSender) -> None:
    for _ in range(3):
        sender.send(blog, DELIVERY, NOW)
    assert len({r.port for r in receiver.received}) == 1


def test_it_notices_a_connection_that_the_blog_closed(
    blog: Site, receiver: Receiver, sender: WebhookSender
) -> None:
    def and_close(handler: BaseHTTPRequestHandler) -> None:
        reply(handler, 200)
        handler.close_connection = True

    receiver.answers = [and_close]
    sender.send(blog, DELIVERY, NOW)
    (idle,) = sender._lines._idle
    # Wait for the end of the stream to come; it takes no time, but it is another thread's.
    idle.sock.recv(1, socket.MSG_PEEK)
    assert sender.send(blog, DELIVERY, NOW) == Result("confirmed")
    assert len({r.port for r in receiver.received}) == 2


def test_it_bounds_the_connections_that_it_keeps(monkeypatch: pytest.MonkeyPatch, new_receiver: Any) -> None:
    monkeypatch.setattr(line, "IDLE_LIMIT", 2)
    sender = WebhookSender(allow_private=True)
    for _ in range(4):
        url = new_receiver().url
        sender.send(replace(BLOG, url=url, callback_url=url), DELIVERY, NOW)
    assert len(sender._lines._idle) == 2
    sender.close()
    assert sender._lines._idle == []


def test_it_ignores_proxies_of_the_environment(
    blog: Site, receiver: Receiver, sender: WebhookSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert sender.send(blog, DELIVERY, NOW) == Result("confirmed")
