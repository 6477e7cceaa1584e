"""Audited comments that a second person reads as well, and those on which the two did not agree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from service.domain import ReasonCode, Ruling
from service.errors import Conflict, NotFound
from service.store import keys
from service.store.connection import Connection

SECOND, DISPUTED = "second", "disputed"
_FIELDS = ("second_by", "second_ruling", "second_reason", "second_at")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a second person said of a comment."""

    by: str
    ruling: Ruling
    reason: ReasonCode | None
    at: float


class Readings:
    """The second readings of every partition."""

    def __init__(self, db: Connection, partitions: int) -> None:
        self._db = db
        self._partitions = partitions

    def waiting(self, kind: str, sites: Iterable[str]) -> list[str]:
        """Return what is to be read again, or is disputed, the oldest first."""
        with self._db.guard() as client:
            pipe = client.pipeline(transaction=False)
            for site in sites:
                name = f"{keys.prefix(keys.partition_of(site, self._partitions))}{kind}:{site}"
                pipe.zrange(name, 0, -1, withscores=True)
            replies = cast(list[list[tuple[str, float]]], pipe.execute())
        return [i for _, i in sorted((at, i) for found in replies for i, at in found)]

    def read_again(
        self, item_id: str, revision: int, *, by: str, ruling: str, reason: str, now: float, entry: str
    ) -> None:
        """Write down what a second person says."""
        args = (item_id, revision, by, ruling, reason, now, entry)
        match self._db.strings("read_again", keys.prefix_of_item(item_id), *args):
            case ["missing"]:
                raise NotFound("no such comment")
            case ["own"]:
                raise Conflict("you decided on this comment yourself")
            case ["gone"]:
                raise Conflict("this comment waits for no second reading any more")

    def of(self, item_id: str) -> Reading | None:
        """Return what a second person said of a comment."""
        with self._db.guard() as client:
            row = client.hmget(f"{keys.prefix_of_item(item_id)}c:{item_id}", _FIELDS)
        by, ruling, reason, at = cast(list[str | None], row)
        if not by or not ruling:
            return None
        return Reading(by, Ruling(ruling), ReasonCode(reason) if reason else None, float(at or 0))

    def looked(self, item_ids: Sequence[str]) -> dict[str, float]:
        """Return of which decisions it was said that they stay, by when they were made."""
        with self._db.guard() as client:
            pipe = client.pipeline(transaction=False)
            for i in item_ids:
                pipe.hget(f"{keys.prefix_of_item(i)}c:{i}", "looked")
            found = cast(list[str | None], pipe.execute())
        return {i: float(at) for i, at in zip(item_ids, found, strict=True) if at}

    def look(self, item_id: str, decided_at: float, entry: str) -> None:
        """Write down that a decision was looked at again, and stays."""
        if not self._db.run("look", keys.prefix_of_item(item_id), item_id, decided_at, entry):
            raise Conflict("another decision was made since")

    def settle(self, item_id: str, entry: str) -> None:
        """Write down that a dispute is settled."""
        if not self._db.run("adjudicate", keys.prefix_of_item(item_id), item_id, entry):
            raise Conflict("this dispute is settled already")
