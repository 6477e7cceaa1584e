"""What Akismet's protocol needs beside the queue: how a comment is found again, its blog reached, usage."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from service.store import keys
from service.store.connection import Connection

# A blog asks again about a comment, or reports it, within months; then its guid is forgotten.
KEPT_S = 180 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Trace:
    """What the sender of a comment told us: our guid, its callback and key, its own id of the comment."""

    guid: str = ""
    callback: str = ""
    key: str = field(repr=False, default="")
    comment_id: str = ""


class Traces:
    """Traces by item, guids by text, and the figures of each site's key."""

    def __init__(self, db: Connection, partitions: int) -> None:
        self._db = db
        self._partitions = partitions

    def remember(self, site: str, item_id: str, text_digest: str, trace: Trace) -> None:
        """Keep a trace; what it leaves empty stays as it was."""
        said = (trace.callback, trace.key, trace.comment_id)
        prefix = keys.prefix_of_item(item_id)
        self._db.run("akismet_remember", prefix, item_id, site, text_digest, trace.guid, KEPT_S, *said)

    def trace(self, item_id: str) -> Trace:
        """Return the trace of an item; an empty one where it did not come by this protocol."""
        with self._db.guard() as client:
            key = f"{keys.prefix_of_item(item_id)}akismet:{item_id}"
            return Trace(**cast(dict[str, str], client.hgetall(key)))

    def guid_of_text(self, site: str, text_digest: str) -> str:
        """Return the guid of the latest comment with this text, or nothing."""
        with self._db.guard() as client:
            found = client.get(self._key(site, f"akismet-text:{site}:{text_digest}"))
        return cast(str | None, found) or ""

    def count(self, site: str, month: str, *names: str) -> None:
        """Count one use of a site's key under each name."""
        self._db.run("akismet_count", self._key(site, ""), site, month, *names)

    def usage(self, site: str) -> dict[str, dict[str, int]]:
        """Return the figures of a site's key by month."""
        with self._db.guard() as client:
            raw = cast(dict[str, str], client.hgetall(self._key(site, f"akismet-use:{site}")))
        months: dict[str, dict[str, int]] = {}
        for name, value in sorted(raw.items()):
            month, _, what = name.partition(":")
            months.setdefault(month, {})[what] = int(value)
        return months

    def _key(self, site: str, name: str) -> str:
        return keys.prefix(keys.partition_of(site, self._partitions)) + name
