"""How long the dearest bodies take that a stranger can send; each is meant to be answered within 250 ms."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from string import ascii_lowercase

from flask import Flask
from rich.table import Table

from service import BODY_LIMIT, config, create_app, signing
from service.domain import Secret, Site
from service.moderation import connect
from service.store import embedded
from service.web.fields import TEXT_LIMIT

ROUNDS = 3
SITE = Site("blog", "https://blog.example", (Secret(signing.new_secret()),), rate=1e6, burst=1e6)

# Texts that make readers of text work hard: as many tokens, marks, links or near-matches as fit.
TEXTS = {
    "one letter": "a",
    "short words": "a ",
    "unlike words": "".join(f"{n:x} " for n in range(5000)),
    "blanks": " ",
    "lines": "\n",
    "quoted lines": "> a\n",
    "quotes in quotes": ">",
    "quotation marks": "“a” ",
    "open quotation marks": "“",
    "links": "http://a.b ",
    "a link without an end": "http://" + "a." * 10_000,
    "a host of many parts": "https://" + "a-." * 7_000,
    "addresses": "a@b.c ",
    "at signs": "@",
    "open tags": "<a ",
    "tags": "<b></b>",
    "entities": "&amp;",
    "half entities": "&#",
    "marks above one letter": "a" + "\u0301" * 30_000,
    "invisible letters": "a\u200b",
    "letters that grow when folded": "\ufdfa",
    "joined emoji": "👩\u200d👩\u200d👧",
    "look-alikes": "\u0430\u0435\u043e\u0440 ",
    "spaced letters": "v e r m i n ",
    "dotted letters": "v.e.r.m.i.n.",
    "digits for letters": "v3rm1n 1d10t ",
    "letters that may be digits": "a1a " + "ht" * 10_000,
    "a letter and digits": "v3rm1n a" + "1" * 20_000,
    "schemes without an end": "a+",
    "exclamation marks": "!",
    "numbers": "1,",
    "words run together": "".join(
        f"{'peopleare' + letter * 3}thereandhere{other * 2}werenotthey "
        for letter in ascii_lowercase
        for other in ascii_lowercase
    ),
    "stars for letters": "".join(
        f"{letter}*{other}*e*s " for letter in ascii_lowercase for other in ascii_lowercase
    ),
    "signs for letters": "".join(
        f"{letter}1!1!{other}1!1! " for letter in ascii_lowercase for other in ascii_lowercase
    ),
    "cut words": "ver min ",
    "right to left": "\u202e\u05d0 ",
    "combining chain": "\u0d4d\u0d15",
    "slurs of the lexicon, all at once": "vermin cockroach subhuman parasite they are all ",
}
BODIES = {
    "deeply nested JSON": b'{"a":' * 10_000,
    "an array of arrays": b"[" * BODY_LIMIT,
    "a long number": b'{"comment_ID": ' + b"1" * (BODY_LIMIT - 100) + b"}",
    "many names": b'{"comment_ID": "1", ' + b",".join(b'"%d":0' % n for n in range(6000)) + b"}",
    "escapes": b'{"comment_ID": "1", "comment_content": "' + b"\\u00e4" * 10_000 + b'"}',
    "half an escape": b'{"comment_ID": "' + b"\\" * 60_000,
    "not UTF-8": b"\xff" * BODY_LIMIT,
}


def bodies() -> Iterator[tuple[str, bytes]]:
    """Give each body with its name; all fit the limits, or are refused for it."""
    for name, piece in TEXTS.items():
        text = (piece * TEXT_LIMIT)[:TEXT_LIMIT]
        said = {"comment_ID": name, "comment_content": text, "parent_content": text[:1000]}
        body = json.dumps(said, ensure_ascii=False).encode()
        while len(body) > BODY_LIMIT:
            text = text[: len(text) * 9 // 10]
            body = json.dumps(said | {"comment_content": text}, ensure_ascii=False).encode()
        yield name, body
    yield from BODIES.items()


@contextmanager
def service() -> Iterator[Flask]:
    """Run the service in this process, with the shipped model and a store of its own."""
    with tempfile.TemporaryDirectory(prefix="modqueue-bench-") as name:
        server = embedded.start(Path(name), "everysec")
        try:
            settings = config.load(
                data_dir=Path(name), secret_key="b" * 64, redis_url=embedded.url(Path(name))
            )
            moderation = connect(settings)
            moderation.store.registry.add_site(SITE)
            yield create_app(settings, moderation)
            moderation.store.close()
        finally:
            embedded.stop(server)


def ask(app: Flask, body: bytes, message_id: str) -> int:
    """Send a body as a blog does; return the status of the answer."""
    headers = signing.signed_headers(SITE.secrets, message_id, time.time(), body)
    headers |= {"X-Modqueue-Site": SITE.id, "Content-Type": "application/json"}
    return app.test_client().post("/webhooks/comments", data=body, headers=headers).status_code


def run() -> Table:
    """Time each body, the dearest first; medians of rounds, and what of it this process worked."""
    table = Table(title=f"Hostile bodies of up to {BODY_LIMIT // 1024} KiB", title_justify="left")
    for column in ("what", "status", "ms", "of them work"):
        table.add_column(column, justify="left" if column == "what" else "right")
    with service() as app:
        ask(app, b'{"comment_ID": "0", "comment_content": "You are vermin."}', "warm")
        rows = sorted((_median(app, name, body) for name, body in bodies()), reverse=True)
    for elapsed, worked, status, name in rows[:12]:
        table.add_row(name, str(status), f"{elapsed * 1000:.0f}", f"{worked * 1000:.0f}")
    return table


def _median(app: Flask, name: str, body: bytes) -> tuple[float, float, int, str]:
    return sorted(_once(app, name, body, n) for n in range(ROUNDS))[ROUNDS // 2]


def _once(app: Flask, name: str, body: bytes, n: int) -> tuple[float, float, int, str]:
    # Another id of the comment, so that no answer is one from before.
    other = body.replace(name.encode(), f"{name} {n}".encode(), 1)
    start, worked = time.perf_counter(), time.process_time()
    status = ask(app, other, f"{name.replace(' ', '-')}-{n}")
    return time.perf_counter() - start, time.process_time() - worked, status, name
