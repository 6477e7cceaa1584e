"""A snapshot of the embedded store: whole and alone in its file, or a word on why there is none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.errors import Conflict, Unavailable
from service.store import Store, embedded, snapshot

pytestmark = pytest.mark.process


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """Give a data directory whose store runs and remembers something."""
    server = embedded.start(tmp_path, "everysec")
    store = Store(embedded.url(tmp_path))
    store.registry.beat("delivery", 7.0)
    store.close()
    yield tmp_path
    server.kill()
    server.wait()


def configure(data_dir: Path, name: str, value: int) -> None:
    store = Store(embedded.url(data_dir))
    store._db.client.config_set(name, value)
    store.close()


def test_it_makes_a_store_of_what_it_took(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("o")
    count = snapshot.take(data_dir, other / "snapshot")
    assert snapshot.load(other / "data", other / "snapshot", "always") == count
    server = embedded.start(other / "data", "always")
    store = Store(embedded.url(other / "data"))
    try:
        assert store.registry.last_beat("delivery") == 7.0
    finally:
        store.close()
        embedded.stop(server)


def test_it_takes_none_of_a_store_that_does_not_run(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="gave no snapshot: ConnectionError"):
        snapshot.take(tmp_path, tmp_path / "snapshot")


def test_it_says_that_there_was_no_place_to_write(data_dir: Path) -> None:
    socket = embedded.socket_path(data_dir)
    shutil.move(socket, data_dir / "socket")
    shutil.rmtree(data_dir / "store")
    (data_dir / "store").mkdir()
    shutil.move(data_dir / "socket", socket)
    with pytest.raises(Unavailable, match="could not write a snapshot"):
        snapshot.take(data_dir, data_dir / "snapshot")


def test_it_waits_for_no_snapshot_for_ever(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "TIMEOUT_S", 0.0)
    configure(data_dir, "rdb-key-save-delay", 60_000_000)
    with pytest.raises(Unavailable, match="busy with a snapshot for too long"):
        snapshot.take(data_dir, data_dir / "snapshot")


def test_it_makes_no_store_that_would_not_be_kept(
    data_dir: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path_factory.mktemp("o")
    snapshot.take(data_dir, other / "snapshot")
    real = embedded.start

    def start(*args: Any, **kwargs: Any) -> Any:
        # The append-only file would lie in a directory of this name.
        (other / "data" / "store" / "appendonlydir").write_text("")
        return real(*args, **kwargs)

    monkeypatch.setattr(embedded, "start", start)
    with pytest.raises(Conflict, match="could not write its append-only file"):
        snapshot.load(other / "data", other / "snapshot", "always")
