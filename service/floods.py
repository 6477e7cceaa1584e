"""Sites that send faster than they may: turned away before a comment of theirs costs anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from service.errors import TooMany

# While one comment of such a site finds out whether it may send again, the others wait so long at most.
TRIED_FOR_S = 0.25
# A site that was not refused for so long is let in as any other.
FORGOTTEN_S = 2.0


class Floods:
    """What the store's refusals tell of each site; only the store counts what a site may send."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._refused_at: dict[str, float] = {}
        self._until: dict[str, float] = {}

    def wait(self, site_id: str) -> float:
        """Return for how many seconds nothing of a site is let in."""
        until = self._until.get(site_id)
        return 0.0 if until is None else max(0.0, until - self._clock())

    @contextmanager
    def entering(self, site_id: str, rate: float) -> Iterator[bool]:
        """Let a comment in; after a refusal, one at a time, and no faster than the site may send.

        Says whether the site was refused lately, and the store is better asked before anything else is done.
        """
        if (left := self.wait(site_id)) > 0:
            raise TooMany("this site sends comments faster than its limit", left)
        suspected = site_id in self._until
        if suspected:
            self._until[site_id] = self._clock() + TRIED_FOR_S
        try:
            yield suspected
        except TooMany as refusal:
            now = self._clock()
            self._refused_at[site_id], self._until[site_id] = now, now + refusal.retry_after
            raise
        if site_id in self._until:
            self._let_in(site_id, rate)

    def _let_in(self, site_id: str, rate: float) -> None:
        now = self._clock()
        if now - self._refused_at[site_id] > FORGOTTEN_S:
            # Another thread may have forgotten it in the same moment.
            self._until.pop(site_id, None)
        else:
            self._until[site_id] = now + 1 / rate
