"""Callbacks that a blog has not confirmed: leased, settled, dead, driven again."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from service.domain import Delivery, DeliveryState
from service.errors import NotFound
from service.store import codec, keys
from service.store.connection import Connection


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of an attempt (`confirmed`, `retry` or `dead`), and when to try again."""

    delivery: Delivery
    result: str
    at: float
    next_at: float = 0.0
    error: str = ""


class Outbox:
    """Deliveries of every partition."""

    def __init__(self, db: Connection, partitions: int) -> None:
        self._db = db
        self._partitions = partitions
        self._first = 0

    def lease_due(
        self, now: float, lease_s: float, limit: int, *,
        per_site: int | None = None, rooms: Mapping[str, int] | None = None,
    ) -> list[Delivery]:  # fmt: skip
        """Lease up to `limit` due deliveries, and of a site `rooms[site]`, else `per_site`, at most.

        One that is not settled before its lease ends comes again.
        """
        own = [value for pair in (rooms or {}).items() for value in pair]
        due = self._partitions_due(now)[:limit]
        # An equal share each, so that all are asked in one go.
        share = limit // max(1, len(due))
        args = (now, now + lease_s, share, limit if per_site is None else per_site, *own)
        replies = self._db.run_all("lease_due", [(keys.prefix(partition), args) for partition in due])
        return [
            Delivery(i, item, site, body, int(n), t == 1)
            for rows in replies
            for i, item, site, body, n, t in rows
        ]

    def settle(
        self, delivery: Delivery, result: str, now: float, *, next_at: float = 0.0, error: str = ""
    ) -> str:
        """Write down a result; return the state that the delivery is in."""
        return self.settle_all([Settlement(delivery, result, now, next_at, error)])[0]

    def settle_all(self, settlements: Sequence[Settlement]) -> list[str]:
        """Write down several results, each for itself; return the states that the deliveries are in."""
        calls = [(keys.prefix_of_delivery(s.delivery.id), _arguments(s)) for s in settlements]
        return [str(state) for state in self._db.run_all("settle", calls)]

    def waiting(self, limit: int = 100) -> list[tuple[str, str, DeliveryState]]:
        """Return (site, item, state) of deliveries that are queued or retrying, earliest first."""
        return self._listed("outbox", limit)

    def dead(self, limit: int = 100) -> list[tuple[str, str, DeliveryState]]:
        """Return (site, item, state) of dead letters, oldest first."""
        return self._listed("dead", limit)

    def redrive(self, delivery_id: str, by: str, now: float) -> None:
        """Queue a dead letter anew."""
        if not keys.ITEM_ID.fullmatch(delivery_id[3:29]) or not delivery_id.startswith("dl_"):
            raise NotFound("no such delivery: %(id)s", id=delivery_id[:60])
        entry = codec.log_entry("redrive", now, delivery=delivery_id, by=by)
        if not self._db.run("redrive", keys.prefix_of_delivery(delivery_id), delivery_id, now, entry):
            raise NotFound("no such dead letter: %(id)s", id=delivery_id)

    def send_test(self, site: str, body: str, now: float) -> str:
        """Queue a callback that is about no comment, instead of an earlier one; return its delivery."""
        partition = keys.partition_of(site, self._partitions)
        item = f"{partition:02x}{secrets.token_hex(12)}"
        return str(self._db.run("send_test", keys.prefix(partition), f"dl_{item}_1", item, site, body, now))

    def state(self, site: str, delivery_id: str) -> DeliveryState:
        """Return what became of a delivery to a site."""
        if not keys.ITEM_ID.fullmatch(delivery_id[3:29]) or not delivery_id.startswith("dl_"):
            raise NotFound("no such delivery")
        with self._db.guard() as client:
            key = f"{keys.prefix_of_delivery(delivery_id)}d:{delivery_id}"
            raw = cast(dict[str, str], client.hgetall(key))
        found = codec.delivery_state(delivery_id, raw)
        if found is None or raw["site"] != site:
            raise NotFound("no such delivery")
        return found

    def depth(self) -> tuple[int, int]:
        """Count the waiting deliveries and the dead letters."""
        with self._db.guard() as client:
            pipe = client.pipeline(transaction=False)
            for name in ("outbox", "dead"):
                for partition in range(self._partitions):
                    pipe.zcard(keys.prefix(partition) + name)
            counts = cast(list[int], pipe.execute())
        return sum(counts[: self._partitions]), sum(counts[self._partitions :])

    def _partitions_due(self, now: float) -> list[int]:
        # A different one is first each time, so that a long backlog in one does not starve the others.
        self._first = (self._first + 1) % self._partitions
        order = [(self._first + i) % self._partitions for i in range(self._partitions)]
        with self._db.guard() as client:
            pipe = client.pipeline(transaction=False)
            for partition in order:
                pipe.zcount(keys.prefix(partition) + "turns", "-inf", now)
            return [p for p, due in zip(order, pipe.execute(), strict=True) if due]

    def _listed(self, name: str, limit: int) -> list[tuple[str, str, DeliveryState]]:
        with self._db.guard() as client:
            found: list[tuple[float, str]] = []
            for partition in range(self._partitions):
                rows = client.zrange(keys.prefix(partition) + name, 0, limit - 1, withscores=True)
                found += [(float(at), str(d)) for d, at in cast(list[Any], rows)]
            ids = [d for _, d in sorted(found)[:limit]]
            pipe = client.pipeline(transaction=False)
            for d in ids:
                pipe.hgetall(f"{keys.prefix_of_delivery(d)}d:{d}")
            hashes = cast(list[dict[str, str]], pipe.execute())
        states = ((h, codec.delivery_state(d, h)) for d, h in zip(ids, hashes, strict=True))
        return [(h["site"], h["item"], s) for h, s in states if s]


def _arguments(settled: Settlement) -> tuple[str | int | float, ...]:
    delivery, entry = settled.delivery, ""
    if settled.result != "retry":
        entry = codec.log_entry(
            f"delivery:{settled.result}", settled.at, site=delivery.site, item=delivery.item_id,
            delivery=delivery.id, attempts=delivery.attempts, error=settled.error,
        )  # fmt: skip
    next_at, error = settled.next_at, settled.error
    return delivery.id, delivery.attempts, settled.result, settled.at, next_at, error, entry
