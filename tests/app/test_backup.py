"""Backup and restore: everything comes back, and nothing is overwritten or believed unchecked."""

from __future__ import annotations

import json
import os
import tarfile
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner

from service.backup import backup, restore
from service.cli import main
from service.config import Settings
from service.data_dir import locked, secret_key, store_url
from service.errors import Conflict, Invalid, NotFound
from service.store import Store
from tests.conftest import BLOG
from tests.store.test_embedded import started

# Most start stores of their own.
pytestmark = pytest.mark.process


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Give a data directory with a site, a secret and a promoted model."""
    monkeypatch.delenv("MODQUEUE_REDIS_URL", raising=False)
    settings = Settings(data_dir=tmp_path / "old")
    secret_key(settings)
    (settings.data_dir / "models" / "m1").mkdir(parents=True)
    (settings.data_dir / "models" / "m1" / "manifest.json").write_text("{}")
    (settings.data_dir / "models" / "promoted").symlink_to("m1")
    with store_url(settings) as url:
        store = Store(url)
        store.registry.add_site(BLOG)
        store.close()
    return settings


def test_it_brings_everything_back(settings: Settings, tmp_path: Path) -> None:
    manifest = backup(settings, tmp_path / "b.tar.gz")
    new = Settings(data_dir=tmp_path / "new")
    restored = restore(new, tmp_path / "b.tar.gz")
    assert restored["restored"] == manifest["keys"] >= 2
    assert secret_key(new) == secret_key(settings)
    assert os.readlink(new.data_dir / "models" / "promoted") == "m1"
    with store_url(new) as url:
        store = Store(url)
        assert store.registry.sites() == [BLOG]
        assert store.registry.server_facts()[0]["appendonly"] == "yes"
        store.close()


def test_it_backs_up_while_the_store_runs(settings: Settings, tmp_path: Path) -> None:
    with locked(settings.data_dir), started(settings.data_dir):
        assert backup(settings, tmp_path / "b.tar.gz")["keys"] >= 2
    assert (tmp_path / "b.tar.gz").stat().st_mode & 0o077 == 0


def test_its_commands_count_what_went_by(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(command: str, data_dir: Path) -> dict[str, Any]:
        monkeypatch.setenv("MODQUEUE_DATA_DIR", str(data_dir))
        done = CliRunner().invoke(main, [command, str(tmp_path / "b.tar.gz"), "--json"])
        return cast(dict[str, Any], json.loads(done.stdout))

    made = run("backup", settings.data_dir)
    assert (made["file"], made["files"]) == (str(tmp_path / "b.tar.gz"), 3)
    assert run("restore", tmp_path / "new") == {"keys": made["keys"], "restored": made["keys"]}


def test_it_overwrites_nothing(settings: Settings, tmp_path: Path) -> None:
    backup(settings, tmp_path / "b.tar.gz")
    with pytest.raises(Conflict, match="exists already"):
        backup(settings, tmp_path / "b.tar.gz")
    with pytest.raises(Conflict, match="not empty"):
        restore(settings, tmp_path / "b.tar.gz")


def test_it_refuses_what_is_no_whole_backup(settings: Settings, tmp_path: Path) -> None:
    whole = tmp_path / "b.tar.gz"
    backup(settings, whole)
    new = Settings(data_dir=tmp_path / "new")
    (tmp_path / "cut.tar.gz").write_bytes(whole.read_bytes()[:-200])
    (tmp_path / "text.tar.gz").write_text("nonsense")
    for name in ("cut.tar.gz", "text.tar.gz"):
        with pytest.raises(Invalid, match="not a whole backup"):
            restore(new, tmp_path / name)
    work = tmp_path / "work"
    with tarfile.open(whole) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(work)
    (work / "secrets.json").write_text(json.dumps({"secret_key": "x" * 64}))
    with tarfile.open(tmp_path / "changed.tar.gz", "w:gz") as archive:
        archive.add(work, arcname=".")
    with pytest.raises(Invalid, match=r"damaged: secrets\.json"):
        restore(new, tmp_path / "changed.tar.gz")
    assert not new.data_dir.exists() or not any(new.data_dir.iterdir())


@pytest.mark.parametrize(
    "manifest", ["[]", "7", "{}", '{"files": []}', '{"files": {}}', '{"files": {}, "keys": []}']
)
def test_it_refuses_a_manifest_that_is_none(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "manifest.json").write_text(manifest)
    with tarfile.open(tmp_path / "b.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "manifest.json", arcname="manifest.json")
    with pytest.raises(Invalid, match="not a whole backup"):
        restore(Settings(data_dir=tmp_path / "new"), tmp_path / "b.tar.gz")


def test_it_backs_up_nothing_where_no_store_is(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="MODQUEUE_DATA_DIR"):
        backup(Settings(data_dir=tmp_path / "typo"), tmp_path / "b.tar.gz")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "kind", "target"),
    [
        ("../outside", tarfile.REGTYPE, ""),
        ("link", tarfile.SYMTYPE, "../../outside"),
        ("models/link", tarfile.SYMTYPE, "/etc"),
        ("device", tarfile.CHRTYPE, ""),
        ("hard", tarfile.LNKTYPE, "manifest.json"),
    ],
)
def test_it_writes_nowhere_else(tmp_path: Path, name: str, kind: bytes, target: str) -> None:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    with tarfile.open(tmp_path / "evil.tar.gz", "w:gz") as archive:
        archive.addfile(member)
    with pytest.raises(Invalid, match="not a whole backup"):
        restore(Settings(data_dir=tmp_path / "new"), tmp_path / "evil.tar.gz")
    assert not (tmp_path / "outside").exists()


def test_it_leaves_outside_stores_to_their_own_tools(tmp_path: Path) -> None:
    outside = Settings(data_dir=tmp_path, redis_url="redis://elsewhere")
    for attempt in (backup, restore):
        with pytest.raises(Conflict, match="own tools"):
            attempt(outside, tmp_path / "b")
