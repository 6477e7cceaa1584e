"""A long queue of made-up comments that came through the same door as any other, and its memory."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import redis

from service import campaigns, signing
from service.domain import Comment, Explanation, Judgement, Lane, Reason, Secret, Site, Verdict
from service.moderation import USUAL, Moderation
from service.store import Arrival, keys

SITES, THREADS, WORDS, BATCH = 4, 4, 40, 5000
SYLLABLES = (
    "ka",
    "lo",
    "mi",
    "ten",
    "dra",
    "sol",
    "ver",
    "ni",
    "pu",
    "th",
    "est",
    "or",
    "al",
    "in",
    "wo",
    "be",
)
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def fill(moderation: Moderation, url: str, pending: int) -> tuple[float, float]:
    """Fill the queue; return the bytes of memory that a comment takes, and those of its text."""
    for n in range(SITES):
        site = Site(f"site{n}", "https://bench.example", (Secret(signing.new_secret()),))
        moderation.store.registry.add_site(site)
    client = redis.Redis.from_url(url)
    # Written as in earnest, but not waited for one by one: that is what the benchmark of the webhook times.
    client.config_set("appendfsync", "everysec")
    before = _used(client)
    text, made = 0, enumerate(_comments(pending))
    with ThreadPoolExecutor(THREADS) as pool:
        while batch := list(itertools.islice(made, BATCH)):
            text += sum(len(comment.text.encode()) for _, (comment, _) in batch)
            for _ in pool.map(lambda pair: _accept(moderation, *pair), batch, chunksize=50):
                pass
    client.config_set("appendfsync", "always")
    used = _used(client) - before
    client.close()
    return used / pending, text / pending


def _used(client: redis.Redis) -> int:
    return cast(int, client.info("memory")["used_memory"])


def _vocabulary(chance: random.Random) -> list[str]:
    # Short words are frequent ones, as everywhere; how often each comes follows Zipf's law.
    lengths = (1, 2, 2, 3, 3, 4)
    found = {"".join(chance.choices(SYLLABLES, k=chance.choice(lengths))) for _ in range(60_000)}
    return ["harbour", "ferry", *sorted(found, key=lambda w: (len(w), w))]


def _comments(pending: int) -> Iterator[tuple[Comment, Judgement]]:
    chance = random.Random(1)  # noqa: S311  # the same queue each time, nothing secret
    words = _vocabulary(chance)
    weights = list(itertools.accumulate(1 / n for n in range(1, len(words) + 1)))
    for n in range(pending):
        label, score = chance.choice(("dehumanising", "hateful", "spam")), chance.uniform(0.6, 0.999)
        author = chance.randrange(max(1, pending // 3))
        comment = Comment(
            f"site{n % SITES}", str(n), " ".join(chance.choices(words, cum_weights=weights, k=WORDS)),
            author=f"{words[author % 5000].title()} {author}", author_key=f"{author:032x}",
            author_shown="a…@mail.example", agent=AGENT, post_id=str(n % 300), post_title="The new bridge",
            permalink=f"https://bench.example/posts/{n % 300}", date_gmt="2026-11-22 18:00:00",
        )  # fmt: skip
        scores = {
            "dehumanising": chance.random() / 9,
            "hateful": chance.random() / 9,
            "spam": 0.01,
            label: score,
        }
        reasons = (Reason(f"score:{label}", score, 0.5),)
        yield comment, Judgement(Verdict.HOLD, reasons, scores, "2026-11-22-80b537", 1, Lane(label), score)


def _accept(moderation: Moderation, n: int, made: tuple[Comment, Judgement]) -> None:
    comment, judged = made
    chance = random.Random(n)  # noqa: S311  # no secret
    starts = itertools.accumulate((len(w) + 1 for w in comment.text.split()), initial=0)
    spans = tuple(
        (s, s + len(w), chance.gauss(0, 0.05)) for s, w in zip(starts, comment.text.split(), strict=False)
    )
    explained = Explanation(judged.reasons[0].code[6:], judged.severity, 2.0, -3.0, spans, (("long", 0.402),))
    item_id = keys.item_id(comment.site, comment.comment_id, moderation.store.partitions)
    arrival = Arrival(
        item_id, comment, f"msg_{n:027d}", keys.digest(b"body%d" % n), keys.digest(b"%d" % n), 1.8e9 + n,
        1e9, 1e9, campaigns.fingerprint(comment.text),
    )  # fmt: skip
    if not isinstance(moderation.store.queue.accept(arrival, judged, (explained,), USUAL), str):
        raise RuntimeError("taken for a copy")
