"""From an address to a client: one server, a primary that Sentinels name, or a cluster."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast
from urllib.parse import parse_qsl, unquote

import redis
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.driver_info import DriverInfo
from redis.retry import Retry
from redis.sentinel import (
    Sentinel,
    SentinelConnectionPool,
    SentinelManagedConnection,
    SentinelManagedSSLConnection,
)

from service.errors import Invalid
from service.store import replicas

# Long enough for an fsync on a busy disk, short enough that a blog's visitor is not kept waiting.
SOCKET_TIMEOUT_S = 3.0
CONNECT_TIMEOUT_S = 1.0
_HOST = r"(?:\[[0-9a-f:.]+\]|[^][:@/?,]+):\d{1,5}"
_FORM = re.compile(
    r"redis(?P<tls>s?)\+(?P<kind>sentinel|cluster)://(?:(?P<username>[^:@/]*):(?P<password>[^@/]*)@)?"
    rf"(?P<hosts>{_HOST}(?:,{_HOST})*)/?(?P<service>[^/?]*)(?:\?(?P<more>.+))?",
    re.IGNORECASE,
)
WAITS = ("replicas", "synced")
CERTIFICATES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
SENTINEL_LOGIN = ("sentinel_username", "sentinel_password")
# Looked up once: for each connection anew it would take longer than to connect.
_DRIVER = DriverInfo()


@dataclass(frozen=True, slots=True)
class Address:
    """Where Sentinels or the nodes of a cluster listen, and how many replicas a write must have reached."""

    hosts: tuple[tuple[str, int], ...]
    service: str
    login: dict[str, str]
    replicas: int = 0
    synced: bool = False
    sentinel_login: dict[str, str] = field(default_factory=dict)
    tls: bool = False
    certificates: dict[str, str] = field(default_factory=dict)


class Named(redis.Redis):
    """A client of the primary that Sentinels name."""

    def close(self) -> None:
        """Give back the connections to the Sentinels, too."""
        super().close()
        for sentinel in cast(Any, self.connection_pool).sentinel_manager.sentinels:
            sentinel.close()


class Cluster(RedisCluster):
    """A client of a cluster; it asks a node that hangs once, as the others do."""

    ERRORS_ALLOW_RETRY: Any = tuple(e for e in RedisCluster.ERRORS_ALLOW_RETRY if e is not redis.TimeoutError)

    def close(self) -> None:
        """Give back the connections to every node."""
        nodes = cast(Any, self).get_nodes()
        pools = [node.redis_connection.connection_pool for node in nodes if node.redis_connection]
        super().close()
        for pool in pools:
            pool.disconnect()


def primaries(client: redis.Redis) -> list[redis.Redis]:
    """Return a client of each server that takes writes."""
    kind = cast(Any, client)
    if not isinstance(kind, Cluster):
        return [client]
    return [kind.get_redis_connection(node) for node in cast(Any, kind).get_primaries()]


def awaited(url: str) -> tuple[int, bool] | None:
    """Return how many replicas a write waits for and whether on disk; None for a server that stands alone."""
    if "+" not in url.partition(":")[0]:
        return None
    address = parse(url)
    return address.replicas, address.synced


def unwaited(url: str) -> str:
    """Return the address of the same without waiting for replicas."""
    return re.sub("(?<=[?&])(replicas|synced)=[^&]*&?", "", url).rstrip("?&") if "+" in url else url


def client(url: str) -> redis.Redis:
    """Return a client for an address; it connects when it is first used, but for that of a cluster."""
    # One immediate retry mends a pooled connection that a restarted server has closed; every script answers
    # the same when it is run twice. A server that hangs would only keep whoever asks waiting twice as long.
    options: dict[str, Any] = {
        "decode_responses": True,
        # What is packed comes as text, too, and goes back to its bytes.
        "encoding_errors": "surrogateescape",
        "socket_timeout": SOCKET_TIMEOUT_S,
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "driver_info": _DRIVER,
    }
    retry = Retry(NoBackoff(), 1, (redis.ConnectionError,))
    match url.partition("://")[0].lower().removeprefix("rediss").removeprefix("redis"):
        case "+sentinel":
            return _by_sentinel(parse(url), options, retry)
        case "+cluster":
            return _of_cluster(parse(url), options, retry)
        case _:
            return _of_one(url, options | {"retry": retry})


def _of_one(url: str, options: dict[str, Any]) -> redis.Redis:
    if asked := re.search(rf"[?&]({'|'.join(WAITS)})=", url):
        raise Invalid("MODQUEUE_REDIS_URL", f"{asked[1]} needs redis+sentinel:// or redis+cluster://")
    try:
        one = redis.Redis.from_url(url, **options)
        # What it is asked for is looked at only when a connection is made, which connects to nothing yet.
        one.connection_pool.make_connection()
    except (ValueError, TypeError) as error:
        raise Invalid("MODQUEUE_REDIS_URL", str(error)) from None
    return one


def parse(url: str) -> Address:
    """Read an address of Sentinels or of a cluster."""
    found = _FORM.fullmatch(url)
    if not found or bool(found["service"]) != (found["kind"].lower() == "sentinel"):
        raise Invalid(
            "MODQUEUE_REDIS_URL",
            "must be redis+sentinel://HOST:PORT,HOST:PORT/SERVICE or redis+cluster://HOST:PORT,HOST:PORT,"
            " with ?replicas=N at the end where writes wait for replicas",
        )
    more = _asked_for(found)
    given = {name: unquote(found[name] or "") for name in ("username", "password")}
    pairs = (host.rpartition(":") for host in found["hosts"].split(","))
    return Address(
        tuple((name.strip("[]"), int(port)) for name, _, port in pairs),
        found["service"] or "",
        {name: value for name, value in given.items() if value},
        int(more.get("synced") or more.get("replicas") or 0),
        "synced" in more,
        {name.removeprefix("sentinel_"): more[name] for name in SENTINEL_LOGIN if name in more},
        bool(found["tls"]),
        {name: more[name] for name in CERTIFICATES if name in more},
    )


def _asked_for(found: re.Match[str]) -> dict[str, str]:
    more = dict(parse_qsl(found["more"] or "", keep_blank_values=True))
    known = (*WAITS, *(CERTIFICATES if found["tls"] else ()), *(SENTINEL_LOGIN if found["service"] else ()))
    for name, value in more.items():
        if name not in known:
            raise Invalid("MODQUEUE_REDIS_URL", f"knows no {name} here, but {', '.join(known)}")
        if name in WAITS and not re.fullmatch("[1-9]", value):
            raise Invalid("MODQUEUE_REDIS_URL", f"{name} must be a number from 1 to 9")
    if set(WAITS) <= set(more):
        raise Invalid("MODQUEUE_REDIS_URL", "may say replicas or synced, not both")
    return more


def _by_sentinel(address: Address, options: dict[str, Any], retry: Retry) -> redis.Redis:
    reached = {name: value for name, value in options.items() if name.startswith("socket_")}
    # A Sentinel that is away must not cost seconds: another is asked.
    reached |= {"ssl": address.tls, "retry": retry, **address.certificates}
    # These classes have no types.
    named = cast(Any, Sentinel)(address.hosts, sentinel_kwargs=reached | address.sentinel_login)
    kind = SentinelManagedSSLConnection if address.tls else SentinelManagedConnection
    options |= address.login | address.certificates | {"retry": retry, "connection_class": kind}
    pool: Any = SentinelConnectionPool
    if address.replicas:
        pool = partial(replicas.SentinelPool, replicas=address.replicas, synced=address.synced)
        options["connection_class"] = replicas.remembering(kind)
    return cast(
        redis.Redis,
        named.master_for(address.service, redis_class=Named, connection_pool_class=pool, **options),
    )


def _of_cluster(address: Address, options: dict[str, Any], retry: Retry) -> redis.Redis:
    kind = redis.SSLConnection if address.tls else redis.Connection
    options |= address.login | address.certificates | {"connection_class": kind}
    if address.replicas:
        options["connection_pool_class"] = partial(
            replicas.Pool, replicas=address.replicas, synced=address.synced
        )
        options["connection_class"] = replicas.remembering(kind)
    host, port = address.hosts[0]
    cluster = Cluster(
        # Only with a URL it takes classes of ours; with rediss:// it would take its own again.
        url=f"redis://{host}:{port}",
        startup_nodes=[cast(Any, ClusterNode)(host, port) for host, port in address.hosts],
        # What has a primary is served while the rest is elected.
        require_full_coverage=False,
        retry=retry,
        **options,
    )
    return cast(redis.Redis, cluster)
