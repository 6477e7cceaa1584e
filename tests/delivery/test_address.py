"""Where callbacks may go."""

from __future__ import annotations

import socket
import ssl
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service.connectors import address, line
from service.connectors.webhook import Result, WebhookSender
from service.domain import Delivery
from service.errors import Invalid
from tests.conftest import BLOG
from tests.delivery.conftest import Receiver, serve

NOW = 1_800_000_000.0
DELIVERY = Delivery("dl_1", "item", "blog", "{}", 1)
SITE = "https://blog.example/"

REFUSED_FORMS = {
    "no scheme": "blog.example/hook",
    "no address": "",
    "other scheme": "ftp://blog.example/",
    "file": "file:///etc/passwd",
    "gopher": "gopher://blog.example/",
    "javascript": "javascript:alert(1)",
    "no host": "http:///hook",
    "other host": "https://evil.example/",
    "subdomain": "https://a.blog.example/",
    "parent": "https://example/",
    "host as prefix": "https://blog.example.evil.example/",
    "user name": "https://user@blog.example/",
    "empty user name": "https://@blog.example/",
    "password": "https://user:pass@blog.example/",
    "host as user name": "https://blog.example@evil.example/",
    "host as user name, escaped": "https://blog.example%40evil.example/",
    "backslash": "https://evil.example\\@blog.example/",
    "trailing dot": "https://blog.example./",
    "escaped dot": "https://blog%2eexample/",
    "space": "https://blog.example/a b",
    "line break": "https://blog.example/\r\nHost: evil",
    "tab in the host": "https://blog\t.example/",
    "NUL": "https://blog.example/\0",
    "port too large": "https://blog.example:65536/",
    "port 0": "https://blog.example:0/",
    "port not a number": "https://blog.example:http/",
    "broken brackets": "https://[::1/",
    "long": "https://blog.example/" + "a" * 2000,
    "long label": f"https://{'a' * 64}.example/",
    "empty label": "https://blog..example/",
}
PRIVATE_FORMS = {
    "loopback": "127.0.0.1",
    "loopback, other": "127.9.9.9",
    "private": "10.0.0.1",
    "private B": "172.31.255.255",
    "private C": "192.168.1.1",
    "link-local, cloud metadata": "169.254.169.254",
    "CGNAT": "100.64.0.1",
    "this network": "0.0.0.0",
    "benchmarking": "198.18.0.1",
    "documentation": "203.0.113.9",
    "protocol assignments": "192.0.0.8",
    "6to4 relay": "192.88.99.1",
    "multicast": "224.0.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "IPv6 loopback": "::1",
    "IPv6 unspecified": "::",
    "IPv6 unique local": "fd00::1",
    "IPv6 link-local": "fe80::1",
    "IPv6 link-local with zone": "fe80::1%1",
    "IPv6 site-local": "fec0::1",
    "IPv6 multicast": "ff02::1",
    "IPv6 documentation": "2001:db8::1",
    "IPv6 documentation, new": "3fff::1",
    "IPv4-mapped": "::ffff:127.0.0.1",
    "IPv4-mapped, hex": "::ffff:a00:1",
    "IPv4-compatible": "::127.0.0.1",
    "NAT64": "64:ff9b::10.0.0.1",
    "NAT64, local": "64:ff9b:1::8.8.8.8",
    "6to4": "2002:7f00:1::",
    "Teredo": "2001:0:808:808::1",
    "discard": "100::1",
}
PUBLIC = ["8.8.8.8", "1.1.1.1", "223.255.255.1", "2606:4700::1111", "2a00:1450::1", "64:ff9b::8.8.8.8",
          "::ffff:8.8.8.8", "2002:808:808::1"]  # fmt: skip
ODD_NUMBERS = ["2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1", "127.1", "127.0.1",
               "127.0.0.01", "127.0.0.1.", "8.8.8", "0x08080808"]  # fmt: skip


def resolving(*answers: list[str]) -> Any:
    """Answer as a resolver that changes its mind: the last answer stays."""
    left = list(answers)

    def getaddrinfo(_host: str, port: int, *_: object, **__: object) -> list[Any]:
        found = left.pop(0) if len(left) > 1 else left[0]
        families = [socket.AF_INET6 if ":" in a else socket.AF_INET for a in found]
        return [(f, socket.SOCK_STREAM, 6, "", (a, port)) for f, a in zip(families, found, strict=True)]

    return getaddrinfo


@pytest.mark.parametrize("url", REFUSED_FORMS.values(), ids=REFUSED_FORMS.keys())
@pytest.mark.parametrize("allow_private", [True, False])
def test_it_refuses_forms(url: str, allow_private: bool) -> None:
    with pytest.raises(Invalid) as refusal:
        address.check_callback_url(url, SITE, allow_private)
    assert refusal.value.field == "callback_url"


@pytest.mark.parametrize("host", ODD_NUMBERS)
def test_it_refuses_odd_ways_to_write_an_address(host: str) -> None:
    with pytest.raises(Invalid):
        address.check_callback_url(f"http://{host}/", f"http://{host}/", allow_private=False)
    with pytest.raises(Invalid):
        address.check_site_url(f"http://{host}/")


@pytest.mark.parametrize("host", ["fe80::1%25lo", "fe80::1%1", "2606:4700::1%2525.5", "::1%25.5"])
def test_it_refuses_networks_of_its_own_machine(host: str) -> None:
    with pytest.raises(Invalid, match="not a valid web address"):
        address.check_site_url(f"http://[{host}]/")
    with pytest.raises(Invalid, match="not a valid web address"):
        address.check_callback_url(f"http://[{host}]/", f"http://[{host}]/", allow_private=True)


@pytest.mark.parametrize("ip", PRIVATE_FORMS.values(), ids=PRIVATE_FORMS.keys())
def test_it_refuses_private_addresses(ip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not address.is_public(ip)
    monkeypatch.setattr(socket, "getaddrinfo", resolving([ip]))
    with pytest.raises(Invalid, match="not public"):
        address.check_callback_url("https://blog.example/", SITE, allow_private=False)
    address.check_callback_url("https://blog.example/", SITE, allow_private=True)


@pytest.mark.parametrize("ip", PUBLIC)
def test_it_lets_public_addresses_through(ip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving([ip]))
    address.check_callback_url("https://blog.example/", SITE, allow_private=False)


def test_it_refuses_a_host_of_which_one_address_is_private(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving(["8.8.8.8", "10.0.0.1"]))
    with pytest.raises(Invalid, match="not public"):
        address.check_callback_url("https://blog.example/", SITE, allow_private=False)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/", "http://[::1]/", "http://[::ffff:7f00:1]/", "http://①②⑦.0.0.1/"]
)
def test_it_refuses_private_literals(url: str) -> None:
    with pytest.raises(Invalid, match="not public"):
        address.check_callback_url(url, url, allow_private=False)
    address.check_callback_url(url, url, allow_private=True)


@pytest.mark.parametrize(
    ("url", "site", "target"),
    [
        ("https://blog.example", SITE, ("https", "blog.example", 443, "/")),
        ("HTTP://BLOG.Example:8080/a/b?c=d#e", SITE, ("http", "blog.example", 8080, "/a/b?c=d")),
        ("https://bücher.at", "http://xn--bcher-kva.at", ("https", "xn--bcher-kva.at", 443, "/")),
        ("https://blog.example/ä?ü=%20", SITE, ("https", "blog.example", 443, "/%C3%A4?%C3%BC=%20")),
        ("http://[2606:4700::0:1]/", "http://[2606:4700::1]:9", ("http", "2606:4700::1", 80, "/")),
        ("https://my_blog.example/", "http://my_blog.example/x", ("https", "my_blog.example", 443, "/")),
    ],
)  # fmt: skip
def test_it_takes_an_address_apart(url: str, site: str, target: tuple[Any, ...]) -> None:
    assert address.parse(url, site) == address.Target(*target)


def test_it_lets_a_host_be_set_that_cannot_be_resolved_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    address.check_callback_url("https://blog.example/", SITE, allow_private=False)
    result = WebhookSender(allow_private=False).send(BLOG, DELIVERY, NOW)
    assert result == Result("retry", "the callback's host cannot be resolved")


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Record where sockets connect to, and let none leave this machine."""
    seen: list[Any] = []

    def connect(_socket: socket.socket, where: Any) -> None:
        seen.append(where)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    return seen


def test_it_connects_to_no_private_address(receiver: Receiver) -> None:
    site = replace(BLOG, url=receiver.url, callback_url=receiver.url)
    result = WebhookSender(allow_private=False).send(site, DELIVERY, NOW)
    assert result == Result("retry", "callback_url: leads to an address that is not public")
    assert receiver.received == []


def test_it_connects_to_the_address_that_was_checked(
    monkeypatch: pytest.MonkeyPatch, connected: list[Any]
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving(["8.8.8.8"], ["127.0.0.1"]))
    sender = WebhookSender(allow_private=False)
    assert sender.send(BLOG, DELIVERY, NOW).error == "no answer: ConnectionRefusedError"
    assert sender.send(BLOG, DELIVERY, NOW).error == "callback_url: leads to an address that is not public"
    assert connected == [("8.8.8.8", 443)]


def test_it_tries_the_next_address_at_the_next_attempt(
    monkeypatch: pytest.MonkeyPatch, connected: list[Any]
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving(["8.8.8.8", "8.8.4.4"]))
    for attempt in (1, 2, 3):
        WebhookSender(allow_private=False).send(BLOG, replace(DELIVERY, attempts=attempt), NOW)
    assert [host for host, _ in connected] == ["8.8.8.8", "8.8.4.4", "8.8.8.8"]


def test_it_uses_no_connection_to_an_address_that_the_host_has_left(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = WebhookSender(allow_private=True)
    port = receiver.url.rpartition(":")[2]
    site = replace(BLOG, url="http://blog.example", callback_url=f"http://blog.example:{port}/")
    monkeypatch.setattr(socket, "getaddrinfo", resolving(["127.0.0.1"]))
    assert sender.send(site, DELIVERY, NOW) == Result("confirmed")
    assert receiver.received[0].headers["host"] == f"blog.example:{port}"
    monkeypatch.setattr(socket, "getaddrinfo", resolving(["127.0.0.2"]))
    assert sender.send(site, DELIVERY, NOW).state == "retry"
    assert len(receiver.received) == 1
    sender.close()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Make a certificate for blog.example."""
    path = tmp_path / "blog.pem"
    what = ["-subj", "/CN=blog.example", "-addext", "subjectAltName=DNS:blog.example"]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    files = ["-keyout", str(path), "-out", str(tmp_path / "cert")]
    subprocess.run(["openssl", "req", "-x509", *key, *what, *files], check=True, capture_output=True)
    path.write_text(path.read_text() + (tmp_path / "cert").read_text())
    return path


def test_it_checks_the_certificate_by_name(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    receiver = Receiver()
    server = serve(receiver)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    monkeypatch.setattr(socket, "getaddrinfo", resolving(["127.0.0.1"]))
    sender = WebhookSender(allow_private=True)

    def send(host: str) -> Result:
        url = f"https://{host}:{server.server_port}/"
        return sender.send(replace(BLOG, url=url, callback_url=url), DELIVERY, NOW)

    assert send("blog.example").error == "no answer: SSLCertVerificationError"
    monkeypatch.setattr(line, "_trusted", lambda: ssl.create_default_context(cafile=str(certificate)))
    assert send("blog.example") == Result("confirmed")
    assert send("other.example").error == "no answer: SSLCertVerificationError"
    assert len(receiver.received) == 1
    sender.close()
    server.shutdown()
    server.server_close()
