"""What senders suggest that a text should have scored, beside the examples that moderators make."""

from __future__ import annotations

from service.store import keys
from service.store.connection import Connection


class Suggestions:
    """Writes an example and its log entry together."""

    def __init__(self, db: Connection, partitions: int) -> None:
        self._db, self._partitions = db, partitions

    def add(self, site: str, example: str, entry: str) -> None:
        """Append an example to those of a site."""
        prefix = keys.prefix(keys.partition_of(site, self._partitions))
        with self._db.guard() as client:
            pipe = client.pipeline(transaction=True)
            pipe.xadd(prefix + "examples", {"example": example})
            pipe.xadd(prefix + "log", {"entry": entry})
            pipe.execute()
