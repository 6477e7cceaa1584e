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

from tests.process.cast import Service, service_and_blog, wait_for

pytestmark = pytest.mark.process

HELD = "All refugees are vermin and should be exterminated."
PAUSE_S = 10


def _ready(service: Service) -> bool:
    try:
        return requests.get(f"{service.address}/readyz", timeout=5).ok
    except requests.RequestException:
        return False


def _store_pid(service: Service) -> int:
    (pid,) = [pid for pid, command in service.processes() if "valkey" in command]
    return pid


def test_it_answers_while_the_store_hangs_and_loses_nothing(tmp_path: Path) -> None:
    with service_and_blog(tmp_path / "data") as (service, _):
        held = service.send("1", HELD)
        pid = _store_pid(service)
        os.kill(pid, signal.SIGSTOP)
        until = time.monotonic() + PAUSE_S
        while time.monotonic() < until:
            answer = service.api("GET", f"comments/{held['id']}")
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) > 0
        assert requests.get(f"{service.address}/healthz", timeout=5).ok
        assert not _ready(service)
        os.kill(pid, signal.SIGCONT)
        wait_for(lambda: _ready(service))
        service.send("2", HELD)
        assert sorted(service.pending()) == ["1", "2"]
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


def test_it_starts_after_a_torn_write(tmp_path: Path) -> None:
    """A machine that loses power leaves half a command at the end of the file."""
    with service_and_blog(tmp_path / "data") as (service, _):
        held = service.send("1", HELD)
        service.stop()
        (increment,) = (tmp_path / "data" / "store" / "appendonlydir").glob("*.incr.aof")
        with increment.open("ab") as file:
            file.write(b"*3\r\n$3\r\nSET\r\n$9\r\nmq:{p0")
        service.start()
        assert service.api("GET", f"comments/{held['id']}").status_code == 200
        service.send("2", HELD)
        assert sorted(service.pending()) == ["1", "2"]


def test_it_goes_on_where_its_data_were_moved_to(tmp_path: Path) -> None:
    with service_and_blog(tmp_path / "data") as (service, blog):
        held = service.send("1", HELD)
        service.stop()
        moved = tmp_path / "moved"
        (tmp_path / "data").rename(moved)
        service.move(moved)
        service.start()
        wish = {"decision": "approve"}
        assert service.api("POST", f"comments/{held['id']}/decision", wish).status_code == 200
        wait_for(lambda: blog.told("1") == ["approve"])
