"""Campaigns as they are stored: members, decisions, and what of a decision is yet to be done."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from service.domain import Decision, Lane, ReasonCode, Ruling
from service.errors import Conflict, NotFound
from service.store import codec, keys
from service.store.connection import Connection

CAMPAIGN_ID = re.compile(r"[0-9a-f]{26}-[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Campaign:
    """Near-copies that were gathered: how many, how many of them wait, and what was decided for them all."""

    id: str
    site: str
    count: int
    waiting: int
    first_at: float
    last_at: float
    earliest: str
    decision: Decision | None = None
    doing: str = ""
    left: int = 0


class Campaigns:
    """The campaigns of every partition; their members are gathered when a comment is accepted."""

    def __init__(self, db: Connection, partitions: int) -> None:
        self._db = db
        self._partitions = partitions

    def campaign(self, campaign_id: str) -> Campaign:
        """Return a campaign."""
        found = self._read([campaign_id]) if CAMPAIGN_ID.fullmatch(campaign_id) else []
        if not found:
            raise NotFound("no such campaign")
        return found[0]

    def latest(self, sites: Iterable[str], limit: int = 50) -> list[Campaign]:
        """Return the campaigns of some sites: those with most waiting first, then the latest."""
        with self._db.guard() as client:
            pipe = client.pipeline(transaction=False)
            for site in sites:
                prefix = keys.prefix(keys.partition_of(site, self._partitions))
                pipe.zrevrange(f"{prefix}campaigns:{site}", 0, limit - 1)
            ids = [str(i) for rows in cast(list[list[str]], pipe.execute()) for i in rows]
        found = sorted(self._read(ids), key=lambda c: (-c.waiting, -c.last_at))
        return found[:limit]

    def members(self, campaign_id: str, limit: int) -> list[str]:
        """Return the ids of members, the earliest first."""
        with self._db.guard() as client:
            return cast(list[str], client.zrange(_key(campaign_id, "members"), 0, limit - 1))

    def todo(self, campaign_id: str) -> list[str]:
        """Return the members that a decision or undo has yet to reach."""
        with self._db.guard() as client:
            return sorted(cast(set[str], client.smembers(_key(campaign_id, "todo"))))

    def begin(
        self, campaign_id: str, doing: str, decision: Decision, seen_until: float, entry: str
    ) -> None:  # fmt: skip
        """Write down what is to be done to every member that the moderator has seen."""
        reply = self._db.strings(
            "campaign_begin", keys.prefix_of_item(campaign_id), campaign_id, doing, decision.by, decision.at,
            _dump(decision), decision.ruling, seen_until, entry,
        )  # fmt: skip
        match reply:
            case ["missing"]:
                raise NotFound("no such campaign")
            case ["busy"]:
                raise Conflict("another decision about this campaign is not finished yet")
            case ["nothing"]:
                raise Conflict("there is nothing left to do here: every copy is decided")

    def done(self, campaign_id: str, item_id: str) -> None:
        """Cross a member out that has been reached."""
        self._db.run("campaign_done", keys.prefix_of_item(campaign_id), campaign_id, item_id)

    def _read(self, ids: Sequence[str]) -> list[Campaign]:
        with self._db.guard() as client:
            pipe = client.pipeline(transaction=False)
            for i in ids:
                pipe.hgetall(_key(i, "campaign"))
                pipe.zcard(_key(i, "members"))
                pipe.lindex(_key(i, "rulings"), -1)
                pipe.scard(_key(i, "todo"))
                pipe.zrange(_key(i, "members"), 0, 0, withscores=True)
            rows = pipe.execute()
            facts = [
                (i, *rows[5 * n : 5 * n + 5]) for n, i in enumerate(ids) if rows[5 * n] and rows[5 * n + 4]
            ]
            for i, raw, *_ in facts:
                lane = f"{keys.prefix_of_item(i)}lane:{raw['site']}:{Lane.CAMPAIGNS}"
                pipe.zintercard(2, [_key(i, "members"), lane])
            waiting = cast(list[int], pipe.execute())
        return [
            Campaign(
                i, raw["site"], count, waits, first[0][1], float(raw["last"]), first[0][0],
                _load(latest), raw.get("doing", ""), left,
            )
            for (i, raw, count, latest, left, first), waits in zip(facts, waiting, strict=True)
        ]  # fmt: skip


def _key(campaign_id: str, name: str) -> str:
    return f"{keys.prefix_of_item(campaign_id)}{name}:{campaign_id}"


def _dump(decision: Decision) -> str:
    # The time as text: the script compares it with what the members say.
    return codec.dump({"ruling": decision.ruling, "reason": decision.reason, "by": decision.by,
                       "at": repr(decision.at), "note": decision.note})  # fmt: skip


def _load(text: str | None) -> Decision | None:
    if not text:
        return None
    raw = codec.load(text)
    reason = ReasonCode(raw["reason"]) if raw["reason"] else None
    return Decision(Ruling(raw["ruling"]), reason, raw["by"], float(raw["at"]), raw["note"])
