"""Which webhooks were answered already, whatever they asked for."""

from __future__ import annotations

from typing import cast

from service.errors import Conflict
from service.store import keys
from service.store.connection import Connection
from service.store.queue import WEBHOOK_REMEMBERED_S


class Hooks:
    """Remembers webhooks beside those that `accept` remembers, so that an id means one message."""

    def __init__(self, db: Connection, partitions: int) -> None:
        self._db = db
        self._partitions = partitions

    def answered(self, site: str, webhook_id: str, digest: str) -> str | None:
        """Return the answer that this webhook was given; refuses an id that came with another body."""
        with self._db.guard() as client:
            found = client.hmget(self._key(site, webhook_id), ["digest", "answer"])
        known, answer = cast(list[str | None], found)
        if known and known != digest:
            raise Conflict("webhook-id: the same id came with another body before")
        return answer

    def remember(self, site: str, webhook_id: str, digest: str, answer: str) -> None:
        """Remember an answer for as long as a sender may repeat its webhook."""
        key = self._key(site, webhook_id)
        with self._db.guard() as client:
            pipe = client.pipeline()
            pipe.hset(key, mapping={"digest": digest, "answer": answer})
            pipe.expire(key, WEBHOOK_REMEMBERED_S)
            pipe.execute()

    def _key(self, site: str, webhook_id: str) -> str:
        return f"{keys.prefix(keys.partition_of(site, self._partitions))}hook:{site}:{webhook_id}"
