"""A whole service as a process, a blog that listens, and hands to work both."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

import requests
from click.testing import CliRunner

from service import signing
from service.cli import main
from service.domain import Secret
from tests.conftest import logs_put_back

T = TypeVar("T")
MODQUEUE = Path(sys.executable).with_name("modqueue")
PASSWORD = "correct horse battery"
# Long enough for a machine that is busy with everything else: only what never comes is waited for in vain.
TIMEOUT_S = 60


def wait_for(
    what: Callable[[], T], seconds: float = 120.0, told: Callable[[], object] = lambda: "waited in vain"
) -> T:
    """Wait until something is true, and return it; in vain, tell what was there instead."""
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, told()
        time.sleep(0.02)
    return found


def free_port() -> int:
    """Find a port that no process is given by chance, now or while its owner is down for a while."""
    while True:
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", random.randrange(10_000, 32_000)))
            return int(listener.getsockname()[1])


class Blog:
    """A stand-in blog's callback receiver, which can go down and come back on the same port."""

    def __init__(self) -> None:
        self.secret = ""
        self.received: list[dict[str, Any]] = []
        self.port = free_port()
        self.up()

    def up(self) -> None:
        blog = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                signing.verify(self.headers, body, [Secret(blog.secret)], time.time())
                blog.received.append(json.loads(body)["data"])
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def down(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def told(self, comment_id: str) -> list[str]:
        return [d["outcome"] for d in self.received if d["comment_ID"] == comment_id]


class Service:
    """`modqueue serve` on a free port, and the commands that go with it."""

    def __init__(self, data_dir: Path, **env: str) -> None:
        self.data_dir = data_dir
        self.own = {"MODQUEUE_DATA_DIR": str(data_dir), "MODQUEUE_ALLOW_PRIVATE_CALLBACKS": "1"} | env
        self.env = os.environ | self.own
        self.secret = self.token = ""
        self.sent = 0
        # It comes back where it was.
        self.port = free_port()
        self.start()

    def start(self) -> None:
        self.log = open(self.data_dir.parent / "serve.log", "ab")  # noqa: SIM115
        self.process = subprocess.Popen(
            [MODQUEUE, "serve", "--port", str(self.port)],
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        assert self.process.stdout
        first = self.process.stdout.readline()
        found = re.search(r"http://\S+:\d+", first)
        assert found, f"serve said {first!r}"
        self.address = found.group()

    def listens(self) -> bool:
        """Tell whether anything, such as what outlives its launcher for a moment, listens where we do."""
        with socket.socket() as line:
            return line.connect_ex(("127.0.0.1", self.port)) == 0

    def move(self, data_dir: Path) -> None:
        """Work with another data directory from the next start on."""
        self.data_dir = data_dir
        self.own["MODQUEUE_DATA_DIR"] = self.env["MODQUEUE_DATA_DIR"] = str(data_dir)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(120)
        self.close()
        return code

    def close(self) -> None:
        if self.process.stdout:
            self.process.stdout.close()
        self.log.close()

    def run(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = [MODQUEUE, *arguments]
        return subprocess.run(
            command, check=False, env=self.env, input=stdin, capture_output=True, text=True, timeout=120
        )

    def command(self, *arguments: str, stdin: str = "") -> Any:
        """Run a command in this process: another takes longer to start than most have to do."""
        with logs_put_back():
            done = CliRunner().invoke(main, arguments, stdin, self.own, catch_exceptions=False)
        assert done.exit_code == 0, done.stderr
        return json.loads(done.stdout) if "--json" in arguments else done.stdout

    def register(self, blog: Blog) -> None:
        added = self.command(
            "site", "add", "blog", "--url", blog.url, "--callback-url", f"{blog.url}/modqueue", "--json"
        )
        self.secret = blog.secret = added["webhook_secret"]
        # Or else one comment in a hundred would wait for the audit, whatever a test expects.
        self.command("site", "policy", "blog", "--set", "-", stdin='{"audit": 0}')
        self.token = self.command("token", "add", "robot", "--site", "blog", "--json")["token"]

    def send(self, comment_id: str, text: str) -> dict[str, Any]:
        self.sent += 1
        body = json.dumps({"comment_ID": comment_id, "comment_content": text}).encode()
        headers = signing.signed_headers(
            [Secret(self.secret)], f"m-{os.getpid()}-{self.sent}", time.time(), body
        )
        headers |= {"X-Modqueue-Site": "blog", "Content-Type": "application/json"}
        response = requests.post(
            f"{self.address}/webhooks/comments", data=body, headers=headers, timeout=TIMEOUT_S
        )
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def api(self, method: str, path: str, body: dict[str, Any] | None = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{self.address}/api/v1/{path}"
        return requests.request(method, url, json=body, headers=headers, timeout=TIMEOUT_S)

    def pending(self) -> list[str]:
        return [c["comment_ID"] for c in self.api("GET", "comments?lane=pending").json()["comments"]]

    def sign_in(self, name: str) -> requests.Session:
        session = requests.Session()
        page = session.get(f"{self.address}/sign-in", timeout=TIMEOUT_S).text
        form = {"name": name, "password": PASSWORD, "csrf_token": csrf_token(page)}
        signed_in = session.post(f"{self.address}/sign-in", data=form, timeout=TIMEOUT_S)
        assert signed_in.status_code == 200, signed_in.text[:500]
        return session

    def processes(self) -> list[tuple[int, str]]:
        """Return (pid, command line) of every process of this data directory, children included."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    env = (entry / "environ").read_bytes()
                    command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                except (OSError, UnicodeDecodeError):
                    continue
                # The store shows its socket as its command line, and hides its environment by that.
                if f"MODQUEUE_DATA_DIR={self.data_dir}".encode() in env or f"{self.data_dir}/" in command:
                    found.append((int(entry.name), command))
        return found

    def kill(self, what: str) -> None:
        """Kill -9 every process whose command line holds these words."""
        victims = [pid for pid, command in self.processes() if what in command]
        assert victims, f"no process with {what}"
        for pid in victims:
            os.kill(pid, signal.SIGKILL)


def csrf_token(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found, page[:1000]
    return found.group(1)


@contextmanager
def service_and_blog(data_dir: Path, **env: str) -> Iterator[tuple[Service, Blog]]:
    blog = Blog()
    service = Service(data_dir, **env)
    try:
        service.register(blog)
        yield service, blog
    finally:
        if service.process.poll() is None:
            service.stop()
        blog.down()
