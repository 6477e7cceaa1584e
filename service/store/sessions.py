"""What signing in leaves behind: sessions with an end, and second factors that work once."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import cast

from service.store import codec
from service.store.connection import Connection
from service.store.keys import META
from service.store.registry import digest

# A code of an authenticator counts for a minute and a half; it is remembered for longer.
STEP_REMEMBERED_S = 300


@dataclass(frozen=True, slots=True)
class Session:
    """One browser in which somebody is signed in."""

    id: str
    name: str
    epoch: int
    browser: str
    began: float
    seen: float
    ends: float


class Sessions:
    """Who is signed in where; all in one slot."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def begin(self, token: str, session: Session) -> Session:
        """Remember a session under the digest of its token."""
        begun = replace(session, id=digest(token))
        with self._db.guard() as client:
            pipe = client.pipeline(transaction=True)
            pipe.set(_session(begun.id), codec.dump(asdict(begun)), ex=_lifetime(begun, begun.seen))
            pipe.zremrangebyscore(_index(begun.name), "-inf", begun.seen)
            pipe.zadd(_index(begun.name), {begun.id: begun.ends})
            pipe.execute()
        return begun

    def find(self, token: str, now: float) -> Session | None:
        """Return the session of a token, unless it has ended."""
        return next(iter(self._read([digest(token)], now)), None)

    def seen(self, session: Session, now: float, ends: float) -> None:
        """Write down when a session was last used; one that was ended meanwhile stays ended."""
        moved = replace(session, seen=now, ends=ends)
        with self._db.guard() as client:
            pipe = client.pipeline(transaction=True)
            pipe.set(_session(session.id), codec.dump(asdict(moved)), ex=_lifetime(moved, now), xx=True)
            pipe.zadd(_index(session.name), {session.id: ends}, xx=True)
            pipe.execute()

    def of(self, name: str, now: float) -> list[Session]:
        """Return the sessions of a person, the one used last first."""
        return sorted(self._read(self._ids(name), now), key=lambda s: s.seen, reverse=True)

    def end(self, name: str, ids: Iterable[str]) -> None:
        """End sessions of a person; those of others are left alone."""
        own = set(self._ids(name)) & set(ids)
        if own:
            with self._db.guard() as client:
                pipe = client.pipeline(transaction=True)
                pipe.delete(*map(_session, own))
                pipe.zrem(_index(name), *own)
                pipe.execute()

    def set_codes(self, name: str, digests: Iterable[str]) -> None:
        """Replace the recovery codes of a person; none takes them all away."""
        with self._db.guard() as client:
            pipe = client.pipeline(transaction=True)
            pipe.delete(META + "codes:" + name)
            if kept := list(digests):
                pipe.sadd(META + "codes:" + name, *kept)
            pipe.execute()

    def use_code(self, name: str, code_digest: str) -> bool:
        """Take a recovery code; tells whether it was still there."""
        with self._db.guard() as client:
            return bool(client.srem(META + "codes:" + name, code_digest))

    def codes_left(self, name: str) -> int:
        """Count the recovery codes that were not used yet."""
        with self._db.guard() as client:
            return client.scard(META + "codes:" + name)

    def use_step(self, name: str, step: int) -> bool:
        """Take the time step of an authenticator's code; tells whether it was not used before."""
        with self._db.guard() as client:
            return bool(client.set(f"{META}step:{name}:{step}", 1, nx=True, ex=STEP_REMEMBERED_S))

    def _ids(self, name: str) -> list[str]:
        with self._db.guard() as client:
            return cast(list[str], client.zrange(_index(name), 0, -1))

    def _read(self, ids: list[str], now: float) -> list[Session]:
        if not ids:
            return []
        with self._db.guard() as client:
            found = cast(list[str | None], client.mget([_session(i) for i in ids]))
        sessions = [Session(**codec.load(raw)) for raw in found if raw]
        return [s for s in sessions if s.ends > now]


def _session(session_id: str) -> str:
    return f"{META}session:{session_id}"


def _index(name: str) -> str:
    return f"{META}sessions:{name}"


def _lifetime(session: Session, now: float) -> int:
    return max(1, math.ceil(session.ends - now))
