"""What one site's flood at the webhook does to another: calm comments, alone and beside it.

No comment is a copy of another, which would cost more: the calm site is another one when it has sent all
texts, and the flood puts their words in an order of their own.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import count, product, repeat

from rich.table import Table

from bench import load, webhook
from service import config, launcher, signing
from service.domain import Secret, Site
from service.store import Store, embedded

# The flood is ten times what a site may send by default; the calm site stays below that.
CALM_RATE, FLOOD_RATE, CONNECTIONS, SECONDS, PAIRS = 25.0, 500.0, 16, 8.0, 3
CALM_SITES, FLOOD_WORDS = 4, 40

# How long each answer took, counted from when its request was due, by status.
Waits = list[tuple[bytes, float]]


def run() -> Table:
    """Measure in pairs, alone and beside the flood; what was measured the same way is taken together."""
    with tempfile.TemporaryDirectory(prefix="modqueue-bench-") as name, ExitStack() as stack:
        settings = config.load(data_dir=name, secret_key="b" * 64, log_level="error")
        address, _ = stack.enter_context(
            launcher.running(settings, "127.0.0.1", 0, webhook.WORKERS, threading.Event())
        )
        port, url = int(address.rsplit(":", 1)[1]), embedded.url(settings.data_dir)
        texts, quiet = webhook.texts(), [_site(url, f"calm-{n}") for n in range(CALM_SITES)]
        calm = webhook.signed(product(quiet, texts))
        flood = webhook.signed(zip(repeat(_site(url, "flood")), _shuffled(texts)))
        # The burst that every site may send first is over before it counts.
        asyncio.run(_both(port, calm, flood))
        alone: Waits = []
        beside: Waits = []
        flooded: Waits = []
        for _ in range(PAIRS):
            alone += asyncio.run(_paced(port, calm, CALM_RATE))
            pair = asyncio.run(_both(port, calm, flood))
            beside, flooded = beside + pair[0], flooded + pair[1]
    return _table(alone, beside, flooded)


def _site(url: str, site_id: str) -> Site:
    store = Store(url)
    site = Site(site_id, "https://bench.example", (Secret(signing.new_secret()),))
    store.registry.add_site(site)
    store.close()
    return site


def _shuffled(texts: Sequence[str]) -> Iterator[str]:
    words = " ".join(texts).split()
    for n in count():
        yield " ".join(random.Random(n).sample(words, FLOOD_WORDS))  # noqa: S311  # no secret


async def _both(port: int, calm: load.Requests, flood: load.Requests) -> tuple[Waits, Waits]:
    return await asyncio.gather(_paced(port, calm, CALM_RATE), _paced(port, flood, FLOOD_RATE))


async def _paced(port: int, requests: load.Requests, rate: float) -> Waits:
    waits: Waits = []
    every, until = CONNECTIONS / rate, time.perf_counter() + SECONDS

    async def connection(due: float) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while due < until:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            waits.append(await _asked(reader, writer, next(requests), due))
            due += every
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(connection(time.perf_counter() + n / rate) for n in range(CONNECTIONS)))
    return waits


async def _asked(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes, due: float
) -> tuple[bytes, float]:
    writer.write(request)
    head, _ = await load.answer(reader)
    if head.startswith(b"HTTP/1.1 429") and b"\r\nretry-after:" not in head.lower():
        raise RuntimeError("turned away without Retry-After")
    return head.split(b" ", 2)[1], time.perf_counter() - due


def _table(alone: Waits, beside: Waits, flooded: Waits) -> Table:
    title = f"Fairness: {CALM_RATE:.0f} comments/s of one site, beside {FLOOD_RATE:.0f}/s of another"
    table = Table("what", "p50 ms", "p99 ms", "answers", title=title, title_justify="left")
    outcomes = [load.Outcome(0.0, sorted(wait for _, wait in waits)) for waits in (alone, beside, flooded)]
    for name, waits, outcome in zip(
        ("alone", "beside a flood", "the flood itself"), (alone, beside, flooded), outcomes, strict=True
    ):
        statuses = ", ".join(
            f"{n} of {status.decode()}" for status, n in Counter(s for s, _ in waits).items()
        )
        table.add_row(name, *(f"{outcome.quantile(q) * 1e3:.1f}" for q in (0.5, 0.99)), statuses)
    ratios = (outcomes[1].quantile(q) / outcomes[0].quantile(q) for q in (0.5, 0.99))
    table.add_row("ratio, beside to alone", *(f"{ratio:.2f}" for ratio in ratios))
    return table
