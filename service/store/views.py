"""What the pages and the API read: items, lanes with counts, pages of a lane, the log, totals."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from service.domain import Invalid, Item, Lane, NotFound
from service.store import codec, keys
from service.store.connection import Connection

# Views of the queue beside the lanes: the pending ones of every lane, the decided, all that came.
PENDING, DECIDED, ALL = "pending", "decided", "all"


@dataclass(frozen=True, slots=True)
class LaneSummary:
    """How many items wait in a lane, and since when the oldest does."""

    count: int
    oldest: float | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some items in order, and where the next page begins (empty at the end)."""

    items: tuple[Item, ...]
    cursor: str


class Views:
    """Reads only; views over several sites merge per-site answers here."""

    def __init__(self, db: Connection, partitions: int) -> None:
        self._db = db
        self._partitions = partitions

    def item(self, item_id: str) -> Item:
        """Return one item."""
        found = self.items([item_id]) if keys.ITEM_ID.fullmatch(item_id) else []
        if not found:
            raise NotFound("no such comment")
        return found[0]

    def items(self, ids: Sequence[str]) -> list[Item]:
        """Return the items that still exist, in the order asked for."""
        raw = self._hashes([f"{keys.prefix_of_item(i)}c:{i}" for i in ids])
        deliveries = [r.get("delivery", "") for r in raw]
        sent = iter(self._hashes([f"{keys.prefix_of_delivery(d)}d:{d}" for d in deliveries if d]))
        found = zip(ids, raw, deliveries, strict=True)
        return [codec.item(i, r, next(sent) if d else {}) for i, r, d in found if r]

    def lanes(self, sites: Iterable[str]) -> dict[Lane, LaneSummary]:
        """Count every lane over the given sites."""
        wanted = [(lane, site) for lane in Lane for site in sites]
        with self._db.guard() as client:
            pipe = client.pipeline(transaction=False)
            for lane, site in wanted:
                key = self._site_key(site, f"age:{site}:{lane}")
                pipe.zcard(key)
                pipe.zrange(key, 0, 0, withscores=True)
            replies = pipe.execute()
        totals = dict.fromkeys(Lane, LaneSummary(0, None))
        for (lane, _), count, first in zip(wanted, replies[::2], replies[1::2], strict=True):
            ages = [a for a in (totals[lane].oldest, first[0][1] if first else None) if a is not None]
            totals[lane] = LaneSummary(totals[lane].count + count, min(ages, default=None))
        return totals

    def page(self, view: str, sites: Sequence[str], cursor: str = "", limit: int = 50) -> Page:
        """Return items of a lane or view: most severe first in a lane, latest first elsewhere."""
        after = _parse(cursor)
        ranked = heapq.merge(
            *(self._ranked(k, after, limit + 1) for k in self._view_keys(view, sites)), reverse=True
        )
        best = [pair for pair, _ in zip(ranked, range(limit + 1), strict=False)]
        items = self.items([i for _, i in best[:limit]])
        more = f"{best[limit - 1][0]!r}~{best[limit - 1][1]}" if len(best) > limit else ""
        return Page(tuple(items), more)

    def log(self, site: str, limit: int = 100) -> list[str]:
        """Return the latest entries of the moderation log in a site's partition, as JSON."""
        with self._db.guard() as client:
            entries = cast(list[Any], client.xrevrange(self._site_key(site, "log"), count=limit))
        return [fields["entry"] for _, fields in entries]

    def examples(self, site: str) -> list[str]:
        """Return every training example in a site's partition, as JSON, in order."""
        with self._db.guard() as client:
            entries = cast(list[Any], client.xrange(self._site_key(site, "examples")))
        return [fields["example"] for _, fields in entries]

    def totals(self, sites: Iterable[str]) -> dict[str, int]:
        """Add up the counters of the given sites."""
        result: dict[str, int] = {}
        for counters in self._hashes([self._site_key(s, f"count:{s}") for s in sites]):
            for name, value in counters.items():
                result[name] = result.get(name, 0) + int(value)
        return result

    def _view_keys(self, view: str, sites: Iterable[str]) -> list[str]:
        names = {PENDING: [f"lane:{{}}:{lane}" for lane in Lane], DECIDED: ["decided:{}"], ALL: ["recent:{}"]}
        if view not in names and view not in list(Lane):
            raise NotFound(f"no such lane: {view[:40]}")
        wanted = names.get(view, [f"lane:{{}}:{view}"])
        return [self._site_key(site, name.format(site)) for site in sites for name in wanted]

    def _ranked(self, key: str, after: tuple[float, str] | None, limit: int) -> list[tuple[float, str]]:
        # Redis orders equal scores by name, as Python's tuples do: a cursor is just the last pair seen.
        highest = after[0] if after else "+inf"
        found: list[tuple[float, str]] = []
        offset = 0
        while len(found) < limit:
            with self._db.guard() as client:
                batch = client.zrevrangebyscore(key, highest, "-inf", offset, limit, withscores=True)
            pairs = [(float(score), str(name)) for name, score in cast(list[Any], batch)]
            found += [p for p in pairs if after is None or p < after]
            offset += limit
            if len(pairs) < limit:
                break
        return found[:limit]

    def _hashes(self, names: Sequence[str]) -> list[dict[str, str]]:
        if not names:
            return []
        with self._db.guard() as client:
            pipe = client.pipeline(transaction=False)
            for name in names:
                pipe.hgetall(name)
            return cast(list[dict[str, str]], pipe.execute())

    def _site_key(self, site: str, name: str) -> str:
        return keys.prefix(keys.partition_of(site, self._partitions)) + name


def _parse(cursor: str) -> tuple[float, str] | None:
    score, _, name = cursor.partition("~")
    try:
        after = (float(score), name) if cursor else None
    except ValueError:
        after = (math.nan, "")
    if after and not math.isfinite(after[0]):
        raise Invalid("cursor", "not one that was given out")
    return after
