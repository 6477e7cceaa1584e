"""What an address of the store may look like, and what is said of another."""

from __future__ import annotations

import pytest

from service.errors import Invalid, Unavailable
from service.store import Store
from service.store.addresses import Address, client, parse


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis+sentinel://a:1,[::1]:2/main", Address((("a", 1), ("::1", 2)), "main", {})),
        ("redis+cluster://a:1,b:2/?replicas=2", Address((("a", 1), ("b", 2)), "", {}, 2)),
        ("redis+cluster://a:1?synced=2", Address((("a", 1),), "", {}, 2, synced=True)),
        (
            "rediss+cluster://a:1?ssl_ca_certs=/etc/a%20b.crt",
            Address((("a", 1),), "", {}, tls=True, certificates={"ssl_ca_certs": "/etc/a b.crt"}),
        ),
        (
            "REDISS+SENTINEL://a:1/main?sentinel_username=u&sentinel_password=p%26",
            Address((("a", 1),), "main", {}, sentinel_login={"username": "u", "password": "p&"}, tls=True),
        ),
        (
            "redis+sentinel://u:p%40@a:1/main?replicas=1",
            Address((("a", 1),), "main", {"username": "u", "password": "p@"}, 1),
        ),
        ("redis+cluster://:pw@a:1", Address((("a", 1),), "", {"password": "pw"})),
    ],
)
def test_it_reads_addresses(url: str, expected: Address) -> None:
    assert parse(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://a:1", "redis+cluster://a:1/main", "redis+cluster://a", "redis+cluster://a:1?replica=1",
        "redis+cluster://a:1,", "http://a", "a:1", "redis://a:1?replicas=1", "redis+cluster://a:1?replicas=no",
        "redis+cluster://a:1?replicas=1&synced=1", "redis+cluster://a:1?sentinel_password=x",
        "redis+sentinel://a:1/main?ssl_ca_certs=x", "redis+cluster://a:1?synced=0",
    ],
)  # fmt: skip
def test_it_refuses_other_addresses(url: str) -> None:
    with pytest.raises(Invalid, match="MODQUEUE_REDIS_URL"):
        client(url)


@pytest.mark.parametrize("wait", ["replicas", "synced"])
@pytest.mark.parametrize("address", ["redis://a:1/0?{}=1", "unix:///a.sock?db=1&{}=1"])
def test_it_says_what_waiting_for_replicas_needs(address: str, wait: str) -> None:
    with pytest.raises(Invalid, match=rf"{wait} needs redis\+sentinel"):
        client(address.format(wait))


def test_it_says_that_no_node_of_a_cluster_answers() -> None:
    with pytest.raises(Unavailable):
        Store("redis+cluster://127.0.0.1:1")
