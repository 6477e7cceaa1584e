"""From layout 1 to 2: items packed, digests short, the index by numbers. It can be begun again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, cast

from service.domain import Explanation, Quote
from service.store import codec, keys, search
from service.store.connection import Connection
from service.store.keys import META
from service.store.packing import pack

BATCH = 200
# Whoever migrates and dies is followed by another after this long; who lives, renews it.
LOCK, LOCKED_S = META + "migrating", 60
_NAME = re.compile(r"mq:\{(\w+)\}:(\w[\w-]*)(?::(.*))?", re.DOTALL)
# The index is made anew from the items; buckets are full after seconds.
_DROPPED = ("term", "terms", "ids", "number", "came", "severe", "bucket", "recent")


def to_2(db: Connection) -> int:
    """Rewrite every item, hook and fingerprint; returns the number of items."""
    with db.guard() as client:
        for batch in _batches(_of_kind(client.scan_iter(match="mq:*", count=1000), *_DROPPED)):
            client.unlink(*(name for name, _ in batch))
            client.expire(LOCK, LOCKED_S)
        for name, _ in _of_kind(client.scan_iter(match="mq:{p*", count=1000), "hook", "bands"):
            if client.type(name) == "hash":
                _rewrite(client, name)
        count = 0
        for batch in _batches(_of_kind(client.scan_iter(match="mq:{p*", count=1000), "c")):
            _items(db, client, batch)
            client.expire(LOCK, LOCKED_S)
            count += len(batch)
    return count


def _of_kind(names: Iterable[str], *kinds: str) -> Iterator[tuple[str, str]]:
    for name in names:
        found = _NAME.fullmatch(name)
        if found and found[2] in kinds:
            yield name, found[3] or ""


def _batches(found: Iterator[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    while batch := list(islice(found, BATCH)):
        yield batch


def _rewrite(client: Any, name: str) -> None:
    raw: dict[str, str] = client.hgetall(name)
    ttl = max(1, client.ttl(name))
    pipe = client.pipeline(transaction=True)
    pipe.delete(name)
    if ":hook:" in name:
        pipe.set(name, bytes.fromhex(raw["digest"])[: keys.DIGEST_BYTES] + raw["answer"].encode(), ex=ttl)
    pipe.execute()


def _items(db: Connection, client: Any, batch: list[tuple[str, str]]) -> None:
    pipe = client.pipeline(transaction=False)
    for name, _ in batch:
        pipe.hgetall(name)
    rows = cast(list[dict[str, str]], pipe.execute())
    for (_, item), raw in zip(batch, rows, strict=True):
        changed = [value for pair in _fields(raw).items() for value in pair]
        db.run("migrate_item", keys.prefix_of_item(item), item, *changed)


def _fields(raw: Mapping[str, str]) -> dict[str, str | bytes]:
    # What is written; an empty value takes the field away.
    if "answer" not in raw:
        return {}
    judged = codec.judgement(raw["judgement"])
    labels = [r.code.removeprefix("score:") for r in judged.reasons if r.code.startswith("score:")]
    comments = [name for name in raw if name == "comment" or name.startswith("comment:")]
    return {
        **{name: pack(raw[name]) for name in comments},
        "judgement": codec.pack_judgement(judged),
        "explanations": codec.pack_explanations(_explanations(raw.get("explanations", ""))),
        "digest": bytes.fromhex(raw["digest"])[: keys.DIGEST_BYTES],
        "terms": search.packed(raw.get("terms", "").split()),
        "labels": " ".join(labels) if judged.lane else "",
        "answer": "",
    }


def _explanations(text: str) -> tuple[Explanation, ...]:
    return tuple(
        Explanation(
            **{**e, **_shares(e), "quotes": tuple(Quote(**{**q, **_shares(q)}) for q in e.get("quotes", ()))}
        )
        for e in codec.load(text or "[]")
    )


def _shares(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(map(tuple, raw[name])) for name in ("spans", "fields")}
