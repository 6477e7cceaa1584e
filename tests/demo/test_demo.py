"""The demo as a process: it fills the desk, a decision reaches the blog, and Ctrl-C leaves nothing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.process.cast import MODQUEUE, TIMEOUT_S, csrf_token, wait_for

pytestmark = pytest.mark.process


class Demo:
    """`modqueue demo`, and what it said until it was ready."""

    def __init__(self, temporary: Path) -> None:
        # A store that does not exist: the demo must not use what the environment names.
        file = temporary.with_name("redis-url")
        file.write_text("redis://127.0.0.1:1/0")
        env = os.environ | {"TMPDIR": str(temporary), "MODQUEUE_REDIS_URL_FILE": str(file)}
        self.temporary = temporary
        self.process = subprocess.Popen([MODQUEUE, "demo"], env=env, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.said = ""
        for line in self.process.stdout:
            self.said += line
            if "Ctrl-C" in line:
                break

    def found(self, pattern: str) -> tuple[str, ...]:
        found = re.search(pattern, self.said)
        assert found, self.said
        return found.groups()

    def left(self) -> list[str]:
        """Return the command line of every process of this demo."""
        return [command for entry in Path("/proc").iterdir() if (command := self._ours(entry))]

    def stop(self) -> str:
        self.process.send_signal(signal.SIGINT)
        rest, _ = self.process.communicate(timeout=120)
        return rest

    def _ours(self, entry: Path) -> str:
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            told = (entry / "environ").read_bytes()
        except (OSError, UnicodeDecodeError):
            return ""
        return command if entry.name.isdigit() and str(self.temporary).encode() in told else ""


@contextmanager
def running(temporary: Path) -> Iterator[Demo]:
    demo = Demo(temporary)
    try:
        yield demo
    finally:
        if demo.process.poll() is None:
            demo.stop()


@pytest.fixture
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("d")


def approve_one(link: str, desk: str) -> str:
    """Sign in by the link and approve the first comment, as a browser without scripts would; return which."""
    with requests.Session() as session:
        page = session.get(link, timeout=TIMEOUT_S).text
        page = session.post(link, data={"csrf_token": csrf_token(page)}, timeout=TIMEOUT_S).text
        comment_id = re.search(r'/posts/\d+#c([\w-]+)"', page)
        form = re.search(r'<form[^>]*action="(/items/[^"]+/decision)".*?</form>', page, re.DOTALL)
        assert form
        assert comment_id, page
        fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form.group()))
        answer = session.post(desk + form.group(1), data=fields | {"decision": "approve"}, timeout=TIMEOUT_S)
        assert answer.status_code == 200, answer.text
        return comment_id.group(1)


def shown(blog: str, comment_id: str) -> str:
    """Return what the blog's front page says of a comment."""
    page = requests.get(blog, timeout=TIMEOUT_S).text
    found = re.search(rf'<li id="c{comment_id}".*?</li>', page, re.DOTALL)
    return " ".join(found.group().split()) if found else ""


def test_it_shows_the_whole_way_leaves_nothing_and_starts_clean_again(temporary: Path) -> None:
    with running(temporary) as demo:
        sums = demo.found(r"Sent (\d+) comments .*: (\d+) published, (\d+) held, (\d+) rejected")
        sent, *by_verdict = map(int, sums)
        assert sent >= 190
        assert sum(by_verdict) == sent
        assert all(by_verdict)
        (link,), (desk,), (blog,) = (
            demo.found(rf"{name}: +(http://\S+)/?\n") for name in ("once", "after that", "Blog")
        )
        comment_id = approve_one(link, desk.rstrip("/"))
        wait_for(lambda: "Approved by <bdi>admin</bdi>" in shown(blog, comment_id))
        assert "published" in shown(blog, comment_id)
        assert len(demo.left()) >= 5
        left = re.search(r"Stopping: (\d+) waiting · 1 decided · 1 confirmed", demo.stop())
        assert left
        # Audits let some more wait.
        assert int(left.group(1)) >= by_verdict[1] - 1
    assert demo.process.returncode == 0
    assert demo.left() == []
    assert list(temporary.iterdir()) == []
    with running(temporary) as again:
        assert again.found(r"Sent (\d+) comments") == (str(sent),)
        assert shown(*again.found(r"Blog: +(\S+)\n"), comment_id).count("by <bdi>") == 0


def test_it_can_be_stopped_while_it_starts(temporary: Path) -> None:
    env = os.environ | {"TMPDIR": str(temporary)}
    process = subprocess.Popen([MODQUEUE, "demo"], env=env, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert "Starting" in process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    assert "Ready" not in rest
    assert list(temporary.iterdir()) == []
