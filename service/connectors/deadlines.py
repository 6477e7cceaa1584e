"""One thread that cuts short whatever takes too long: one for each attempt would cost more than that."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from heapq import heappop, heappush


class Deadlines:
    """Calls what it was given for each deadline that passes; any number of threads may use it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        # (when, which, what to do); of what ended in time, nothing is to be done any more.
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._open: set[int] = set()
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    @contextmanager
    def within(self, seconds: float, cut: Callable[[], None]) -> Iterator[None]:
        """Call `cut` unless the block ends in time, at once where there is none; never after its end."""
        if seconds <= 0:
            cut()
            yield
            return
        number = next(self._numbers)
        with self._changed:
            heappush(self._due, (time.monotonic() + seconds, number, cut))
            self._open.add(number)
            if self._due[0][1] == number:
                self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="deadlines", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._changed:
                self._open.discard(number)

    def _watch(self) -> None:
        with self._changed:
            while True:
                while self._due and self._due[0][1] not in self._open:
                    heappop(self._due)
                left = self._due[0][0] - time.monotonic() if self._due else None
                if left is not None and left <= 0:
                    _, number, cut = heappop(self._due)
                    self._open.discard(number)
                    cut()
                else:
                    self._changed.wait(left)
