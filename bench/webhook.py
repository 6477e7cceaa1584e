"""The signed webhook against a bare Flask route with one MULTI: same gunicorn, store and run."""

from __future__ import annotations

import itertools
import json
import os
import random
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from rich.table import Table

from bench import load
from service import config, launcher, signing
from service.domain import Secret, Site
from service.store import Store, embedded

PAIRS, SECONDS, CONNECTIONS, WORKERS, WORDS = 5, 4.0, 16, 2, 40
TEXT = (
    "I walked past the harbour this morning and the new cranes are already up, so whoever said that nothing "
    "would happen before spring was wrong. Still, I would like to know who pays for the road, and when."
)


def run() -> Table:
    """Measure both in turn; the ratio is taken pair by pair."""
    with tempfile.TemporaryDirectory(prefix="modqueue-bench-") as name, ExitStack() as stack:
        settings = config.load(data_dir=name, secret_key="b" * 64, log_level="error")
        address, _ = stack.enter_context(
            launcher.running(settings, "127.0.0.1", 0, WORKERS, threading.Event())
        )
        url = embedded.url(settings.data_dir)
        ours = (int(address.rsplit(":", 1)[1]), signed(add_site(url)))
        bare = (stack.enter_context(_bare(url)), _plain())
        pairs = [(_measure(ours), _measure(bare)) for _ in range(PAIRS + 1)][1:]
    return _table(pairs)


def _measure(target: tuple[int, Iterator[bytes]]) -> load.Outcome:
    return load.run(target[0], target[1], SECONDS, CONNECTIONS)


def add_site(url: str) -> Site:
    """Register a site without a limit."""
    store = Store(url)
    site = Site("bench", "https://bench.example", (Secret(signing.new_secret()),), rate=1e9, burst=1e9)
    store.registry.add_site(site)
    store.close()
    return site


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


def signed(site: Site) -> Iterator[bytes]:
    """Give signed comments, each another one, without end."""
    for n in itertools.count():
        body = _body(n)
        headers = signing.signed_headers(site.secrets, f"msg_{n}", time.time(), body)
        yield _request(body, headers | {"X-Modqueue-Site": site.id})


def _plain() -> Iterator[bytes]:
    for n in itertools.count():
        yield _request(_body(n), {})


def _body(n: int) -> bytes:
    # Words in an order of their own, since copies of one text would be gathered as a campaign.
    words = random.Random(n).sample(TEXT.split() * 4, WORDS)  # noqa: S311  # no secret
    fields = {"comment_ID": str(n), "comment_content": " ".join(words), "comment_author": "Ana"}
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


def _table(pairs: list[tuple[load.Outcome, load.Outcome]]) -> Table:
    title = (
        f"Webhook: {WORKERS} workers, {CONNECTIONS} connections, every answer durable (appendfsync always)"
    )
    table = Table(title=title, title_justify="left")
    for column in ("what", "requests/s, median", "p50 ms", "p99 ms"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for name, outcomes in (
        ("signed webhook", [a for a, _ in pairs]),
        ("bare Flask + MULTI", [b for _, b in pairs]),
    ):
        middle = sorted(outcomes, key=lambda o: o.rate)[len(outcomes) // 2]
        p50, p99 = (f"{middle.quantile(q) * 1e3:.1f}" for q in (0.5, 0.99))
        table.add_row(name, f"{middle.rate:.0f}", p50, p99)
    ratios = sorted(a.rate / b.rate for a, b in pairs)
    table.add_row(
        "ratio, pair by pair", f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    )
    return table
