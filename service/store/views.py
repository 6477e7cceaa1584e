"""What the pages and the API read: items, lanes with counts, pages of a lane, the log, totals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from service.domain import History, Item, Lane
from service.errors import NotFound
from service.store import codec, keys
from service.store.connection import Connection
from service.store.packing import unpack
from service.store.search import NOTHING, PENDING, Search, Wanted


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
        self._search = Search(db, partitions)

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

    def page(
        self, view: str, sites: Sequence[str], cursor: str = "", limit: int = 50, wanted: Wanted = NOTHING
    ) -> Page:
        """Return items of a view that a search asks for: most severe first in a lane, else latest first."""
        ids, more = self._search.ids(view, sites, cursor, limit, wanted)
        return Page(tuple(self.items(ids)), more)

    def rows(
        self, view: str, sites: Sequence[str], cursor: str = "", limit: int = 50, wanted: Wanted = NOTHING
    ) -> Page:
        """Return such a page for a list: items without explanations, deliveries and earlier revisions."""
        ids, more = self._search.ids(view, sites, cursor, limit, wanted)
        return Page(tuple(self.brief(ids)), more)

    def brief(self, ids: Sequence[str]) -> list[Item]:
        """Return items as a list shows them: without explanations, deliveries and earlier revisions."""
        with self._db.guard() as client:
            pipe = client.pipeline(transaction=False)
            for item_id in ids:
                pipe.hmget(f"{keys.prefix_of_item(item_id)}c:{item_id}", codec.BRIEF)
            rows = pipe.execute() if ids else []
        raw = [{k: v for k, v in zip(codec.BRIEF, row, strict=True) if v is not None} for row in rows]
        return [codec.item(i, r, {}) for i, r in zip(ids, raw, strict=True) if "comment" in r]

    def came_since(self, view: str, sites: Iterable[str], since: float) -> int:
        """Count what waits in a lane and came after a time."""
        with self._db.guard() as client:
            pipe = client.pipeline(transaction=False)
            for site in sites:
                for lane in Lane if view == PENDING else [view]:
                    pipe.zcount(self._site_key(site, f"age:{site}:{lane}"), f"({since!r}", "+inf")
            return sum(cast(list[int], pipe.execute()))

    def escalated(self, sites: Iterable[str]) -> int:
        """Count what waits for an admin."""
        with self._db.guard() as client:
            pipe = client.pipeline(transaction=False)
            for site in sites:
                pipe.zcard(self._site_key(site, f"escalated:{site}"))
            return sum(cast(list[int], pipe.execute()))

    def history(self, site: str, author_key: str) -> History:
        """Return what is known of an author on a site."""
        (raw,) = self._hashes([self._site_key(site, f"author:{site}:{author_key}")])
        seen = float(raw["first_seen"]) if "first_seen" in raw else None
        return History(int(raw.get("approved", 0)), int(raw.get("rejected", 0)), seen)

    def log(self, site: str, limit: int = 100) -> list[str]:
        """Return the latest entries of the moderation log in a site's partition, as JSON."""
        with self._db.guard() as client:
            entries = cast(list[Any], client.xrevrange(self._site_key(site, "log"), count=limit))
        return [unpack(fields["entry"]) for _, fields in entries]

    def examples(self, site: str) -> list[str]:
        """Return every training example in a site's partition, as JSON, in order."""
        with self._db.guard() as client:
            entries = cast(list[Any], client.xrange(self._site_key(site, "examples")))
        return [unpack(fields["example"]) for _, fields in entries]

    def totals(self, sites: Iterable[str]) -> dict[str, int]:
        """Add up the counters of the given sites."""
        result: dict[str, int] = {}
        for counters in self._hashes([self._site_key(s, f"count:{s}") for s in sites]):
            for name, value in counters.items():
                result[name] = result.get(name, 0) + int(value)
        return result

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
