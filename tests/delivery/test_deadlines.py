"""What takes too long is cut short, once, and nothing else is."""

from __future__ import annotations

import threading

from service.connectors.deadlines import Deadlines


def test_it_cuts_what_takes_too_long() -> None:
    cut = threading.Event()
    with Deadlines().within(0.01, cut.set):
        assert cut.wait(10)


def test_it_leaves_alone_what_ended_in_time() -> None:
    deadlines, first, second = Deadlines(), threading.Event(), threading.Event()
    with deadlines.within(0.05, first.set):
        pass
    # Of two deadlines the earlier comes first: when the later has passed, so has that of the first block.
    with deadlines.within(0.1, second.set):
        assert second.wait(10)
    assert not first.is_set()


def test_it_keeps_many_deadlines_at_once() -> None:
    deadlines, late, soon = Deadlines(), threading.Event(), threading.Event()
    with deadlines.within(60, late.set), deadlines.within(0.01, soon.set):
        assert soon.wait(10)
        assert not late.is_set()
