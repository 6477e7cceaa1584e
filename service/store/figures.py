"""The counters of each day, which the transitions keep, and how old the backlog is now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import cast

from service.domain import Lane
from service.store import keys
from service.store.connection import Connection

DAY_S = 86400


class Figures:
    """Reads only."""

    def __init__(self, db: Connection, partitions: int) -> None:
        self._db = db
        self._partitions = partitions

    def days(self, sites: Sequence[str], first: int, last: int) -> dict[str, list[Counter[str]]]:
        """Return the counters of each site for each day, counted from 1970 in UTC, both ends included."""
        numbers = range(first, last + 1)
        with self._db.guard() as client:
            pipe = client.pipeline(transaction=False)
            for site in sites:
                for number in numbers:
                    pipe.hgetall(self._key(site, f"day:{site}:{number}"))
            rows = iter(cast(list[dict[str, str]], pipe.execute()))
        counted = (Counter({k: max(0, int(v)) for k, v in row.items()}) for row in rows)
        return {site: [next(counted) for _ in numbers] for site in sites}

    def backlog(self, sites: Sequence[str], now: float, bands_s: Sequence[float]) -> list[int]:
        """Count what waits by age: younger than the first band, the second, ..., and older than the last."""
        edges = ["+inf", *(repr(now - band) for band in bands_s), "-inf"]
        with self._db.guard() as client:
            pipe = client.pipeline(transaction=False)
            for site in sites:
                for lane in Lane:
                    for newest, oldest in pairwise(edges):
                        above = oldest if oldest == "-inf" else f"({oldest}"
                        pipe.zcount(self._key(site, f"age:{site}:{lane}"), above, newest)
            counts = cast(list[int], pipe.execute())
        width = len(edges) - 1
        return [sum(counts[n::width]) for n in range(width)]

    def _key(self, site: str, name: str) -> str:
        return keys.prefix(keys.partition_of(site, self._partitions)) + name
