"""A snapshot of the embedded store as one file, and an embedded store made of one."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import redis

from service.errors import Conflict, Unavailable
from service.store import embedded

NAME = "dump.rdb"
TIMEOUT_S = 600.0


def take(data_dir: Path, target: Path) -> int:
    """Write what the running embedded store holds at this moment; return the number of keys."""
    client = redis.Redis.from_url(embedded.url(data_dir), decode_responses=True)
    try:
        _await(client, "rdb_bgsave_in_progress")
        client.bgsave()
        _await(client, "rdb_bgsave_in_progress")
        if client.info("persistence")["rdb_last_bgsave_status"] != "ok":
            raise Unavailable("the store could not write a snapshot; see its log and the disk's free space")
        shutil.move(data_dir / "store" / NAME, target)
        return int(client.dbsize())
    except redis.RedisError as error:
        raise Unavailable(f"the store gave no snapshot: {type(error).__name__}") from error
    finally:
        client.close()


def load(data_dir: Path, source: Path, appendfsync: str) -> int:
    """Make the embedded store of an empty data directory from a snapshot; return the number of keys."""
    store = data_dir / "store"
    store.mkdir(mode=0o700, parents=True)
    shutil.copyfile(source, store / NAME)
    server = embedded.start(data_dir, appendfsync, from_snapshot=True)
    client = redis.Redis.from_url(embedded.url(data_dir), decode_responses=True)
    try:
        if not _appends(client):
            raise Conflict("the store could not write its append-only file; see its log")
        return int(client.dbsize())
    finally:
        client.close()
        embedded.stop(server)
        (store / NAME).unlink(missing_ok=True)


def _appends(client: redis.Redis) -> bool:
    try:
        client.config_set("appendonly", "yes")
    except redis.ResponseError:
        return False
    _await(client, "aof_rewrite_in_progress")
    return bool(client.info("persistence")["aof_last_bgrewrite_status"] == "ok")


def _await(client: redis.Redis, running: str) -> None:
    until = time.monotonic() + TIMEOUT_S
    while _busy(client.info("persistence"), running):
        if time.monotonic() > until:
            raise Unavailable("the store is busy with a snapshot for too long")
        time.sleep(0.05)


def _busy(info: dict[str, Any], running: str) -> bool:
    return bool(info[running]) or bool(info.get("aof_rewrite_scheduled"))
