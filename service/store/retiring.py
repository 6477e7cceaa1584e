"""What has been kept long enough: given as it is stored, taken out once it is archived, brought back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

from service.store import codec, keys
from service.store.connection import Connection
from service.store.keys import META
from service.store.packing import pack, unpack

BATCH = 200
# The streams, and the field of their entries.
STREAMS = {"log": "entry", "examples": "example"}
_PACKED = re.compile(r"comment(:\d+)?|judgement|explanations")
# What an item has for the index and the outbox is made anew, or means nothing without them.
_LEFT_OUT = (
    "terms", "number", "delivery", "seq", "campaign", "row", "lease_by", "lease_token", "lease_until",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ages:
    """Points of time: what is older has been kept long enough, by kind."""

    approved: float
    decided: float
    log: float
    examples: float


class Retiring:
    """Looks through everything that waits no more, or for nobody: its site was removed."""

    def __init__(self, db: Connection, partitions: int) -> None:
        self._db, self._partitions = db, partitions

    def items(self, ages: Ages) -> Iterator[tuple[str, dict[str, str]]]:
        """Give ids and fields of the items that have been kept long enough."""
        latest = max(ages.approved, ages.decided)
        with self._db.guard() as client:
            for view in _views(client):
                ids = iter(cast(list[str], client.zrangebyscore(view, "-inf", latest)))
                while batch := list(islice(ids, BATCH)):
                    yield from ((i, f) for i, f in self._read(client, batch) if _is_old(f, ages))

    def retire(self, item_id: str, fields: dict[str, str]) -> bool:
        """Take an archived item out; one that has changed since stays."""
        with self._db.guard() as client:
            removed = not client.hexists(META + "sites", fields["site"])
        asked = (item_id, fields["revision"], fields.get("decided_at", ""), int(removed))
        return bool(self._db.run("retire", keys.prefix_of_item(item_id), *asked))

    def bring_back(self, item_id: str, fields: dict[str, str]) -> bool:
        """Store an archived item again, unless there is one of its name."""
        stored = [part for name, value in fields.items() for part in (name, _stored(name, value))]
        return bool(self._db.run("bring_back", keys.prefix_of_item(item_id), item_id, *stored))

    def entries(self, stream: str, before: float) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Give partition, id and content of the entries of a stream that are older."""
        for name in self._places():
            after, edge = "-", f"({int(before * 1000)}-0"
            while True:
                with self._db.guard() as client:
                    rows = cast(list[Any], client.xrange(_key(name, stream), after, edge, count=BATCH))
                contents = [(i, codec.load(unpack(fields[STREAMS[stream]]))) for i, fields in rows]
                yield from ((name, i, content) for i, content in contents if content["at"] < before)
                if len(rows) < BATCH:
                    break
                after = f"({rows[-1][0]}"

    def take(self, stream: str, place: str, entry_ids: Sequence[str]) -> None:
        """Take archived entries out of a stream."""
        with self._db.guard() as client:
            for start in range(0, len(entry_ids), BATCH):
                client.xdel(_key(place, stream), *entry_ids[start : start + BATCH])

    def append(self, stream: str, place: str, contents: Sequence[dict[str, Any]]) -> int:
        """Append archived entries to a stream again, but for those that are there; returns how many."""
        with self._db.guard() as client:
            rows = cast(list[Any], client.xrange(_key(place, stream)))
            known = {codec.dump(codec.load(unpack(fields[STREAMS[stream]]))) for _, fields in rows}
            new = [text for text in map(codec.dump, contents) if text not in known]
            pipe = client.pipeline(transaction=True)
            for text in new:
                pipe.xadd(_key(place, stream), {STREAMS[stream]: pack(text)})
            pipe.execute()
        return len(new)

    def _places(self) -> list[str]:
        return [*(f"p{n:02x}" for n in range(self._partitions)), "meta"]

    def _read(self, client: Any, ids: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
        pipe = client.pipeline(transaction=False)
        for i in ids:
            pipe.hgetall(f"{keys.prefix_of_item(i)}c:{i}")
        for i, raw in zip(ids, pipe.execute(), strict=True):
            if raw:
                yield i, {name: _plain(name, value) for name, value in raw.items() if name not in _LEFT_OUT}


def _views(client: Any) -> Iterator[str]:
    yield from client.scan_iter(match="mq:{p*}:closed:*", count=1000)
    registered = set(client.hkeys(META + "sites"))
    for view in client.scan_iter(match="mq:{p*}:age:*", count=1000):
        if view.split(":")[3] not in registered:
            yield view


def _is_old(fields: dict[str, str], ages: Ages) -> bool:
    if "decided_at" in fields:
        return float(fields["decided_at"]) < ages.decided
    return float(fields["received"]) < ages.approved


def _plain(name: str, value: str) -> str:
    if name == "digest":
        return value.encode("utf-8", "surrogateescape").hex()
    return unpack(value) if _PACKED.fullmatch(name) else value


def _stored(name: str, value: str) -> str | bytes:
    if name == "digest":
        return bytes.fromhex(value)
    return pack(value) if _PACKED.fullmatch(name) and value else value


def _key(place: str, stream: str) -> str:
    return f"{META}{stream}" if place == "meta" else f"mq:{{{place}}}:{stream}"
