"""Connections that are given back only when replicas have what was written through them.

A write that was acknowledged is then in more than one place, and a replica that takes over has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import redis
from redis.commands.cluster import READ_COMMANDS
from redis.sentinel import SentinelConnectionPool

# Less than a request may wait for the store.
WAIT_MS = 2000
FIRST_WAIT_MS = 500
# Digests of scripts that only read.
READING: set[str] = set()
_PREFIX = re.compile(r"mq:\{\w+\}:")


class Remembering:
    """What a connection has beside: in which slot something was written last that replicas may not have.

    Empty where they have all.
    """

    owes = ""

    def send_command(self, *args: Any, **kwargs: Any) -> None:
        """Note a command that writes."""
        self._note(args)
        untyped: Any = super()
        untyped.send_command(*args, **kwargs)

    def pack_commands(self, commands: Iterable[Any]) -> Any:
        """Note those that write."""
        every = list(commands)
        for args in every:
            self._note(args)
        untyped: Any = super()
        return untyped.pack_commands(every)

    def read_response(self, *args: Any, **kwargs: Any) -> Any:
        """Owe nothing for what was refused."""
        try:
            untyped: Any = super()
            return untyped.read_response(*args, **kwargs)
        except redis.ResponseError:
            # What was refused was not written, and who asked is told.
            self.owes = ""
            raise

    def _note(self, args: Any) -> None:
        if args[0] in READ_COMMANDS or (args[1:2] and args[1] in READING):
            return
        found = (_PREFIX.match(a) for a in args[1:5] if isinstance(a, str))
        self.owes = next((m[0] for m in found if m), self.owes)


def remembering(kind: type[Any]) -> type[Any]:
    """Return a kind of connection that remembers what it owes."""
    return type(f"Remembering{kind.__name__}", (Remembering, kind), {})


class Pool(redis.ConnectionPool):
    """Waits for replicas before a connection is free again, and so before anybody is answered."""

    def __init__(self, *args: Any, replicas: int, synced: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._replicas, self._synced = replicas, synced

    def release(self, connection: Any) -> None:
        """Wait until replicas have what was written."""
        try:
            if connection.owes:
                self._settle(connection)
        finally:
            connection.owes = ""
            super().release(connection)

    def _settle(self, connection: Any) -> None:
        if not connection.is_connected:
            raise redis.ConnectionError("the connection broke before replicas had what was written")
        # A repeated request writes nothing anew: without a write of its own it would be waited for in vain.
        commands: list[tuple[Any, ...]] = [("SET", connection.owes + "replicated", 1)]
        commands.append(("WAIT", self._replicas, FIRST_WAIT_MS if self._synced else WAIT_MS))
        if self._synced:
            # A replica tells once a second what it has on disk, and when it is asked: asked at once, it has
            # not yet written what came in the same breath. When it has told that it came, it has.
            commands.append(("WAITAOF", 1, self._replicas, WAIT_MS))
        try:
            connection.send_packed_command(connection.pack_commands(commands), check_health=False)
            *_, reached = [connection.read_response() for _ in commands]
        except redis.RedisError:
            connection.disconnect()
            raise
        if (reached[1] if self._synced else reached) < self._replicas:
            raise redis.ConnectionError("too few replicas have what was written")


class SentinelPool(Pool, SentinelConnectionPool):
    """Such connections to the primary that Sentinels name."""
