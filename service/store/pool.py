"""Labelled texts that came from other services: each is kept once, by what it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from service.store import codec
from service.store.connection import Connection
from service.store.keys import META
from service.store.packing import pack, unpack

_POOL = META + "pool"


class Pool:
    """Texts by their id."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def add(self, example: Mapping[str, Any]) -> bool:
        """Keep an example; tells whether it is new."""
        with self._db.guard() as client:
            return bool(client.hset(_POOL, str(example["id"]), pack(codec.dump(example))))

    def all(self) -> Iterator[dict[str, Any]]:
        """Give every example."""
        with self._db.guard() as client:
            for _, packed in client.hscan_iter(_POOL, count=500):
                yield cast(dict[str, Any], codec.load(unpack(packed)))

    def remove(self, source: str) -> int:
        """Forget what came from a source; returns how many."""
        ids = [example["id"] for example in self.all() if example["source"] == source]
        with self._db.guard() as client:
            return client.hdel(_POOL, *ids) if ids else 0
