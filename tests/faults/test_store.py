"""What befalls the store: a pause, a full disk, a torn file, another place: docs/reliability.md."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.process.cast import TIMEOUT_S, Blog, Service, service_and_blog, wait_for

pytestmark = pytest.mark.process

HELD = "All refugees are vermin and should be exterminated."
PAUSE_S = 10
# As long as the container's health check waits, and then there is no answer.
PROXY_PATIENCE_S = 5


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Blog]]:
    """Give one service to which it all happens, and its blog."""
    with service_and_blog(tmp_path_factory.mktemp("f") / "data") as pair:
        yield pair


def _ready(service: Service) -> bool:
    try:
        return requests.get(f"{service.address}/readyz", timeout=30).ok
    except requests.RequestException:
        return False


def _store_pid(service: Service) -> int:
    (pid,) = [pid for pid, command in service.processes() if "valkey" in command]
    return pid


@contextmanager
def _paused(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_it_answers_while_the_store_hangs_and_loses_nothing(pair: tuple[Service, Blog]) -> None:
    service, _ = pair
    held = service.send("before a pause", HELD)
    pid = _store_pid(service)
    with _paused(pid):
        until = time.monotonic() + PAUSE_S
        while time.monotonic() < until:
            answer = service.api("GET", f"comments/{held['id']}")
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) > 0
            assert answer.elapsed.total_seconds() < PROXY_PATIENCE_S
        assert requests.get(f"{service.address}/healthz", timeout=TIMEOUT_S).ok
        readiness = requests.get(f"{service.address}/readyz", timeout=TIMEOUT_S)
        assert (readiness.status_code, readiness.elapsed.total_seconds() < PROXY_PATIENCE_S) == (503, True)
    wait_for(lambda: _ready(service))
    service.send("after a pause", HELD)
    assert [c for c in sorted(service.pending()) if "pause" in c] == ["after a pause", "before a pause"]
    assert _store_pid(service) == pid


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[Path]:
    """Give a file system of its own that is soon full; needs root, as do the tests' packages."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "modqueue-test", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def test_it_refuses_what_does_not_fit_on_the_disk_and_keeps_the_rest(tmp_path: Path) -> None:
    with (
        small_disk(tmp_path / "disk", "24m") as disk,
        service_and_blog(disk / "data") as (service, _),
    ):
        ballast = disk / "ballast"
        kept = [service.send(f"before-{n}", HELD)["id"] for n in range(3)]
        _fill(ballast, disk)
        kept += _send_until_refused(service)
        ballast.unlink()
        wait_for(lambda: _ready(service), 120)
        service.send("after", HELD)
        for item in kept:
            assert service.api("GET", f"comments/{item}").status_code == 200


def _fill(ballast: Path, disk: Path) -> None:
    """Leave a few pages free: that a write fits half is the worst case."""
    with ballast.open("wb") as file:
        file.truncate(0)
        left = shutil.disk_usage(disk).free - 16_384
        file.write(b"\0" * left)


def _send_until_refused(service: Service) -> list[str]:
    kept: list[str] = []
    for n in range(2_000):
        try:
            kept.append(service.send(f"full-{n}", HELD)["id"])
        except (AssertionError, requests.RequestException):
            return kept
    raise AssertionError("the disk is not full")


def test_it_starts_after_a_torn_write(pair: tuple[Service, Blog]) -> None:
    """A machine that loses power leaves half a command at the end of the file."""
    service, _ = pair
    held = service.send("before a cut", HELD)
    service.stop()
    (increment,) = (service.data_dir / "store" / "appendonlydir").glob("*.incr.aof")
    with increment.open("ab") as file:
        file.write(b"*3\r\n$3\r\nSET\r\n$9\r\nmq:{p0")
    service.start()
    assert service.api("GET", f"comments/{held['id']}").status_code == 200
    service.send("after a cut", HELD)
    assert [c for c in sorted(service.pending()) if "cut" in c] == ["after a cut", "before a cut"]


def test_it_goes_on_where_its_data_were_moved_to(pair: tuple[Service, Blog]) -> None:
    service, blog = pair
    held = service.send("moved", HELD)
    service.stop()
    moved = service.data_dir.with_name("moved")
    service.data_dir.rename(moved)
    service.move(moved)
    service.start()
    wish = {"decision": "approve"}
    assert service.api("POST", f"comments/{held['id']}/decision", wish).status_code == 200
    wait_for(lambda: blog.told("moved") == ["approve"])
