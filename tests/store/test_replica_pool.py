"""A connection is free again only when replicas have what was written: on a server that has none of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import redis

from service.store import Store, replicas

KEY = "mq:{p00}:test"
Connect = Callable[..., redis.Redis]


@pytest.fixture
def connect(server_url: str, store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    """Give a function that connects as where writes wait for one replica."""
    monkeypatch.setattr(replicas, "WAIT_MS", 1)
    monkeypatch.setattr(replicas, "FIRST_WAIT_MS", 1)
    clients: list[redis.Redis] = []

    def new(synced: bool = False, **login: str) -> redis.Redis:
        kind, path = replicas.remembering(redis.UnixDomainSocketConnection), server_url.partition("://")[2]
        pool = replicas.Pool(connection_class=kind, path=path, replicas=1, synced=synced, **login)
        clients.append(redis.Redis(connection_pool=pool))
        return clients[-1]

    yield new
    for client in clients:
        client.close()
        client.connection_pool.disconnect()


@pytest.mark.parametrize("synced", [False, True])
def test_it_acknowledges_no_write_that_no_replica_has(connect: Connect, synced: bool) -> None:
    client = connect(synced)
    with pytest.raises(redis.ConnectionError, match="too few replicas"):
        client.set(KEY, "1")
    assert client.get(KEY) == b"1"
    pipe = client.pipeline(transaction=True)
    pipe.set(KEY, "2")
    with pytest.raises(redis.ConnectionError, match="too few replicas"):
        pipe.execute()


def test_it_waits_for_nothing_after_what_was_refused_or_is_nobodys_writing(connect: Connect) -> None:
    client = connect()
    with pytest.raises(redis.ResponseError):
        client.execute_command("SET", KEY)
    assert client.get(KEY) is None
    assert client.set("of another program", "1")


def test_it_does_not_acknowledge_what_was_written_by_a_connection_that_broke(connect: Connect) -> None:
    pool = connect().connection_pool
    connection = pool.get_connection()
    connection.send_command("SET", KEY, "1")
    assert connection.read_response() == b"OK"
    connection.disconnect()
    with pytest.raises(redis.ConnectionError, match="the connection broke before"):
        pool.release(connection)
    again = pool.get_connection()
    assert again is connection
    pool.release(again)


def test_it_does_not_acknowledge_where_it_may_not_wait(connect: Connect, store: Store) -> None:
    rights = ["+@all", "-wait"]
    server = store._db.client
    server.acl_setuser("hasty", enabled=True, passwords=["+pw"], keys=["*"], commands=rights)
    try:
        client = connect(username="hasty", password="pw")
        with pytest.raises(redis.ResponseError, match="wait"):
            client.set(KEY, "1")
        assert client.get(KEY) == b"1"
    finally:
        server.acl_deluser("hasty")
