"""The wire to Redis or Valkey: scripts, typed replies, and one error for everything that fails there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import Any, cast

import redis
import structlog
from redis.exceptions import NoScriptError, RedisClusterException

from service.errors import Unavailable
from service.store import addresses, replicas

Argument = str | bytes | int | float

# What a script uses beside what is common to all.
USES = {
    "accept": ("campaigns", "figures"),
    "decide": ("figures",),
    "undo": ("figures",),
    "campaign_begin": ("campaigns",),
    "read_again": ("figures",),
    "rescore": ("figures",),
    "erase": ("campaigns", "forgetting"),
    "retire": ("campaigns", "forgetting"),
}

# Needs no replica, where writes wait for one.
READING = ("walk", "room")

_log = structlog.get_logger(__name__)


@cache
def _script_text(name: str) -> str:
    scripts = files("service.store") / "scripts"
    parts = ("common", *USES.get(name, ()), name)
    return "".join((scripts / f"{part}.lua").read_text() for part in parts)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    # A cluster of which no node answers has an error that is of no family.
    except (redis.RedisError, RedisClusterException) as error:
        # The message may quote arguments, which are people's words: only its kind is logged.
        _log.error("store failed", error=type(error).__name__)
        raise Unavailable("the store cannot be reached or refuses writes; try again") from error


class Connection:
    """A client, with the scripts that are the only way to change what is stored in a partition."""

    def __init__(self, url: str) -> None:
        with _told():
            self.client = addresses.client(url)
        self._scripts: dict[str, Any] = {}

    def run(self, script: str, prefix: str, *args: Argument) -> Any:
        """Run a script in the slot of the given prefix."""
        plain = [_plain(a) for a in args]
        with self.guard():
            return self._script(script)(keys=(prefix,), args=plain)

    def run_all(self, script: str, calls: Sequence[tuple[str, Sequence[Argument]]]) -> list[Any]:
        """Run a script several times, each in the slot of its prefix; in one go but in a cluster."""
        if len(calls) < 2 or isinstance(cast(object, self.client), addresses.Cluster):
            return [self.run(script, prefix, *args) for prefix, args in calls]
        with self.guard() as client:
            pipe = client.pipeline(transaction=False)
            for prefix, args in calls:
                pipe.evalsha(self._script(script).sha, 1, prefix, *map(_plain, args))
            try:
                return pipe.execute()
            except NoScriptError:
                # The server has forgotten its scripts. Results are settled once however often they are told;
                # a lease that was taken all the same ends by itself.
                return [self.run(script, prefix, *args) for prefix, args in calls]

    def _script(self, name: str) -> Any:
        if name not in self._scripts:
            self._scripts[name] = self.client.register_script(_script_text(name))
            if name in READING:
                replicas.READING.add(self._scripts[name].sha)
        return self._scripts[name]

    def strings(self, script: str, prefix: str, *args: Argument) -> list[str]:
        """Run a script that returns a list of strings."""
        return cast(list[str], self.run(script, prefix, *args))

    @contextmanager
    def guard(self) -> Iterator[redis.Redis]:
        """Lend the client; whatever goes wrong there becomes Unavailable."""
        with _told():
            yield self.client

    def close(self) -> None:
        """Give back all connections."""
        self.client.close()


def _plain(value: Argument) -> bytes:
    if isinstance(value, bytes):
        return value
    # What was packed and came as text goes back as it was; hiredis itself encodes strictly.
    return (value if isinstance(value, str) else repr(value)).encode("utf-8", "surrogateescape")
