"""The challenger that judges along, to no effect, and what came of it so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from service.store import codec
from service.store.connection import Connection
from service.store.keys import META

_KEY, _DIFFERING = META + "shadow", META + "shadow-differing"
# So many of the latest comments are kept on which the two differ.
DIFFERING_MAX = 200


@dataclass(frozen=True, slots=True)
class Along:
    """Which model judges along, since when, how often it said what, and where it differs of late."""

    model: str
    since: float
    counts: Mapping[tuple[str, str], int]
    # Up to when the comments of each site were dealt with.
    until: Mapping[str, float]
    differing: Sequence[dict[str, Any]]


class Shadow:
    """One challenger at a time."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def begin(self, model: str, now: float) -> None:
        """Let a model judge along from now on."""
        with self._db.guard() as client:
            pipe = client.pipeline(transaction=True)
            pipe.delete(_KEY, _DIFFERING)
            pipe.hset(_KEY, mapping={"model": model, "since": repr(now)})
            pipe.execute()

    def end(self) -> None:
        """Let none judge along any more."""
        with self._db.guard() as client:
            client.delete(_KEY, _DIFFERING)

    def read(self) -> Along | None:
        """Return what came of it so far."""
        with self._db.guard() as client:
            pipe = client.pipeline(transaction=True)
            pipe.hgetall(_KEY)
            pipe.lrange(_DIFFERING, 0, -1)
            raw, differing = cast(tuple[dict[str, str], list[str]], pipe.execute())
        if "model" not in raw:
            return None
        counts, until = Counter[tuple[str, str]](), {}
        for name, value in raw.items():
            match name.split(":"):
                case ["n", was, now]:
                    counts[was, now] = int(value)
                case ["until", site]:
                    until[site] = float(value)
        return Along(raw["model"], float(raw["since"]), counts, until, [codec.load(one) for one in differing])

    def add(
        self,
        site: str,
        until: float,
        counts: Mapping[tuple[str, str], int],
        differing: Sequence[Mapping[str, Any]],
    ) -> None:
        """Write down what a model said of some comments of a site."""
        with self._db.guard() as client:
            pipe = client.pipeline(transaction=True)
            pipe.hset(_KEY, f"until:{site}", repr(until))
            for (was, now), number in counts.items():
                pipe.hincrby(_KEY, f"n:{was}:{now}", number)
            for one in differing:
                pipe.lpush(_DIFFERING, codec.dump(dict(one)))
            pipe.ltrim(_DIFFERING, 0, DIFFERING_MAX - 1)
            pipe.execute()
