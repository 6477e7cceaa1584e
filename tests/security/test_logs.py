"""After everything was used, much of it wrongly: no words or secrets in a log, no address in the store."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import requests

from service import signing
from service.domain import Secret
from service.store import embedded
from tests.app.erased import readable
from tests.process.cast import PASSWORD, TIMEOUT_S, Blog, Service, service_and_blog, wait_for

pytestmark = pytest.mark.process

WORDS = "kumquat-vermin"
NO_HOST = {"Host": "a..b", "Accept": "text/html"}
EMAIL, IP = "zoe.private@reader.example", "203.0.113.77"
SAID = {
    "comment_content": f"{WORDS}: you are vermin, and vermin must be exterminated.",
    "comment_author": "Zoe Quince",
    "comment_author_email": EMAIL,
    "comment_author_IP": IP,
    "comment_agent": "Quince/1.0",
}


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Service, Blog]]:
    with service_and_blog(tmp_path / "data", MODQUEUE_LOG_LEVEL="debug") as both:
        yield both


def post(service: Service, path: str, **given: Any) -> requests.Response:
    return requests.post(f"{service.address}{path}", timeout=TIMEOUT_S, **given)


def signed(service: Service, path: str, body: bytes, secret: str, message: str) -> requests.Response:
    headers = signing.signed_headers([Secret(secret)], message, time.time(), body)
    headers |= {"X-Modqueue-Site": "blog", "Content-Type": "application/json"}
    return post(service, path, data=body, headers=headers)


def used_wrongly(service: Service, secret: str) -> set[int]:
    """Use everything as it is not meant to be; returns the statuses that were answered."""
    whole = json.dumps(SAID | {"comment_ID": "1"}).encode()
    other = signing.new_secret()
    answers = [
        signed(service, "/webhooks/comments", whole[:-1], secret, "w1"),
        signed(service, "/webhooks/comments", whole, other, "w2"),
        signed(service, "/webhooks/comments", whole.replace(b'"1"', b'"' + b"9" * 99 + b'"'), secret, "w3"),
        signed(service, "/webhooks/comments", whole.replace(b"kumquat", b"\xff"), secret, "w4"),
        signed(service, "/webhooks/decisions", whole, secret, "w5"),
        signed(service, "/webhooks/erasures", json.dumps({"type": EMAIL}).encode(), secret, "w6"),
        post(service, "/senders/comments", data=whole, headers={"Authorization": f"Bearer {other}"}),
        post(service, "/v1alpha1/comments:analyze", params={"key": EMAIL}, json={"comment": {"text": WORDS}}),
        post(service, "/1.1/comment-check", data=SAID | {"blog": IP, "user_ip": IP, "api_key": "0" * 12}),
        post(service, "/sign-in", data={"name": EMAIL, "password": WORDS}),
        requests.get(f"{service.address}/appeal/{WORDS}", timeout=TIMEOUT_S),
        requests.get(f"{service.address}/sign-in/link/{WORDS}", headers=NO_HOST, timeout=TIMEOUT_S),
        post(service, f"/{WORDS}/1.1/comment-check", params={"email": EMAIL}, headers=NO_HOST),
        requests.get(
            f"{service.address}/{WORDS}?email={EMAIL}", headers={"User-Agent": WORDS}, timeout=TIMEOUT_S
        ),
    ]
    return {answer.status_code for answer in answers}


def no_request(service: Service) -> None:
    """Send what the server cannot read."""
    with socket.create_connection(("127.0.0.1", service.port), TIMEOUT_S) as line:
        line.sendall(f"GET /{WORDS} {EMAIL} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert b"400 Bad Request" in line.recv(100)


def stored(service: Service) -> list[tuple[str, str]]:
    """Return every value in the store, unpacked, with the key that it lies under."""
    url = embedded.url(service.data_dir)
    client = redis.Redis.from_url(url, decode_responses=True, encoding_errors="surrogateescape")
    read: dict[str, Any] = {
        "hash": lambda key: [v for pair in client.hgetall(key).items() for v in pair],
        "stream": lambda key: [v for _, entry in client.xrange(key) for v in entry.values()],
        "zset": lambda key: client.zrange(key, 0, -1),
        "set": client.smembers,
        "list": lambda key: client.lrange(key, 0, -1),
        "none": lambda _key: [],  # has expired since it was listed
        "string": lambda key: [v for v in client.mget(key) if v is not None],
    }
    found = [(key, key + readable(v)) for key in client.keys("*") for v in read[client.type(key)](key)]
    client.close()
    return found


def test_no_log_holds_a_text_an_address_or_a_secret(pair: tuple[Service, Blog]) -> None:
    service, blog = pair
    answer = signed(service, "/webhooks/comments", json.dumps(SAID | {"comment_ID": "1"}).encode(),
                    service.secret, "m1")  # fmt: skip
    assert answer.json()["verdict"] == "hold"
    blog.down()
    assert used_wrongly(service, service.secret) >= {400, 401, 404, 422}
    no_request(service)
    item = answer.json()["id"]
    wish = {"decision": "reject", "reason": "hateful", "note": WORDS}
    assert service.api("POST", f"comments/{item}/decision", wish).status_code == 200
    wait_for(lambda: service.api("GET", f"comments/{item}").json()["delivery"]["state"] == "retrying")
    assert service.run("erase", "--email", "nobody@reader.example").returncode == 0
    kept = stored(service)
    service.stop()
    log = (service.data_dir.parent / "serve.log").read_text()
    # What the launcher tells whoever sits before it, and nothing of the server's own.
    assert [line for line in log.splitlines() if not line.startswith("{")] == ["stopping…"]
    entries = [said for key, said in kept if key.endswith(":log")]
    # What moderators note is theirs to word.
    assert "vermin" not in log + "".join(e for e in entries if '"decision"' not in e)
    for secret in (EMAIL, IP, "Zoe Quince", "Quince/1.0", service.secret, service.token, PASSWORD):
        assert secret not in log
        assert not [e for e in entries if secret in e]
    # The comment is kept; addresses are nowhere in clear.
    assert [key for key, said in kept if "Zoe Quince" in said]
    assert not [key for key, said in kept if EMAIL in said or IP in said]
