"""How data is laid out: what was written in an earlier layout is brought up to date at the start."""

from __future__ import annotations

from typing import cast

import structlog

from service.errors import Conflict, Unavailable
from service.store import migrating
from service.store.connection import Connection
from service.store.keys import META

CURRENT = 2
_log = structlog.get_logger(__name__)


def prepare(db: Connection) -> None:
    """Note the version of an empty store; bring an older one up to date; refuse a newer one."""
    version = _version(db)
    if version > CURRENT:
        raise Conflict(
            f"the store was written by a newer Modqueue (layout {version}); this one reads {CURRENT}"
        )
    if version < CURRENT:
        _migrate(db, version)


def _version(db: Connection) -> int:
    with db.guard() as client:
        # Before there were versions, a store had its partitions; an empty one has nothing.
        if not client.exists(META + "partitions"):
            client.setnx(META + "schema", CURRENT)
        return int(cast(str | None, client.get(META + "schema")) or 1)


def _migrate(db: Connection, version: int) -> None:
    with db.guard() as client:
        if not client.set(migrating.LOCK, 1, nx=True, ex=migrating.LOCKED_S):
            raise Unavailable("the store is being brought up to date by another process; try again")
        try:
            _log.warning("bringing the store up to date", layout=version, to=CURRENT)
            items = migrating.to_2(db)
            client.set(META + "schema", CURRENT)
            _log.warning("the store is up to date", items=items)
        finally:
            client.delete(migrating.LOCK)
