"""How many callbacks a second blogs that answer at once confirm, and how fair the worker is to them."""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from rich.table import Table

from service import logs, signing
from service.delivery import THREADS, Worker
from service.domain import Comment, Explanation, Person, ReasonCode, Role, Ruling, Secret, Site, Thresholds
from service.moderation import Moderation, Wish
from service.scoring import Scorer
from service.store import Store, embedded, keys

SITES, EACH, FLOOD, CALM, ROUNDS = 8, 250, 1500, 60, 3
ANSWER = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"
_numbers = itertools.count()


def run() -> Table:
    """Drain callbacks to several sites, then time a calm one, without and with a flood to another."""
    logs.configure("error")
    with _blog() as port, _moderation(port) as moderation:
        rates = [_drained(moderation) for _ in range(ROUNDS)]
        calm, flooded = _calm(moderation), _calm(moderation, FLOOD)
    table = Table(title=f"The delivery worker, {SITES} sites, one process", title_justify="left")
    for column in ("what", "median", "p99"):
        table.add_column(column, justify="left" if column == "what" else "right")
    table.add_row("confirmed callbacks/s", f"{statistics.median(rates):.0f}", "")
    for name, waits in (("decision to confirmed, ms", calm), (f"… while {FLOOD} go to another", flooded)):
        table.add_row(name, *(f"{q * 1e3:.1f}" for q in (statistics.median(waits), waits[-1])))
    table.add_row(
        "ratio",
        f"{statistics.median(flooded) / statistics.median(calm):.2f}",
        f"{flooded[-1] / calm[-1]:.2f}",
    )
    return table


def _drained(moderation: Moderation) -> float:
    for n in range(SITES * EACH):
        _decide(moderation, f"site{n % SITES}")
    started = time.perf_counter()
    with _running(moderation):
        while moderation.store.outbox.depth()[0]:
            time.sleep(0.01)
        return SITES * EACH / (time.perf_counter() - started)


def _calm(moderation: Moderation, flood: int = 0) -> list[float]:
    # One by one, each once the one before was confirmed, as decisions of a single moderator are.
    for _ in range(flood):
        _decide(moderation, "site0")
    waits = []
    with _running(moderation):
        for _ in range(CALM):
            item_id, started = _decide(moderation, "site1"), time.perf_counter()
            while not _is_confirmed(moderation, item_id):
                time.sleep(0.001)
            waits.append(time.perf_counter() - started)
        if flood and not moderation.store.outbox.depth()[0]:
            raise RuntimeError("the flood was over before the measurement was")
    return sorted(waits)


def _is_confirmed(moderation: Moderation, item_id: str) -> bool:
    delivery = moderation.store.views.item(item_id).delivery
    return delivery is not None and delivery.state == "confirmed"


def _decide(moderation: Moderation, site_id: str) -> str:
    n, site = next(_numbers), moderation.site(site_id)
    comment = Comment(site_id, str(n), f"number {n}")
    moderation.submit(site, comment, f"msg_{n}", b"%d" % n)
    item_id = keys.item_id(site_id, comment.comment_id, moderation.store.partitions)
    moderation.decide(ADMIN, item_id, Wish(Ruling.REJECT, ReasonCode.SPAM))
    return item_id


ADMIN = Person("bench", Role.ADMIN)


class _Holding:
    """A model that holds everything."""

    id, recommended = "bench", {"spam": Thresholds(0.5)}  # never changed

    def current(self) -> _Holding:
        return self

    def score(self, _comment: Comment) -> dict[str, float]:
        return {"spam": 0.7}

    def language(self, _comment: Comment) -> str:
        return ""

    def explain(self, _comment: Comment, _labels: list[str]) -> tuple[Explanation, ...]:
        return ()


@contextmanager
def _running(moderation: Moderation) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=Worker(moderation, True, THREADS).run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def _moderation(port: int) -> Iterator[Moderation]:
    with tempfile.TemporaryDirectory(prefix="modqueue-bench-") as name:
        server = embedded.start(Path(name), "always")
        store, url = Store(embedded.url(Path(name))), f"http://127.0.0.1:{port}"
        for n in range(SITES):
            secret = Secret(signing.new_secret())
            store.registry.add_site(
                Site(f"site{n}", url, (secret,), callback_url=f"{url}/{n}", rate=1e9, burst=1e9)
            )
        try:
            yield Moderation(store, cast(Scorer, _Holding()))
        finally:
            store.close()
            embedded.stop(server)


@contextmanager
def _blog() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        child = multiprocessing.get_context("fork").Process(target=_serve, args=(listener,), daemon=True)
        child.start()
        yield listener.getsockname()[1]
        child.kill()
        child.join()


def _serve(listener: socket.socket) -> None:
    asyncio.run(_answer_all(listener))


async def _answer_all(listener: socket.socket) -> None:
    server = await asyncio.start_server(_answer, sock=listener)
    await server.serve_forever()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while head := await _head(reader):
        await reader.readexactly(int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0]))
        writer.write(ANSWER)


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
