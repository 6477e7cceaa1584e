"""The embedded server: one at a time on a data directory, and a clear word where it cannot start."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from subprocess import Popen
from tempfile import TemporaryDirectory
from unittest.mock import Mock

import pytest

from service.errors import Conflict, Unavailable
from service.store import Store, embedded

pytestmark = pytest.mark.process


@contextmanager
def started(data_dir: Path) -> Iterator[Popen[bytes]]:
    server = embedded.start(data_dir, "always")
    try:
        yield server
    finally:
        embedded.stop(server)


def test_it_takes_over_from_a_server_that_was_left_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    orphan = embedded.start(tmp_path, "always")
    store = Store(embedded.url(tmp_path))
    store.registry.beat("delivery", 7.0)
    store.close()
    with started(tmp_path):
        assert orphan.wait(60) == 0
        store = Store(embedded.url(tmp_path))
        assert store.registry.last_beat("delivery") == 7.0
        store.close()
    assert f"taking over from an earlier store (process {orphan.pid})" in capsys.readouterr().err
    assert not embedded.answers(tmp_path)


def test_it_leaves_a_directory_alone_that_somebody_else_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "STOP_TIMEOUT_S", 0.01)
    (tmp_path / "store").mkdir()
    held = os.open(tmp_path / "store" / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        with pytest.raises(Conflict, match="does not end; end it by hand"):
            embedded.start(tmp_path, "always")
    finally:
        os.close(held)
    assert not embedded.answers(tmp_path)


def test_it_says_where_to_look_when_the_server_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    # The server wants a directory of this name.
    (tmp_path / "store" / "appendonlydir").write_text("")
    with pytest.raises(Unavailable, match=str(tmp_path / "store" / "valkey.log")):
        embedded.start(tmp_path, "always")


def test_it_listens_elsewhere_where_the_path_is_too_long(tmp_path: Path) -> None:
    deep = tmp_path / ("long" * 30)
    socket = embedded.socket_path(deep)
    assert len(str(socket)) <= embedded.LONGEST_SOCKET_PATH
    assert not socket.is_relative_to(deep)
    deep.mkdir()
    with started(deep):
        assert embedded.answers(deep)
        assert socket.parent.stat().st_mode & 0o077 == 0
    (socket.parent / "valkey.sock").unlink(missing_ok=True)
    socket.parent.rmdir()


def test_it_is_reached_whatever_its_path_holds() -> None:
    # A short one, or it would listen elsewhere; the last is no UTF-8.
    with TemporaryDirectory(prefix="mq #?%41\n\udcff") as name, started(Path(name)):
        assert embedded.socket_path(Path(name)).is_relative_to(name)
        Store(embedded.url(Path(name))).close()


def test_it_uses_no_directory_of_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(Conflict, match="belongs to another user"):
        embedded.start(tmp_path, "always")


@pytest.mark.parametrize(("loads", "looked"), [(True, 5), (False, 2)])
def test_it_waits_longer_than_a_minute_only_while_the_server_says_that_it_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loads: bool, looked: int
) -> None:
    # Half a minute passes between two looks; it answers at the fifth.
    clock, answers = count(0.0, embedded.START_TIMEOUT_S / 2), iter([False] * 4 + [True])
    monkeypatch.setattr(embedded, "time", Mock(monotonic=lambda: next(clock)))
    monkeypatch.setattr(embedded, "answers", lambda _: next(answers))
    monkeypatch.setattr(embedded, "_loads", lambda _: loads)
    server = Mock(poll=Mock(return_value=None))
    embedded._await(server, tmp_path)
    assert server.poll.call_count == looked
