"""What programs were answered, by the key that they gave their request, so that it is done once."""

from __future__ import annotations

from typing import cast

from service.errors import Conflict
from service.store.connection import Connection
from service.store.keys import META

# How long an answer is given again, and how long a request may take before its key is free again.
KEPT_S = 24 * 3600
LONGEST_S = 60


class Requests:
    """Answers by whoever asked and the key of the request."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def begin(self, name: str, digest: str) -> str | None:
        """Take a key for a request, or return the answer that it got; refuses the key of another one."""
        key = META + "request:" + name
        with self._db.guard() as client:
            if client.set(key, digest, nx=True, ex=LONGEST_S):
                return None
            known, _, answer = (cast(str | None, client.get(key)) or digest).partition(" ")
        if known != digest:
            raise Conflict("Idempotency-Key: the same key came with another request before")
        if not answer:
            raise Conflict("Idempotency-Key: the same request is being worked on")
        return answer

    def finish(self, name: str, digest: str, answer: str) -> None:
        """Remember the answer; an empty one frees the key."""
        with self._db.guard() as client:
            if answer:
                client.set(META + "request:" + name, f"{digest} {answer}", ex=KEPT_S)
            else:
                client.delete(META + "request:" + name)
