"""What our processes need from the operating system."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
# Names to new web processes the pipe by which they tell that they can take over.
READY = "READY_FD"


def usable_cores() -> int:
    """Count the processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def end_with_parent() -> None:
    """Ask the kernel to end this process when its parent dies; to be called between fork and exec."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def taken(lock: int) -> bool:
    """Take the lock of an open file, which ends with it; tell whether it could be had."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def wait(done: Callable[[], bool], timeout_s: float) -> bool:
    """Wait until something is done, so long at most; tell whether it is."""
    until = time.monotonic() + timeout_s
    while not (finished := done()) and time.monotonic() < until:
        time.sleep(0.02)
    return finished
