"""Searching the moderation log, which lies in one stream a partition and one for the service itself."""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from service.errors import Invalid
from service.store import codec, keys
from service.store.connection import Connection
from service.store.packing import unpack

# Entries that are read for one page at most; a rare one is looked for page by page.
SCAN_LIMIT = 10_000
FIRST_BATCH, BATCH_LIMIT = 50, 1000

_CURSOR = re.compile(r"(\d{1,15})-(\d{1,15})~([0-9a-z]{3,4})")

# Where an entry lies: milliseconds, number within them, stream. The log is ordered by it, over all streams.
Place = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened; `facts` are whatever else was written down."""

    at: float
    kind: str
    by: str
    site: str
    item: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class LogPage:
    """Entries, latest first; with a cursor, more may follow beyond the time that was reached."""

    entries: tuple[Entry, ...]
    cursor: str
    reached: float | None


class Log:
    """Reads only; entries are written by the transitions that they tell of."""

    def __init__(self, db: Connection, partitions: int) -> None:
        self._db, self._partitions = db, partitions

    def search(
        self, sites: Sequence[str], matches: Callable[[Entry], bool], cursor: str = "", *,
        since: float = 0.0, until: float | None = None, limit: int = 50, scan: int = SCAN_LIMIT,
    ) -> LogPage:  # fmt: skip
        """Return the latest entries that match, of the service and of the partitions of these sites."""
        names = {f"p{keys.partition_of(s, self._partitions):02x}" for s in sites} | {"meta"}
        before, bottom = _parse(cursor), f"{int(since * 1000)}-0"
        streams = [self._older(n, _top(n, before, until), bottom) for n in sorted(names)]
        merged = heapq.merge(*streams, key=lambda pair: pair[0], reverse=True)
        found, place = [], None
        # In this order: the other would draw an entry more than it gives.
        for _, (place, raw) in zip(range(scan), merged, strict=False):
            entry = _entry(place, raw)
            if matches(entry):
                found.append(entry)
            if len(found) == limit:
                break
        more = place if next(merged, None) else None
        return LogPage(
            tuple(found),
            f"{more[0]}-{more[1]}~{more[2]}" if more else "",
            more[0] / 1000 if more else None,
        )

    def _older(self, name: str, top: str, bottom: str) -> Iterator[tuple[Place, str]]:
        size = FIRST_BATCH
        while True:
            with self._db.guard() as client:
                batch = cast(list[Any], client.xrevrange(f"mq:{{{name}}}:log", top, bottom, count=size))
            for entry_id, fields in batch:
                milliseconds, _, number = entry_id.partition("-")
                yield (int(milliseconds), int(number), name), fields["entry"]
            if len(batch) < size:
                return
            top, size = f"({batch[-1][0]}", min(size * 4, BATCH_LIMIT)


def _entry(place: Place, raw: str) -> Entry:
    facts = codec.load(unpack(raw))
    kind, by, site, item = (str(facts.pop(name, "") or "") for name in ("kind", "by", "site", "item"))
    return Entry(float(facts.pop("at", place[0] / 1000)), kind, by, site, item, facts)


def _top(name: str, before: Place | None, until: float | None) -> str:
    # What is new has later ids: a page that was begun stays as it was.
    if before is None:
        return "+" if until is None else f"({int(until * 1000)}-0"
    exclusive = "(" if name >= before[2] else ""
    return f"{exclusive}{before[0]}-{before[1]}"


def _parse(cursor: str) -> Place | None:
    if not cursor:
        return None
    found = _CURSOR.fullmatch(cursor)
    if not found:
        raise Invalid("cursor", "not one that was given out")
    return int(found[1]), int(found[2]), found[3]
