"""Connections that are given back only when replicas have what was written through them.

A write that was acknowledged is then in more than one place, and a replica that takes over has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import redis
from redis.commands.cluster import READ_COMMANDS
from redis.sentinel import SentinelConnectionPool, SentinelManagedConnection

# Less than a request may wait for the store.
WAIT_MS = 2000
# Digests of scripts that only read.
READING: set[str] = set()
_PREFIX = re.compile(r"mq:\{\w+\}:")


class Connection(redis.Connection):
    """Remembers in which slot something was written last that replicas may not have; empty where they do."""

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
            return super().read_response(*args, **kwargs)
        except redis.ResponseError:
            # What was refused was not written, and who asked is told.
            self.owes = ""
            raise

    def _note(self, args: Any) -> None:
        if args[0] in READ_COMMANDS or (args[1:2] and args[1] in READING):
            return
        found = (_PREFIX.match(a) for a in args[1:5] if isinstance(a, str))
        self.owes = next((m[0] for m in found if m), self.owes)


class Pool(redis.ConnectionPool):
    """Waits for replicas before a connection is free again, and so before anybody is answered."""

    def __init__(self, *args: Any, replicas: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._replicas = replicas

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
        mark = ("SET", connection.owes + "replicated", 1)
        try:
            packed = connection.pack_commands([mark, ("WAIT", self._replicas, WAIT_MS)])
            connection.send_packed_command(packed, check_health=False)
            connection.read_response()
            reached = int(connection.read_response())
        except redis.RedisError:
            connection.disconnect()
            raise
        if reached < self._replicas:
            raise redis.ConnectionError("too few replicas have what was written")


class SentinelConnection(Connection, SentinelManagedConnection):
    """Such a connection to the primary that Sentinels name."""


class SentinelPool(Pool, SentinelConnectionPool):
    """Such connections to the primary that Sentinels name."""
