"""The data directory: its lock, its secrets, who runs in it, and the way to its store."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from service.config import Settings
from service.errors import Conflict, Invalid
from service.store import embedded


@contextmanager
def locked(data_dir: Path) -> Iterator[None]:
    """Hold the data directory for this process alone; refuses where another holds it."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(file, 32, 0).decode() or "unknown"
            raise Conflict(
                f"process {holder} runs on {data_dir} already; stop it first or set MODQUEUE_DATA_DIR"
            ) from None
        os.truncate(file, 0)
        os.pwrite(file, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(file)


def secret_key(settings: Settings) -> str:
    """Return the key of sessions and hashes; the first call makes and keeps it."""
    if settings.secret_key:
        if len(settings.secret_key) < 32:
            raise Invalid("MODQUEUE_SECRET_KEY", "at least 32 characters")
        return settings.secret_key
    path = settings.data_dir / "secrets.json"
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read_secret(path)
    with os.fdopen(file, "w") as out:
        json.dump({"secret_key": secrets.token_hex(32)}, out)
        out.flush()
        os.fsync(out.fileno())
    return _read_secret(path)


def complete(settings: Settings) -> Settings:
    """Fill in what a process lacks that the launcher did not start: the secret and the store."""
    url = settings.redis_url or embedded.url(settings.data_dir)
    return settings.model_copy(update={"secret_key": secret_key(settings), "redis_url": url})


@contextmanager
def store_url(settings: Settings) -> Iterator[str]:
    """Yield the address of the outside store, of a running serve's, or of one started for a while."""
    if settings.redis_url:
        yield settings.redis_url
    elif embedded.answers(settings.data_dir):
        yield embedded.url(settings.data_dir)
    else:
        with locked(settings.data_dir):
            server = embedded.start(settings.data_dir, settings.appendfsync)
            try:
                yield embedded.url(settings.data_dir)
            finally:
                embedded.stop(server)


def announce(data_dir: Path, address: str) -> None:
    """Leave word where browsers reach the service that runs in this directory."""
    (data_dir / "run.json").write_text(json.dumps({"pid": os.getpid(), "address": address}))


def running_address(data_dir: Path) -> str:
    """Return where the service of this directory is reached, or was last."""
    try:
        found: dict[str, Any] = json.loads((data_dir / "run.json").read_text())
        return str(found["address"])
    except (OSError, ValueError, KeyError):
        return ""


def _read_secret(path: Path) -> str:
    if path.stat().st_mode & 0o077:
        raise Invalid(str(path), "others may read it; run `chmod 600` on it")
    try:
        return str(json.loads(path.read_text())["secret_key"])
    except (ValueError, KeyError):
        raise Invalid(
            str(path), "is damaged; restore it from a backup, or remove it (everyone signs in anew)"
        ) from None
