"""The recipe of docs/akismet.md for clients whose host cannot be set, followed to the letter."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.process.cast import Service, free_port, wait_for

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]
BLOG = {"blog": "https://blog.example", "user_ip": "203.0.113.9", "comment_content": "Thank you, well said."}


def make_certificate(directory: Path) -> None:
    guide = (ROOT / "docs" / "akismet.md").read_text()
    (commands,) = [b for b in re.findall(r"```sh\n(.*?)```", guide, re.DOTALL) if "openssl" in b]
    subprocess.run(["sh", "-ec", commands], cwd=directory, check=True, capture_output=True)


def make_configuration(directory: Path, backend: str, plain: int, tls: int) -> Path:
    server = (ROOT / "deploy" / "nginx-akismet.conf").read_text()
    for written, here in (
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{tls} ssl;"),
        ("/etc/modqueue/", f"{directory}/"),
        ("http://127.0.0.1:8080", backend),
    ):
        assert written in server
        server = server.replace(written, here)
    paths = "".join(
        f"{name}_temp_path {directory}/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = directory / "nginx.conf"
    outer = f"daemon off; pid {directory}/pid; error_log {directory}/error.log; events {{}}"
    file.write_text(f"{outer} http {{ access_log off; {paths}\n{server}\n}}")
    return file


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int, int, Path]]:
    """Run the service behind nginx; give a key, the ports, and the authority to trust."""
    directory = tmp_path_factory.mktemp("n")
    service = Service(directory / "data", MODQUEUE_TRUSTED_PROXIES="1")
    key = service.command("site", "add", "blog", "--url", "https://blog.example", "--json")["api_key"]
    make_certificate(directory)
    plain, tls = free_port(), free_port()
    file = make_configuration(directory, service.address, plain, tls)
    proxy = subprocess.Popen(["/usr/sbin/nginx", "-c", file, "-e", directory / "error.log"])
    try:
        wait_for((directory / "pid").exists)
        yield key, plain, tls, directory / "ca.crt"
    finally:
        proxy.terminate()
        proxy.wait(120)
        service.stop()


@pytest.fixture
def ask(ports: tuple[str, int, int, Path], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give a way to post as these machines do: their resolver sends Akismet's names to nginx."""
    _, plain, tls, authority = ports
    real = socket.getaddrinfo

    def wildcard(host: str, port: int, *rest: Any, **kwargs: Any) -> Any:
        if not host.endswith("rest.akismet.com"):
            return real(host, port, *rest, **kwargs)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", tls if port == 443 else plain))]

    monkeypatch.setattr(socket, "getaddrinfo", wildcard)

    def post(url: str, **form: str) -> requests.Response:
        return requests.post(url, form, verify=str(authority), timeout=60)

    return post


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_it_answers_at_akismets_own_names(ports: tuple[str, int, int, Path], ask: Any, scheme: str) -> None:
    key = ports[0]
    valid = ask(f"{scheme}://rest.akismet.com/1.1/verify-key", key=key, blog=BLOG["blog"])
    checked = ask(f"{scheme}://{key}.rest.akismet.com/1.1/comment-check", **BLOG)
    assert (valid.text, checked.text) == ("valid", "false")
    assert checked.headers["X-akismet-guid"]


def test_it_is_no_way_to_anything_else(ports: tuple[str, int, int, Path], ask: Any) -> None:
    for path in ("/", "/sign-in", "/api/v1/comments", "/webhooks/comments", "/metrics"):
        assert ask(f"http://rest.akismet.com{path}").status_code == 404
    assert requests.get(f"http://127.0.0.1:{ports[1]}/1.1/test", timeout=60).status_code == 404
