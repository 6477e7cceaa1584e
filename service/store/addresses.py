"""From an address to a client: one server, a primary that Sentinels name, or a cluster."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import Any, cast
from urllib.parse import unquote

import redis
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.retry import Retry
from redis.sentinel import Sentinel, SentinelConnectionPool

from service.errors import Invalid
from service.store import replicas

# Long enough for an fsync on a busy disk, short enough that a blog's visitor is not kept waiting.
SOCKET_TIMEOUT_S = 3.0
CONNECT_TIMEOUT_S = 1.0
SENTINEL = "redis+sentinel"
_HOST = r"(?:\[[0-9a-f:.]+\]|[^][:@/?,]+):\d{1,5}"
_FORM = re.compile(
    r"redis\+(?:sentinel|cluster)://(?:(?P<username>[^:@/]*):(?P<password>[^@/]*)@)?"
    rf"(?P<hosts>{_HOST}(?:,{_HOST})*)/?(?P<service>[^/?]*)(?:\?replicas=(?P<replicas>\d))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where Sentinels or the nodes of a cluster listen, and how many replicas a write must have reached."""

    hosts: tuple[tuple[str, int], ...]
    service: str
    login: dict[str, str]
    replicas: int


class Named(redis.Redis):
    """A client of the primary that Sentinels name."""

    def close(self) -> None:
        """Give back the connections to the Sentinels, too."""
        super().close()
        for sentinel in cast(Any, self.connection_pool).sentinel_manager.sentinels:
            sentinel.close()


class Cluster(RedisCluster):
    """A client of a cluster."""

    def close(self) -> None:
        """Give back the connections to every node."""
        nodes = cast(Any, self).get_nodes()
        pools = [node.redis_connection.connection_pool for node in nodes if node.redis_connection]
        super().close()
        for pool in pools:
            pool.disconnect()


def client(url: str) -> redis.Redis:
    """Return a client for an address; it connects when it is first used, but for that of a cluster."""
    # One immediate retry mends a pooled connection that a restarted server has closed;
    # every script answers the same when it is run twice.
    options: dict[str, Any] = {
        "decode_responses": True,
        # What is packed comes as text, too, and goes back to its bytes.
        "encoding_errors": "surrogateescape",
        "socket_timeout": SOCKET_TIMEOUT_S,
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
    }
    retry = Retry(NoBackoff(), 1)
    match url.partition("://")[0]:
        case "redis+sentinel":
            return _by_sentinel(parse(url), options | {"retry": retry})
        case "redis+cluster":
            return _of_cluster(parse(url), options, retry)
        case _:
            return _of_one(url, options | {"retry": retry})


def _of_one(url: str, options: dict[str, Any]) -> redis.Redis:
    try:
        return redis.Redis.from_url(url, **options)
    except ValueError as error:
        raise Invalid("MODQUEUE_REDIS_URL", str(error)) from None


def parse(url: str) -> Address:
    """Read an address of Sentinels or of a cluster."""
    found = _FORM.fullmatch(url)
    if not found or bool(found["service"]) != url.startswith(SENTINEL):
        raise Invalid(
            "MODQUEUE_REDIS_URL",
            "must be redis+sentinel://HOST:PORT,HOST:PORT/SERVICE or redis+cluster://HOST:PORT,HOST:PORT,"
            " with ?replicas=N at the end where writes wait for replicas",
        )
    given = {name: unquote(found[name] or "") for name in ("username", "password")}
    pairs = (host.rpartition(":") for host in found["hosts"].split(","))
    return Address(
        tuple((name.strip("[]"), int(port)) for name, _, port in pairs),
        found["service"] or "",
        {name: value for name, value in given.items() if value},
        int(found["replicas"] or 0),
    )


def _by_sentinel(address: Address, options: dict[str, Any]) -> redis.Redis:
    # These classes have no types.
    named = cast(Any, Sentinel)(address.hosts, **options, **address.login)
    pool: Any = SentinelConnectionPool
    if address.replicas:
        connection = replicas.SentinelConnection
        pool = partial(replicas.SentinelPool, replicas=address.replicas, connection_class=connection)
    return cast(redis.Redis, named.master_for(address.service, redis_class=Named, connection_pool_class=pool))


def _of_cluster(address: Address, options: dict[str, Any], retry: Retry) -> redis.Redis:
    options |= address.login
    if address.replicas:
        options["connection_pool_class"] = partial(replicas.Pool, replicas=address.replicas)
        options["connection_class"] = replicas.Connection
    host, port = address.hosts[0]
    cluster = Cluster(
        url=f"redis://{host}:{port}",
        startup_nodes=[cast(Any, ClusterNode)(host, port) for host, port in address.hosts],
        # What has a primary is served while the rest is elected.
        require_full_coverage=False,
        retry=retry,
        **options,
    )
    return cast(redis.Redis, cluster)
