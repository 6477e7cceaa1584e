"""`modqueue backup` and `restore`: store, secrets and models in one file, checked by digest."""

from __future__ import annotations

import hashlib
import json
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from service import data_dir as directory
from service.config import Settings
from service.errors import Conflict, Invalid, NotFound
from service.store import snapshot

MANIFEST, SNAPSHOT = "manifest.json", "store.rdb"


def backup(settings: Settings, target: Path) -> dict[str, Any]:
    """Write a backup of a data directory, whether its service runs or not; returns its manifest."""
    if settings.redis_url:
        raise Conflict("the store is an outside one: back it up with its own tools, and keep secrets.json")
    if not (settings.data_dir / "store").is_dir():
        raise NotFound(f"there is no store in {settings.data_dir}; set MODQUEUE_DATA_DIR as `serve` has it")
    if target.exists():
        raise Conflict(f"{target} exists already")
    with tempfile.TemporaryDirectory(prefix="modqueue-backup-") as name:
        work = Path(name)
        with directory.store_url(settings):
            keys = snapshot.take(settings.data_dir, work / SNAPSHOT)
        _copy(settings.data_dir, work)
        manifest = {"modqueue": version("modqueue"), "keys": keys, "files": dict(_digests(work))}
        (work / MANIFEST).write_text(json.dumps(manifest, indent=2))
        _pack(work, target)
    return manifest


def restore(settings: Settings, source: Path) -> dict[str, Any]:
    """Make a data directory of a backup; refuses a damaged backup, and a directory that holds anything."""
    if settings.redis_url:
        raise Conflict("the store is an outside one: restore it with its own tools")
    if settings.data_dir.exists() and any(settings.data_dir.iterdir()):
        raise Conflict(f"{settings.data_dir} is not empty; restore into an empty MODQUEUE_DATA_DIR")
    with tempfile.TemporaryDirectory(prefix="modqueue-restore-") as name:
        work = Path(name)
        manifest = _unpack(source, work)
        with directory.turn(settings.data_dir), directory.locked(settings.data_dir):
            keys = snapshot.load(settings.data_dir, work / SNAPSHOT, settings.appendfsync)
            _copy(work, settings.data_dir)
    return manifest | {"restored": keys}


def _copy(source: Path, target: Path) -> None:
    if (source / "secrets.json").exists():
        shutil.copy2(source / "secrets.json", target)
    if (source / "models").is_dir():
        shutil.copytree(source / "models", target / "models", symlinks=True)


def _digests(work: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(p for p in work.rglob("*") if p.is_file() and not p.is_symlink()):
        yield str(path.relative_to(work)), hashlib.sha256(path.read_bytes()).hexdigest()


def _pack(work: Path, target: Path) -> None:
    # Written beside its place and then moved there: half a backup is never taken for one.
    partial = target.with_name(target.name + ".partial")
    partial.touch(mode=0o600)
    with tarfile.open(partial, "w:gz") as archive:
        archive.add(work, arcname=".")
    partial.rename(target)


def _inside(archive: tarfile.TarFile, work: Path) -> Iterator[tarfile.TarInfo]:
    """Yield the members of an archive that was not made elsewhere to write elsewhere."""
    for member in archive:
        place = work / member.name
        reached = place.parent / member.linkname if member.issym() else place
        plain = member.isfile() or member.isdir() or member.issym()
        if not plain or not all(p.resolve().is_relative_to(work) for p in (place, reached)):
            raise ValueError("a member would be written elsewhere")
        yield member


def _unpack(source: Path, work: Path) -> dict[str, Any]:
    try:
        with tarfile.open(source) as archive:
            # What newer Pythons check besides; 3.11.2, which Debian 12 has, knows nothing of it.
            archive.extraction_filter = getattr(tarfile, "data_filter", None)
            archive.extractall(work, _inside(archive, work.resolve()))  # noqa: S202  # each one is looked at
        manifest: dict[str, Any] = json.loads((work / MANIFEST).read_text())
        expected = {name: str(digest) for name, digest in manifest["files"].items()}
        manifest["keys"] = int(manifest["keys"])
    except (OSError, tarfile.TarError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Invalid(str(source), f"is not a whole backup: {type(error).__name__}") from None
    found = {name: digest for name, digest in _digests(work) if name != MANIFEST}
    if found != expected:
        wrong = sorted(set(found.items()) ^ set(expected.items()))
        raise Invalid(str(source), f"is damaged: {wrong[0][0]}")
    return manifest
