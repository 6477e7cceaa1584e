"""What an address of the store may look like, and what is said of another."""

from __future__ import annotations

import pytest

from service.errors import Invalid
from service.store.addresses import Address, client, parse


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis+sentinel://a:1,[::1]:2/main", Address((("a", 1), ("::1", 2)), "main", {}, 0)),
        ("redis+cluster://a:1,b:2/?replicas=2", Address((("a", 1), ("b", 2)), "", {}, 2)),
        (
            "redis+sentinel://u:p%40@a:1/main?replicas=1",
            Address((("a", 1),), "main", {"username": "u", "password": "p@"}, 1),
        ),
        ("redis+cluster://:pw@a:1", Address((("a", 1),), "", {"password": "pw"}, 0)),
    ],
)
def test_it_reads_addresses(url: str, expected: Address) -> None:
    assert parse(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://a:1", "redis+cluster://a:1/main", "redis+cluster://a", "redis+cluster://a:1?replica=1",
        "redis+cluster://a:1,", "http://a", "a:1",
    ],
)  # fmt: skip
def test_it_refuses_other_addresses(url: str) -> None:
    with pytest.raises(Invalid, match="MODQUEUE_REDIS_URL"):
        client(url)
