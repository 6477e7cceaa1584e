"""A signal may come at any moment, even while the event that it sets is being looked at."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading
from types import FrameType
from typing import Any

import pytest

from service.stopping import Stop, stop_event


@pytest.fixture(autouse=True)
def _handlers() -> Any:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_it_waits_until_it_is_told() -> None:
    stop = Stop()
    assert not stop.wait(0.01)
    assert not stop.is_set()
    threading.Timer(0.01, stop.set).start()
    assert stop.wait(60)
    assert stop.is_set()
    assert stop.wait(0)


def test_a_signal_may_come_at_every_line_of_its_own_code() -> None:
    """With an event of the library's this waits for ever, and is ended after a minute."""
    stop, sent, before = stop_event(), 0, sys.gettrace()

    def at_each_line(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal sent
        if event == "line" and frame.f_code.co_filename.endswith(("stopping.py", "threading.py")):
            sent += 1
            os.kill(os.getpid(), signal.SIGTERM)
        return at_each_line

    faulthandler.dump_traceback_later(60, exit=True)
    sys.settrace(at_each_line)
    try:
        assert stop.wait(1)
    finally:
        sys.settrace(before)
        faulthandler.cancel_dump_traceback_later()
    assert sent
    assert stop.is_set()
