"""Five times what the service can do: what is turned away, what is lost, and how it is afterwards."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import product

from rich.table import Table

from bench import load, webhook
from service import config, launcher
from service.store import Store, embedded

TIMES, CALM_S, CONNECTIONS, RECOVERY_S = 5, 5.0, 16, 5.0
OVERLOAD_S = float(os.environ.get("BENCH_OVERLOAD_S", "20"))
# Each sender asks once a second at most; so many files are open at once.
SENDERS_MAX = 4000


@dataclass(slots=True)
class Met:
    """What senders met: statuses, how long each waited, and which comments were acknowledged."""

    statuses: Counter[str] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)


def run() -> Table:
    """Measure before, during and after; raises where an acknowledged comment is not in the store."""
    with tempfile.TemporaryDirectory(prefix="modqueue-bench-") as name, ExitStack() as stack:
        settings = config.load(data_dir=name, secret_key="b" * 64, log_level="error")
        address, _ = stack.enter_context(
            launcher.running(settings, "127.0.0.1", 0, webhook.WORKERS, threading.Event())
        )
        url = embedded.url(settings.data_dir)
        port = int(address.rsplit(":", 1)[1])
        requests = webhook.signed(product(webhook.add_sites(url), webhook.texts()))
        load.run(port, requests, 1.0, CONNECTIONS)
        before = load.run(port, requests, CALM_S, CONNECTIONS)
        senders = min(SENDERS_MAX, int(TIMES * before.rate))
        met = asyncio.run(_overload(port, requests, senders))
        after = load.run(port, requests, RECOVERY_S, CONNECTIONS)
        _check(url, met.acknowledged)
    return _table(before, senders, met, after)


async def _overload(port: int, requests: load.Requests, senders: int) -> Met:
    met, until = Met(), time.perf_counter() + OVERLOAD_S
    await asyncio.gather(*(_sender(port, requests, until, n / senders, met) for n in range(senders)))
    return met


async def _sender(port: int, requests: load.Requests, until: float, first: float, met: Met) -> None:
    await asyncio.sleep(first)
    while (sent := time.perf_counter()) < until:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(next(requests))
            head, body = await load.answer(reader)
            status = head.split(b" ", 2)[1].decode()
            writer.close()
            if status == "200":
                met.acknowledged.append(json.loads(body)["id"])
        except (OSError, asyncio.IncompleteReadError) as error:
            status = type(error).__name__
        met.statuses[status] += 1
        met.waits.append(time.perf_counter() - sent)
        await asyncio.sleep(max(0.0, sent + 1 - time.perf_counter()))


def _check(url: str, acknowledged: list[str]) -> None:
    store = Store(url)
    for start in range(0, len(acknowledged), 500):
        batch = acknowledged[start : start + 500]
        if len(store.views.brief(batch)) != len(batch):
            raise RuntimeError("an acknowledged comment is lost")
    store.close()


def _table(before: load.Outcome, senders: int, met: Met, after: load.Outcome) -> Table:
    title = f"Overload: {senders} senders, one comment a second each, for {OVERLOAD_S:.0f} s"
    table = Table("what", "", "p50 ms", "p99 ms", title=title, title_justify="left")
    waits = load.Outcome(len(met.waits) / OVERLOAD_S, sorted(met.waits))
    for name, outcome in (("before, answers/s", before), ("overload, answers/s", waits), ("after", after)):
        p50, p99 = (f"{outcome.quantile(q) * 1e3:.0f}" for q in (0.5, 0.99))
        table.add_row(name, f"{outcome.rate:.0f}", p50, p99)
    for status, count in sorted(met.statuses.items()):
        table.add_row(f"overload: {status}", f"{count}", "", "")
    table.add_row("acknowledged and lost", "0", "", "")
    return table
