"""Reads the index of the store whole, past all that the scripts make of it."""

from __future__ import annotations

import struct
from collections import defaultdict

from service.store import Store


def indexed(store: Store, site: str = "blog") -> dict[str, set[str]]:
    """Return the terms, in hexadecimal, that each item of a site is found by."""
    client = store._db.client
    batches = list(client.scan_iter(f"mq:*}}:ids:{site}:*", count=1000))
    ids = {int(k.rpartition(":")[2]) * 128 + int(f): i for k in batches for f, i in client.hgetall(k).items()}
    found: dict[str, set[str]] = {i: set() for i in ids.values()}
    for number, terms in _numbers(store, site).items():
        found[ids[number]] |= terms
    return found


def _numbers(store: Store, site: str) -> dict[int, set[str]]:
    client = store._db.client
    found: dict[int, set[str]] = defaultdict(set)
    for key in client.scan_iter(f"mq:*}}:terms:{site}:*", count=1000):
        for field, few in client.hgetall(key).items():
            raw, term = _raw(few), _raw(field)
            own = key.replace(":terms:", ":term:").rpartition(":")[0].encode() + b":" + term
            many = [int(n) for n in client.smembers(own)]
            assert bool(raw) != bool(many)
            for number in [*many, *(n for (n,) in struct.iter_unpack(">I", raw))]:
                found[number].add(term.hex())
    return found


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
