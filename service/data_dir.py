"""The data directory: its lock, its secrets, who runs in it, and the way to its store."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from service.config import Settings
from service.errors import Conflict, Invalid
from service.process import taken, wait
from service.store import embedded

# How long a command waits for others to be done, and how long of it without a word.
PATIENCE_S = 10.0
SILENT_S = 2.0


@contextmanager
def locked(data_dir: Path, name: str = "lock", patience_s: float = 0.0) -> Iterator[None]:
    """Hold the data directory for this process alone; refuses where another holds it, and goes on to."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = os.open(data_dir / name, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _had(file, data_dir, patience_s):
            raise Conflict(
                f"process {_holder(file)} runs on {data_dir} already; stop it first or set MODQUEUE_DATA_DIR"
            )
        os.truncate(file, 0)
        os.pwrite(file, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(file)


def _had(lock: int, data_dir: Path, patience_s: float) -> bool:
    silent_s = min(SILENT_S, patience_s)
    if wait(lambda: taken(lock), silent_s):
        return True
    if patience_s > silent_s:
        print(f"waiting for process {_holder(lock)}, which works on {data_dir}", file=sys.stderr)
    return wait(lambda: taken(lock), patience_s - silent_s)


def _holder(lock: int) -> str:
    return os.pread(lock, 32, 0).decode() or "unknown"


@contextmanager
def turn(data_dir: Path) -> Iterator[None]:
    """Wait, so long at most, until no other command needs the data directory to itself."""
    with locked(data_dir, "turn", PATIENCE_S):
        yield


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
        return
    with ExitStack() as held:
        held.enter_context(turn(settings.data_dir))
        try:
            held.enter_context(locked(settings.data_dir))
        except Conflict:
            # Whoever holds it when it is our turn is a serve, whose store stays.
            if not embedded.answers(settings.data_dir):
                raise
            held.close()
        else:
            held.callback(embedded.stop, embedded.start(settings.data_dir, settings.appendfsync))
        yield embedded.url(settings.data_dir)


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
        secret = json.loads(path.read_text())["secret_key"]
    except (ValueError, KeyError, TypeError):
        secret = ""
    if not isinstance(secret, str) or not secret:
        raise Invalid(
            str(path),
            "is damaged; restore it from a backup, or remove it: everyone signs in anew then, and no earlier"
            " author can be found or erased",
        )
    return secret
