"""The threshold desk on 100,000 comments: the replay by itself, and the whole page."""

from __future__ import annotations

import os
import random
import statistics
import time
from collections.abc import Callable

import redis
from flask.testing import FlaskClient
from rich.table import Table

from bench.desk import _service
from service import replay, thresholds
from service.domain import LABELS, Judgement, Reason, Secret, Site, Thresholds, Verdict
from service.moderation import Moderation
from service.store import keys, rows
from service.store.figures import DAY_S

COMMENTS, DAYS, ROUNDS = int(os.environ.get("BENCH_COMMENTS", "100000")), 90, 20
LIMITS = {label: Thresholds(0.3) for label in LABELS}


def run() -> Table:
    """Fill ninety days with rows, then time what the page does, and the page."""
    with _service() as (moderation, client, url):
        moderation.store.registry.add_site(Site("blog", "https://bench.example", (Secret("whsec_AAAA"),)))
        _fill(moderation, url)
        past = replay.past(moderation, "blog", DAYS)
        timed = {
            "read the rows": _timed(lambda: replay.past(moderation, "blog", DAYS)),
            "replay other thresholds": _timed(lambda: replay.verdicts(past, LIMITS)),
            "replay and add up": _timed(
                lambda: thresholds.outcome(past, replay.verdicts(past, LIMITS), 15.0)
            ),
            "the page, with both and the curve": _timed(lambda: _page(client)),
        }
    table = Table("what", "median", "slowest", title=f"{len(past):,} comments of {DAYS} days")
    for name, times in timed.items():
        table.add_row(name, f"{statistics.median(times) * 1e3:.0f} ms", f"{max(times) * 1e3:.0f} ms")
    return table


def _page(client: FlaskClient) -> None:
    answer = client.get("/thresholds/?site=blog&days=90&by=budget&budget=60")
    if answer.status_code != 200:
        raise RuntimeError(answer.status)


def _fill(moderation: Moderation, url: str) -> None:
    chance = random.Random(1)  # noqa: S311  # the same comments each time, nothing secret
    client, today = redis.Redis.from_url(url), int(moderation.clock() // DAY_S)
    prefix = keys.prefix(keys.partition_of("blog", moderation.store.partitions))
    for n in range(DAYS):
        raw = b"".join(_row(chance) for _ in range(COMMENTS // DAYS + 1))
        client.set(f"{prefix}rows:blog:{today - n}", raw)
    client.close()


def _row(chance: random.Random) -> bytes:
    scores = {label: chance.betavariate(0.3, 6) for label in LABELS}
    worst = max(LABELS, key=scores.__getitem__)
    held = scores[worst] >= 0.5
    judged = Judgement(
        Verdict.HOLD if held else Verdict.APPROVE,
        (Reason(f"score:{worst}"),) if held else (), scores, "m", 1, audit=0.01,
    )  # fmt: skip
    said = rows.ruling(chance.choice(("approve", "reject")), "hateful") if held else b"\0"
    return rows.row(judged)[:-1] + said


def _timed(do: Callable[[], object]) -> list[float]:
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        do()
        times.append(time.perf_counter() - started)
    return times
