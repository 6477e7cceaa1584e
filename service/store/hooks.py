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
        """Return the answer that this webhook was given, empty for a comment; refuses another body."""
        with self._db.guard() as client:
            found = cast(str | None, client.get(self._key(site, webhook_id)))
        if found is None:
            return None
        raw = found.encode("utf-8", "surrogateescape")
        if raw[: keys.DIGEST_BYTES] != _bytes(digest):
            raise Conflict("webhook-id: the same id came with another body before")
        return raw[keys.DIGEST_BYTES :].decode()

    def remember(self, site: str, webhook_id: str, digest: str, answer: str) -> None:
        """Remember an answer for as long as a sender may repeat its webhook."""
        with self._db.guard() as client:
            client.set(self._key(site, webhook_id), _bytes(digest) + answer.encode(), ex=WEBHOOK_REMEMBERED_S)

    def _key(self, site: str, webhook_id: str) -> str:
        return f"{keys.prefix(keys.partition_of(site, self._partitions))}hook:{site}:{webhook_id}"


def _bytes(digest: str) -> bytes:
    # Of a SHA-256 in hexadecimal, as much as `accept` keeps.
    return bytes.fromhex(digest)[: keys.DIGEST_BYTES]
