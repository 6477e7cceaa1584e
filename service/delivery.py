"""The outbox worker, `python -m service.delivery`: tells blogs what was decided, until they confirm it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import UTC, datetime
from secrets import SystemRandom

import structlog

from service import logs
from service.config import Settings, load
from service.connectors.connector import Result
from service.connectors.ways import Ways
from service.data_dir import complete
from service.domain import Delivery, Site
from service.errors import Unavailable
from service.moderation import Moderation, connect
from service.stopping import stop_event
from service.store import Settlement

MINUTE, HOUR = 60.0, 3600.0
# How long to wait after the first, second, ... attempt; after one more the delivery is a dead letter.
LADDER_S = (
    5.0,
    30.0,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
)
JITTER = 0.1
# Longer than any attempt, so that nothing is sent twice but after a crash.
LEASE_S = 30.0
POLL_S = 0.1
GATHER_S = 0.002
THREADS = 16
# So many are leased for each thread: there is work while others are settled. As many attempts fit in a lease.
AHEAD = 2
BEAT_S = 1.0
RESCORE_S = 5.0
OUTAGE_PAUSE_S = 2.0

_log = structlog.get_logger(__name__)
_random = SystemRandom()


class Worker:
    """Leases due deliveries, attempts them on a pool of threads, and settles together what has ended."""

    def __init__(self, moderation: Moderation, allow_private: bool, threads: int = 8) -> None:
        self._moderation = moderation
        self._store = moderation.store
        self._ways = Ways(self._store, allow_private)
        self._threads = threads
        # A site that hangs must leave room for the others.
        self._per_site = max(1, threads // 2)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="delivery")
        self._beat_at = float("-inf")
        self._in_flight: dict[Future[tuple[Settlement | None, bool]], str] = {}
        self._failing: set[str] = set()

    def run_once(self) -> int:
        """Attempt what is due, as much as starts at once, and wait for it; returns the number of attempts."""
        started = self._start_due()
        wait(self._in_flight)
        self._collect()
        return started

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop, then finish what is in flight."""
        rescuer = threading.Thread(target=self._keep_rescoring, args=(stop,), name="rescore")
        rescuer.start()
        down = False
        while not stop.is_set():
            try:
                self._beat()
                self._start_due()
                down = False
            except Unavailable:
                if not down:
                    _log.warning("the store is away; deliveries wait")
                down = True
                stop.wait(OUTAGE_PAUSE_S)
            self._pause(stop)
        self.close()
        rescuer.join()

    def close(self) -> None:
        """Finish what is in flight, and give threads and connections back."""
        self._pool.shutdown()
        self._collect()
        self._ways.close()

    def _beat(self) -> None:
        if (now := time.monotonic()) >= self._beat_at:
            self._store.registry.beat("delivery", self._moderation.clock())
            self._beat_at = now + BEAT_S

    def _pause(self, stop: threading.Event) -> None:
        if self._in_flight:
            wait(self._in_flight, POLL_S, FIRST_COMPLETED)
            # Others end in the same moment: what is leased for all of them costs no more than for one.
            stop.wait(GATHER_S)
        else:
            stop.wait(POLL_S)

    def _start_due(self) -> int:
        self._collect()
        free = AHEAD * self._threads - len(self._in_flight)
        if not free:
            return 0
        now = self._moderation.clock()
        due = self._store.outbox.lease_due(now, LEASE_S, free, per_site=self._per_site, rooms=self._rooms())
        # Read anew each time: a callback that was disabled a moment ago must not be called again.
        sites = self._store.registry.known({d.site for d in due})
        for delivery in due:
            future = self._pool.submit(self._deliver, delivery, sites.get(delivery.site))
            self._in_flight[future] = delivery.site
        return len(due)

    def _collect(self) -> None:
        ended = [f for f in self._in_flight if f.done()]
        settlements = []
        for future in ended:
            site, (settlement, answers_well) = self._in_flight.pop(future), future.result()
            (self._failing.discard if answers_well else self._failing.add)(site)
            settlements += [settlement] if settlement else []
        if settlements:
            self._settle(settlements)

    def _rooms(self) -> dict[str, int]:
        # A site whose last attempt failed is tried by one thread until it answers well.
        busy = Counter(self._in_flight.values())
        most = dict.fromkeys(busy, self._per_site) | dict.fromkeys(self._failing, 1)
        return {site: max(0, limit - busy[site]) for site, limit in most.items()}

    def _deliver(self, delivery: Delivery, site: Site | None) -> tuple[Settlement | None, bool]:
        """Return what to write down, and whether the site answers well."""
        try:
            result = self._ways.send(site, delivery, self._moderation.clock())
            if site and result.state == "gone":
                self._disable(site)
        except Unavailable:
            _log.warning("a delivery could not be attempted", delivery=delivery.id)
            return None, False
        except Exception as error:
            _log.error("a delivery broke", delivery=delivery.id, exc_info=error)
            result = Result("retry", f"internal error: {type(error).__name__}")
        now = self._moderation.clock()
        return _settlement(delivery, result, now), result.state in ("confirmed", "refused")

    def _settle(self, settlements: list[Settlement]) -> None:
        try:
            self._store.outbox.settle_all(settlements)
        except Unavailable:
            # They come again when their leases end.
            _log.warning("deliveries could not be settled", deliveries=[s.delivery.id for s in settlements])
            return
        for settlement in settlements:
            _report(settlement)

    def _disable(self, site: Site) -> None:
        # Read again, so that what changed while the blog was answering is not undone.
        now, current = self._moderation.clock(), self._store.registry.site(site.id)
        if current.callback_url != site.callback_url or current.callback_disabled:
            return
        at = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M UTC")
        why = f"The blog answered HTTP 410 (gone) on {at}; callbacks are off until its address is set again."
        self._store.registry.save_site(replace(current, callback_disabled=why))
        self._store.registry.log({"at": now, "kind": "callback_disabled", "site": site.id, "reason": why})

    def _keep_rescoring(self, stop: threading.Event) -> None:
        while not stop.wait(RESCORE_S):
            try:
                if settled := self._moderation.rescore():
                    _log.info("rescored", comments=settled)
            except Unavailable:
                continue  # The loop has met the same outage, and says so.
            except Exception as error:
                _log.error("rescoring broke", exc_info=error)


def _settlement(delivery: Delivery, result: Result, now: float) -> Settlement:
    delay = _delay(delivery.attempts, result.retry_after)
    if result.state == "gone":
        return Settlement(
            delivery, "dead", now, error=f"{result.error}: the blog takes no callbacks any more"
        )
    if result.state == "refused":
        return Settlement(delivery, "dead", now, error=result.error)
    if result.state == "retry" and delay is None:
        return Settlement(delivery, "dead", now, error=f"out of attempts; the last: {result.error}")
    return Settlement(delivery, result.state, now, now + (delay or 0.0), result.error)


def _delay(attempts: int, retry_after: float | None) -> float | None:
    if attempts > len(LADDER_S):
        return None
    jitter = _random.uniform(1 - JITTER, 1 + JITTER)
    return max(LADDER_S[attempts - 1] * jitter, retry_after or 0.0)


def _report(settled: Settlement) -> None:
    delivery = settled.delivery
    _log.info(
        "delivery",
        delivery=delivery.id,
        site=delivery.site,
        attempt=delivery.attempts,
        state=settled.result,
        error=settled.error,
    )


def connect_until(settings: Settings, stop: threading.Event) -> Moderation | None:
    """Open the store and the model as soon as the store is there; None where it is time to stop before."""
    while not stop.is_set():
        try:
            return connect(settings)
        except Unavailable:
            stop.wait(OUTAGE_PAUSE_S)
    return None


def main() -> None:
    """Run the worker until SIGTERM or SIGINT."""
    settings = complete(load())
    logs.configure(settings.log_level)
    stop = stop_event()
    moderation = connect_until(settings, stop)
    if moderation is not None:
        Worker(moderation, settings.allow_private_callbacks, THREADS).run(stop)
        moderation.store.close()


if __name__ == "__main__":
    main()
