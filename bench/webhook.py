"""The signed webhook against a bare Flask route with one MULTI: same gunicorn, store and run.

Comments are our own, as they were written, nine harmless ones to one that is not; each site is sent each of
them once, so that none is a copy of another. What the reader is asked about costs more than all the rest, so
what the fast stage answers alone is measured by itself as well.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count, cycle, product

from rich.table import Table

from bench import load
from bench.scoring import SEED, realistic
from classifier import registry
from classifier.text import Document
from service import config, launcher, signing
from service.domain import Secret, Site
from service.store import Store, embedded

PAIRS, SECONDS, CONNECTIONS, WORKERS = 5, 4.0, 16, 2
# More than there are times that the machine can answer all texts.
SITES = 128
LEAST_WORDS, MOST_WORDS = 15, 80
AUTHOR = "Ana"

_numbers = count(step=SITES)


@dataclass(frozen=True, slots=True)
class Load:
    """A stream of requests to a port, and what is measured of it."""

    name: str
    port: int
    requests: Iterator[bytes]
    outcomes: list[load.Outcome] = field(default_factory=list)


def run() -> Table:
    """Measure in turn; each ratio is taken between neighbours."""
    mix, model = texts(), registry.load(registry.SHIPPED).model
    clear = [text for text in mix if not model.asked([Document(text, author=AUTHOR)])]
    with tempfile.TemporaryDirectory(prefix="modqueue-bench-") as name, ExitStack() as stack:
        settings = config.load(data_dir=name, secret_key="b" * 64, log_level="error")
        address, _ = stack.enter_context(
            launcher.running(settings, "127.0.0.1", 0, WORKERS, threading.Event())
        )
        url = embedded.url(settings.data_dir)
        port = int(address.rsplit(":", 1)[1])
        share = f"{1 - len(clear) / len(mix):.0%}"
        loads = (
            Load(f"signed webhook, {share} read", port, signed(product(add_sites(url), mix))),
            Load("signed webhook, none read", port, signed(product(add_sites(url), clear))),
            Load("bare Flask + MULTI", stack.enter_context(_bare(url)), _plain(mix)),
        )
        for _ in range(PAIRS + 1):
            for one in loads:
                one.outcomes.append(load.run(one.port, one.requests, SECONDS, CONNECTIONS))
    return _table(loads)


def texts() -> list[str]:
    """Return comments of ours: nine of every blog's day to one that is harmful."""
    rows = [json.loads(line) for path in sorted(SEED.glob("*.jsonl")) for line in path.open(encoding="utf-8")]
    rows = [row for row in rows if LEAST_WORDS <= len(row["text"].split()) <= MOST_WORDS]
    return [document.text for document in realistic(rows)]


def add_sites(url: str) -> list[Site]:
    """Register sites without a limit."""
    store, first = Store(url), next(_numbers)
    secret = (Secret(signing.new_secret()),)
    numbers = range(first, first + SITES)
    sites = [Site(f"bench-{n}", "https://bench.example", secret, rate=1e9, burst=1e9) for n in numbers]
    for site in sites:
        store.registry.add_site(site)
    store.close()
    return sites


@contextmanager
def _bare(url: str) -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1024)
        listener.set_inheritable(True)
        env = os.environ | {"MODQUEUE_REDIS_URL": url}
        command = [*launcher.gunicorn(listener.fileno(), WORKERS)[:-1], "bench.bare:app"]
        child = launcher.Child("bare", lambda: launcher.popen(command, env, (listener.fileno(),)))
        try:
            yield listener.getsockname()[1]
        finally:
            child.stop()


def signed(comments: Iterable[tuple[Site, str]]) -> Iterator[bytes]:
    """Give signed comments, each with an id of its own."""
    for n, (site, text) in enumerate(comments):
        body = _body(n, text)
        headers = signing.signed_headers(site.secrets, f"msg_{n}", time.time(), body)
        yield _request(body, headers | {"X-Modqueue-Site": site.id})


def _plain(chosen: Sequence[str]) -> Iterator[bytes]:
    for n, text in enumerate(cycle(chosen)):
        yield _request(_body(n, text), {})


def _body(n: int, text: str) -> bytes:
    fields = {"comment_ID": str(n), "comment_content": text, "comment_author": AUTHOR}
    return json.dumps(fields).encode()


def _request(body: bytes, headers: dict[str, str]) -> bytes:
    lines = {
        "Host": "127.0.0.1",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **headers,
    }
    head = "".join(f"{k}: {v}\r\n" for k, v in lines.items())
    return f"POST /webhooks/comments HTTP/1.1\r\n{head}\r\n".encode() + body


def _table(loads: Sequence[Load]) -> Table:
    title = (
        f"Webhook: {WORKERS} workers, {CONNECTIONS} connections, every answer durable (appendfsync always)"
    )
    table = Table(title=title, title_justify="left")
    for column in ("what", "requests/s, median", "p50 ms", "p99 ms", "of bare, round by round"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for one in loads:
        # The first round warms up.
        outcomes, bare = one.outcomes[1:], loads[-1].outcomes[1:]
        middle = sorted(outcomes, key=lambda o: o.rate)[len(outcomes) // 2]
        p50, p99 = (f"{middle.quantile(q) * 1e3:.1f}" for q in (0.5, 0.99))
        ratios = sorted(a.rate / b.rate for a, b in zip(outcomes, bare, strict=True))
        of_bare = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        table.add_row(one.name, f"{middle.rate:.0f}", p50, p99, of_bare)
    return table
