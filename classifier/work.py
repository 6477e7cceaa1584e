"""Where a run keeps what a later one can go on with: one run at a time, and nothing left for nobody."""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# Only these are removed: the shelf may be a directory that somebody has other things in.
_KEY = re.compile(r"[0-9a-f]{16}")


@contextmanager
def held(shelf: Path, key: str) -> Iterator[Path]:
    """Hold the directory of a run; it is kept only if the run is broken off.

    Parameters
    ----------
    shelf : Path
        Directory of all runs; what broken ones of other keys left there is removed.
    key : str
        What the run depends on: 16 hexadecimal digits.

    Yields
    ------
    Path
        The directory, with what an earlier run of that key left.

    Raises
    ------
    BlockingIOError
        If another run holds it.
    """
    work = shelf / key
    with _locked(work):
        _remove_others(work)
        try:
            yield work
        except Exception:
            # Not of Ctrl-C, which breaks it off: what failed would fail again, and fills the disk.
            shutil.rmtree(work)
            raise
        shutil.rmtree(work)


def empty(work: Path) -> None:
    """Remove what lies in a directory, but not the directory: it may be held.

    Parameters
    ----------
    work : Path
        From `held`.
    """
    for path in work.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


@contextmanager
def _locked(work: Path) -> Iterator[None]:
    """Lock a directory; the kernel frees it however its process ends."""
    work.mkdir(parents=True, exist_ok=True)
    handle = os.open(work, os.O_RDONLY)
    try:
        if not _lock(handle, work):
            msg = f"another run is at work on {work}: wait until it is through"
            raise BlockingIOError(msg)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, work: Path) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Who held it may have removed it since it was opened.
        return os.path.samestat(os.fstat(handle), work.stat())
    except (BlockingIOError, FileNotFoundError):
        return False


def _remove_others(work: Path) -> None:
    for other in work.parent.glob("*/"):
        if _KEY.fullmatch(other.name) and other != work:
            with suppress(BlockingIOError), _locked(other):
                shutil.rmtree(other)
