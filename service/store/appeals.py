"""Appeals of authors against a rejection: one a decision, kept with the comment, listed while open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from service.errors import Conflict, NotFound
from service.store import keys
from service.store.connection import Connection

FIELDS = ("appeal_ref", "appeal_text", "appeal_at", "appeal_state", "appeal_by", "appeal_settled_at")


@dataclass(frozen=True, slots=True)
class Appeal:
    """What an author says against a rejection; `reference` names the decision, `state` what became of it."""

    item_id: str
    reference: str
    text: str
    at: float
    state: str
    by: str = ""
    settled_at: float | None = None


class Appeals:
    """The appeals of every partition."""

    def __init__(self, db: Connection, partitions: int) -> None:
        self._db = db
        self._partitions = partitions

    def submit(self, item_id: str, reference: str, text: str, now: float, entry: str) -> None:
        """Write an appeal down, once for a decision and only while that is in force."""
        revision, _, decided_ms = reference.partition(".")
        prefix = keys.prefix_of_item(item_id)
        match self._db.strings("appeal", prefix, item_id, revision, decided_ms, text, now, entry):
            case ["missing"]:
                raise NotFound("no such comment")
            case ["over"]:
                raise Conflict("the rejection that this link was made for is not in force any more")
            case ["exists"]:
                raise Conflict("there is an appeal against this decision already")

    def settle(self, item_id: str, state: str, by: str, now: float, entry: str = "") -> None:
        """Move an appeal on to `upheld`, `overturning` or, after that, `overturned`."""
        match self._db.strings("appeal_settle", keys.prefix_of_item(item_id), item_id, state, by, now, entry):
            case ["none"]:
                raise NotFound("no such appeal")
            case ["settled", who, at]:
                raise Conflict("this appeal is settled already", by=who, at=float(at))

    def of(self, item_id: str) -> Appeal | None:
        """Return the latest appeal about a comment."""
        return self._read([item_id])[0] if keys.ITEM_ID.fullmatch(item_id) else None

    def open(self, sites: Iterable[str], limit: int = 100) -> list[Appeal]:
        """Return the open appeals of some sites, the oldest first."""
        with self._db.guard() as client:
            pipe = client.pipeline(transaction=False)
            for site in sites:
                pipe.zrange(self._key(site), 0, limit - 1, withscores=True)
            found = [(at, str(i)) for rows in pipe.execute() for i, at in cast(list[tuple[str, float]], rows)]
        return [a for a in self._read([i for _, i in sorted(found)[:limit]]) if a]

    def count(self, sites: Iterable[str]) -> int:
        """Count the open appeals of some sites."""
        with self._db.guard() as client:
            pipe = client.pipeline(transaction=False)
            for site in sites:
                pipe.zcard(self._key(site))
            return sum(cast(list[int], pipe.execute()))

    def _read(self, ids: list[str]) -> list[Appeal | None]:
        with self._db.guard() as client:
            pipe = client.pipeline(transaction=False)
            for i in ids:
                pipe.hmget(f"{keys.prefix_of_item(i)}c:{i}", FIELDS)
            rows = cast(list[list[str | None]], pipe.execute())
        return [_appeal(i, row) for i, row in zip(ids, rows, strict=True)]

    def _key(self, site: str) -> str:
        return f"{keys.prefix(keys.partition_of(site, self._partitions))}appeals:{site}"


def read(item_id: str, fields: Mapping[str, str]) -> Appeal | None:
    """Read the latest appeal out of the fields of a comment."""
    return _appeal(item_id, [fields.get(name) for name in FIELDS])


def _appeal(item_id: str, row: list[str | None]) -> Appeal | None:
    reference, text, at, state, by, settled_at = row
    if reference is None:
        return None
    return Appeal(
        item_id, reference, text or "", float(at or 0), state or "", by or "",
        float(settled_at) if settled_at else None,
    )  # fmt: skip
