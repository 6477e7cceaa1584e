"""A thousand comments that wait, and many more (BENCH_SCALE): what each transition takes on both."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.table import Table

from bench import filling
from bench.delivery import ADMIN
from service.domain import Lane, ReasonCode, Ruling
from service.moderation import Moderation, Wish
from service.scoring import Scorer
from service.store import PENDING, Store, Wanted, embedded

FEW, MANY, ROUNDS = 1000, int(os.environ.get("BENCH_SCALE", "100000")), 300
REJECT = Wish(Ruling.REJECT, ReasonCode.SPAM)
FIRST, BOTH = Wanted(words="harbour"), Wanted(words="harbour ferry", low=0.9)


def run() -> Table:
    """Fill two queues, then do the same to both in turns, so that whatever else goes on meets both."""
    with ExitStack() as stack:
        queues = [stack.enter_context(_queue(size)) for size in (FEW, MANY)]
        found = {name: _timed([step(queue) for queue, _ in queues]) for name, step in STEPS.items()}
        memory = [bytes_each for _, bytes_each in queues]
    return _table(found, memory)


@contextmanager
def _queue(size: int) -> Iterator[tuple[Moderation, float]]:
    with tempfile.TemporaryDirectory(prefix="modqueue-bench-") as name:
        server = embedded.start(Path(name), "always")
        store = Store(embedded.url(Path(name)))
        try:
            moderation = Moderation(store, Scorer(Path(name) / "models"))
            whole, text = filling.fill(moderation, embedded.url(Path(name)), size)
            yield moderation, whole - text
        finally:
            store.close()
            embedded.stop(server)


def _claim(moderation: Moderation) -> Callable[[], object]:
    ids = iter(_ids(moderation))
    return lambda: moderation.claim(ADMIN, next(ids))


def _decide(moderation: Moderation) -> Callable[[], object]:
    ids = iter(_ids(moderation))
    return lambda: moderation.decide(ADMIN, next(ids), REJECT)


def _ids(moderation: Moderation) -> list[str]:
    # From all over the queue, the most severe and the least.
    pages = [moderation.page(ADMIN, lane, limit=ROUNDS).items for lane in (Lane.HATEFUL, Lane.SPAM)]
    return [item.id for pair in zip(*pages, strict=False) for item in pair]


def _list(moderation: Moderation) -> Callable[[], object]:
    return lambda: moderation.page(ADMIN, PENDING)


def _deep(moderation: Moderation) -> Callable[[], object]:
    return lambda: moderation.page(ADMIN, PENDING, cursor="0.8~")


def _search(wanted: Wanted) -> Callable[[Moderation], Callable[[], object]]:
    return lambda moderation: lambda: moderation.page(ADMIN, PENDING, wanted=wanted)


STEPS: dict[str, Callable[[Moderation], Callable[[], object]]] = {
    "claim": _claim,
    "decide": _decide,
    "list": _list,
    "list, deep": _deep,
    "search for a frequent word": _search(FIRST),
    "search for two words and a score": _search(BOTH),
}


def _timed(steps: list[Callable[[], object]]) -> list[list[float]]:
    times: list[list[float]] = [[] for _ in steps]
    for _ in range(ROUNDS):
        for step, taken in zip(steps, times, strict=True):
            started = time.perf_counter()
            step()
            taken.append((time.perf_counter() - started) * 1e3)
    return [sorted(taken) for taken in times]


def _table(found: dict[str, list[list[float]]], memory: list[float]) -> Table:
    table = Table(title=f"{FEW:,} and {MANY:,} comments wait on {filling.SITES} sites", title_justify="left")
    for column in (
        "what",
        f"p50, {FEW:,}",
        f"p50, {MANY:,}",
        f"p99, {FEW:,}",
        f"p99, {MANY:,}",
        "ratio of p99",
    ):
        table.add_column(column, justify="left" if column == "what" else "right")
    for name, (few, many) in found.items():
        p99 = few[int(0.99 * ROUNDS)], many[int(0.99 * ROUNDS)]
        shown = (few[ROUNDS // 2], many[ROUNDS // 2], *p99)
        table.add_row(f"{name}, ms", *(f"{value:.1f}" for value in shown), f"{p99[1] / p99[0]:.2f}")
    table.add_row("bytes of memory a comment, beyond its text", "", "", *(f"{b:.0f}" for b in memory), "")
    return table
