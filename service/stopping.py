"""Being told to stop by a signal."""

from __future__ import annotations

import signal
import threading
from queue import Empty, SimpleQueue


class Stop(threading.Event):
    """An event that a signal's handler may set at any moment.

    A plain event may not: the handler runs in the main thread, and waits for ever where that
    holds the event's lock.
    """

    def __init__(self) -> None:
        super().__init__()
        # Whose `put` may interrupt any other call, by its documentation.
        self._told: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        """Tell everybody who waits."""
        self._told.put(None)

    def is_set(self) -> bool:
        """Say whether it was set."""
        return not self._told.empty()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set, or so many seconds; say whether it is."""
        try:
            self._told.get(timeout=timeout)
        except Empty:
            return False
        self._told.put(None)
        return True


def asked_by(number: signal.Signals) -> SimpleQueue[None]:
    """Return a queue with an entry for each time that a signal came."""
    asked: SimpleQueue[None] = SimpleQueue()
    signal.signal(number, lambda *_: asked.put(None))
    return asked


def stop_event(*signals: signal.Signals) -> Stop:
    """Return an event that Ctrl-C and SIGTERM set, and further signals."""
    stop = Stop()
    for number in (signal.SIGINT, signal.SIGTERM, *signals):
        signal.signal(number, lambda *_: stop.set())
    return stop
