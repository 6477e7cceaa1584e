"""Real clients of Akismet's protocol, unchanged, pointed at a running service."""

from __future__ import annotations

import json
import socket
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import akismet
import httpx
import pytest

from tests.process.cast import Service

pytestmark = pytest.mark.process

NODE = Path(__file__).parent / "node"
BLOG_URL = "https://blog.example/"
FINE = "Thank you, the bread recipe worked well for me."
SPAM = "Cheap pills, no prescription: http://pills.example BUY NOW casino bonus!!!"
POLICY = {"thresholds": {"spam": {"hold": 0.4, "reject": 0.5}}}
IP = "203.0.113.9"


class Key:
    """A running service, and the key of a site on it."""

    def __init__(self, service: Service) -> None:
        self.service = service
        added = service.command("site", "add", "blog", "--url", BLOG_URL, "--json")
        service.command("site", "policy", "blog", "--set", "-", stdin=json.dumps(POLICY))
        service.token = service.command("token", "add", "robot", "--site", "blog", "--json")["token"]
        self.value: str = added["api_key"]

    def outcome(self, text: str) -> str:
        listed = self.service.api("GET", "comments?lane=all").json()["comments"]
        (found,) = [c for c in listed if c["text"] == text]
        return str(found["outcome"])

    def node(self, script: str) -> Any:
        """Run a client for node; names below akismet.test lead to this machine."""
        told = {"address": self.service.address, "key": self.value, "blog": BLOG_URL}
        told |= {"fine": f"{FINE} ({script})", "spam": f"{SPAM} ({script})"}
        command = ["node", "--no-deprecation", "--require", "./resolver.cjs", script, json.dumps(told)]
        done = subprocess.run(command, cwd=NODE, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Key]:
    service = Service(tmp_path_factory.mktemp("k") / "data")
    try:
        yield Key(service)
    finally:
        service.stop()


class Diverted(httpx.HTTPTransport):
    """Sends what is meant for Akismet to us."""

    def __init__(self, address: str) -> None:
        # A connection that is kept may be closed at the other end just when it is used again.
        super().__init__(limits=httpx.Limits(max_keepalive_connections=0))
        self.address = urlsplit(address)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self.address.port)
        return super().handle_request(request)


def test_pypi_akismet(key: Key) -> None:
    def client(value: str) -> akismet.SyncClient:
        http = httpx.Client(transport=Diverted(key.service.address), timeout=60)
        return akismet.SyncClient(config=akismet.Config(key=value, url=BLOG_URL), http_client=http)

    # It does not close the line to us itself when it is refused at the start.
    wrong = client("0" * 12)
    with wrong._http_client, pytest.raises(akismet.APIKeyError):
        wrong.__enter__()
    with client(key.value) as asked:
        assert asked.verify_key()
        assert asked.comment_check(IP, comment_content=FINE) == akismet.CheckResponse.HAM
        assert asked.comment_check(IP, comment_content=SPAM, comment_author="P") in (
            akismet.CheckResponse.SPAM,
            akismet.CheckResponse.DISCARD,
        )
        tried = asked.comment_check(IP, comment_content=SPAM + "!", comment_author="Ana", is_test=1)
        assert tried == akismet.CheckResponse.SPAM
        assert asked.submit_spam(IP, comment_content=FINE)
        assert key.outcome(FINE) == "reject"
        assert asked.submit_ham(IP, comment_content=FINE)
        assert key.outcome(FINE) == "approve"
        usage = asked.usage_limit()
        assert (usage["limit"], usage["throttled"], usage["usage"] >= 2) == ("none", False, True)


def test_pykismet3(key: Key, monkeypatch: pytest.MonkeyPatch) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # in it, since Python 3.8
        import pykismet3

    # The wildcard DNS of docs/akismet.md, and its proxy at the port that cannot be set.
    port = urlsplit(key.service.address).port
    real = socket.getaddrinfo

    def wildcard(host: str, *rest: Any, **kwargs: Any) -> Any:
        if not host.endswith("rest.akismet.com"):
            return real(host, *rest, **kwargs)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", wildcard)

    def comment(text: str) -> dict[str, str]:
        return {"user_ip": IP, "user_agent": "x", "referrer": "", "comment_content": text}

    client = pykismet3.Akismet(key.value, BLOG_URL, "Tests/1")
    text = FINE + " (pykismet3)"
    assert client.check(comment(text)) is False
    assert client.check(comment(SPAM + " (pykismet3)")) is True
    client.submit_spam(comment(text))
    assert key.outcome(text) == "reject"
    client.submit_ham(comment(text))
    assert key.outcome(text) == "approve"
    wrong = pykismet3.Akismet("0" * 12, BLOG_URL, "Tests/1")
    with pytest.raises(pykismet3.AkismetServerError):
        wrong.check(comment(text))


def test_npm_akismet_api(key: Key) -> None:
    answers = key.node("akismet-api.cjs")
    assert answers == {
        "valid": [True, True, False],
        "fine": [False, False],
        "spam": [True, True],
        "test": True,
        "refused": "Invalid API key",
    }
    assert key.outcome(f"{FINE} (akismet-api.cjs) (akismet-api reports)") == "approve"


def test_npm_akismet(key: Key) -> None:
    assert key.node("akismet.cjs") == {"valid": [True, False], "fine": False, "spam": True}
    assert key.outcome(f"{FINE} (akismet.cjs) (akismet reports)") == "approve"


def test_npm_cedx_akismet(key: Key) -> None:
    answers = key.node("cedx.mjs")
    ham, spam, pervasive = range(3)
    assert (answers["valid"], answers["fine"]) == ([True, False], ham)
    assert {answers["spam"], answers["tried"]} <= {spam, pervasive}
    assert answers["refused"] == "the API key is not known here"
    assert key.outcome(f"{FINE} (cedx.mjs) (cedx reports)") == "approve"
