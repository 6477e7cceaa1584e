"""A life at the blogs, and all that the store holds of it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from service import appeals, bulk, identity
from service.domain import ReasonCode, Ruling
from service.moderation import Moderation, Wish
from service.store import Store
from service.store.akismet import Trace
from service.store.packing import unpack
from tests.conftest import ANA, Clock, Sender, submit

SECRET_KEY = "a" * 64
KEY = identity.hash_key(SECRET_KEY)
EMAIL = "zoe@reader.example"
ZOE = identity.author_key(EMAIL, "", KEY)
# What only Zoe's comments hold.
MARKS = ("kumquat", "Zoe Marker", "z…@reader.example", "zoe.example", ZOE)
REJECT = Wish(Ruling.REJECT, ReasonCode.HATEFUL, "a note")


def readable(value: str) -> str:
    """Unpack what is packed."""
    try:
        return unpack(value)
    except (zlib.error, UnicodeDecodeError):
        return value  # a fingerprint that begins as what is packed does, as one of 256 does


def stored(store: Store) -> Iterator[tuple[str, str]]:
    """Give every key with all that lies under it, unpacked."""
    client = store.registry._db.client
    for key in client.scan_iter(match="*"):
        kind = client.type(key)
        if kind == "hash":
            values = [v for pair in client.hgetall(key).items() for v in pair]
        elif kind == "stream":
            values = [v for _, entry in client.xrange(key) for v in entry.values()]
        elif kind == "zset":
            values = client.zrange(key, 0, -1)
        elif kind == "set":
            values = client.smembers(key)
        elif kind == "list":
            values = client.lrange(key, 0, -1)
        else:
            values = [client.get(key)]
        yield key, key + " ".join(readable(v) for v in values)


def holding(store: Store, *marks: str) -> dict[str, str]:
    """Return the keys that hold a mark, with the mark."""
    return {key: mark for key, said in stored(store) for mark in marks if mark in said}


def comment(sender: Sender, comment_id: str, text: str, email: str = EMAIL, **more: str) -> str:
    said = {"comment_author": "Zoe Marker", "comment_author_url": "https://zoe.example/"}
    answer = sender.comment(text, comment_id, comment_author_email=email, **said, **more)
    return str(answer["id"])


def live(sender: Sender, m: Moderation, clock: Clock) -> dict[str, str]:
    """Give Zoe comments in every state there is, and others theirs."""
    waits = comment(sender, "1", "kumquat [hateful=0.7]")
    decided = comment(sender, "2", "kumquat two [hateful=0.7]")
    approved = comment(sender, "3", "kumquat three")
    edited = comment(sender, "4", "kumquat four [hateful=0.7]")
    comment(sender, "4", "kumquat four and more [hateful=0.7]", email="")
    claimed = comment(sender, "5", "kumquat five [spam=0.7]")
    for n in range(3):
        copies = f"kumquat and the same words of a seller who says them again and again {n} [spam=0.7]"
        comment(sender, f"copy{n}", copies)
    m.decide(ANA, decided, REJECT)
    token, _ = appeals.make_link(m, ANA, decided, KEY)
    appeals.submit(m, appeals.read_link(token, KEY, clock()), "kumquat, please")
    m.escalate(ANA, waits, "kumquat?")
    m.claim(ANA, claimed)
    bulk.of_ids(m, ANA, [waits])
    m.store.akismet.remember("blog", approved, "d" * 32, Trace(approved, "https://blog.example/x"))
    reply = submit(m, "An answer [hateful=0.7]", "6", parent_id="2", parent_text="kumquat two")["id"]
    m.decide(ANA, reply, REJECT)
    submit(m, "kumquat of another site", "1", site="other", author_key=ZOE)
    return {"waits": waits, "decided": decided, "reply": reply, "edited": edited}
