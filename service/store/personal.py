"""What the desk remembers for one person: skips, preferences, what was hard to read, decisions in bulk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from service.store import codec
from service.store.connection import Connection
from service.store.keys import META

SKIPPED_FOR_S, SKIPS_MAX = 8 * 3600, 1000
# What was hard to read is forgotten after a day.
EXPOSURE_KEPT_S, HOUR_S = 24 * 3600, 3600
BULK_KEPT_S = 24 * 3600


class Personal:
    """Small things of one person, in the slot of the service-wide ones; most expire by themselves."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def skip(self, name: str, item_id: str, now: float) -> None:
        """Offer an item to everybody but this person, for some hours."""
        key = f"{META}skipped:{name}"
        with self._db.guard() as client:
            pipe = client.pipeline(transaction=True)
            pipe.zadd(key, {item_id: now + SKIPPED_FOR_S})
            pipe.zremrangebyscore(key, "-inf", now)
            pipe.zremrangebyrank(key, 0, -SKIPS_MAX - 1)
            pipe.expire(key, SKIPPED_FOR_S)
            pipe.execute()

    def skipped(self, name: str, now: float) -> frozenset[str]:
        """Return what this person has skipped lately."""
        with self._db.guard() as client:
            return frozenset(cast(list[str], client.zrangebyscore(f"{META}skipped:{name}", now, "+inf")))

    def forget_skips(self, name: str) -> None:
        """Offer this person everything again."""
        with self._db.guard() as client:
            client.delete(f"{META}skipped:{name}")

    def preferences(self, name: str) -> dict[str, bool]:
        """Return what this person has switched on or off."""
        with self._db.guard() as client:
            raw = cast(dict[str, str], client.hgetall(f"{META}preferences:{name}"))
        return {switch: value == "on" for switch, value in raw.items()}

    def prefer(self, name: str, switches: Mapping[str, bool]) -> None:
        """Remember what this person switches on or off."""
        with self._db.guard() as client:
            pipe = client.pipeline(transaction=True)
            for switch, on in switches.items():
                pipe.hset(f"{META}preferences:{name}", switch, "on" if on else "off")
            pipe.execute()

    def expose(self, name: str, item_id: str, now: float) -> None:
        """Count an item that was hard to read; nobody but this person is ever told."""
        key = f"{META}exposure:{name}"
        with self._db.guard() as client:
            pipe = client.pipeline(transaction=True)
            pipe.zadd(key, {item_id: now})
            pipe.zremrangebyscore(key, "-inf", now - EXPOSURE_KEPT_S)
            pipe.expire(key, EXPOSURE_KEPT_S)
            pipe.execute()

    def exposure(self, name: str, now: float) -> tuple[int, int]:
        """Return how many hard items this person has met within an hour, and within a day."""
        key = f"{META}exposure:{name}"
        with self._db.guard() as client:
            hour = client.zcount(key, now - HOUR_S, "+inf")
            return hour, client.zcount(key, now - EXPOSURE_KEPT_S, "+inf")

    def save_bulk(self, bulk_id: str, record: Mapping[str, Any]) -> None:
        """Remember a decision on several items, planned or made."""
        with self._db.guard() as client:
            client.set(f"{META}bulk:{bulk_id}", codec.dump(record), ex=BULK_KEPT_S)

    def bulk(self, bulk_id: str) -> dict[str, Any] | None:
        """Return a remembered decision on several items."""
        with self._db.guard() as client:
            raw = cast(str | None, client.get(f"{META}bulk:{bulk_id}"))
        return cast(dict[str, Any], codec.load(raw)) if raw else None
