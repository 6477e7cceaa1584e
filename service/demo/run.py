"""`modqueue demo`: start everything in a directory of its own, send the comments, and say what to try."""

from __future__ import annotations

import json
import random
import signal
import tempfile
import threading
import time
import webbrowser
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import requests
from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from service import config, data_dir, launcher, logs, signing
from service.demo.blog import SITE, Blog, serving
from service.domain import Secret, Site, Verdict
from service.errors import Unavailable
from service.stopping import stop_event
from service.store import Store

WORKERS = 2
SEED = 22
KINDS = ("clean", "dehumanising", "hateful", "spam", "campaign")
NAMES = {Verdict.APPROVE: "published", Verdict.HOLD: "held", Verdict.REJECT: "rejected"}

Tally = Counter[tuple[str, str]]


@dataclass(frozen=True)
class Demo:
    """What runs, and the terminal that tells of it."""

    desk: str
    children: list[launcher.Child]
    store: Store
    blog: Blog
    out: Console
    stop: threading.Event


def run(browse: bool) -> None:
    """Run the demo until Ctrl-C; nothing is left of it."""
    logs.configure("error")
    # A closed terminal ends the demo as Ctrl-C does.
    started, stop, out = time.monotonic(), stop_event(signal.SIGHUP), Console(highlight=False)
    out.print("Starting the store, the service and a stand-in blog on this machine…")
    with (
        tempfile.TemporaryDirectory(prefix="modqueue-demo-") as directory,
        _running(Path(directory), out, stop) as demo,
    ):
        tally = _send_all(demo)
        if not stop.is_set():
            link = launcher.first_admin(demo.store, demo.desk)
            _show_sums(out, tally)
            _show_addresses(demo, link, time.monotonic() - started)
            if browse:
                webbrowser.open(link)
            _watch(demo)
        out.print(f"Stopping: {_now(demo)}…")
    out.print("Stopped; nothing is left running.")


def comments() -> list[dict[str, str]]:
    """Return the comments in a believable order: replies after what they answer, the campaign as a wave."""
    text = resources.files("service.demo").joinpath("comments.jsonl").read_text(encoding="utf-8")
    chance, when = random.Random(SEED), dict[str, float]()  # noqa: S311  # an order, not a secret
    rows: list[dict[str, str]] = [json.loads(line) for line in text.splitlines()]
    for row in rows:
        begins, ends = (0.5, 0.8) if row["kind"] == "campaign" else (0.0, 1.0)
        begins = when.get(row.get("comment_parent", ""), begins)
        when[row["comment_ID"]] = chance.uniform(begins, ends)
    return sorted(rows, key=lambda row: when[row["comment_ID"]])


@contextmanager
def _running(directory: Path, out: Console, stop: threading.Event) -> Iterator[Demo]:
    # Whatever the environment says: a store, a key and an address of its own.
    settings = config.load(
        data_dir=directory, redis_url="", secret_key="", public_url="", partitions=16, trusted_proxies=0,
        allow_private_callbacks=True, log_level="error",
    )  # fmt: skip
    secret = Secret(signing.new_secret())
    with (
        launcher.running(settings, "127.0.0.1", 0, WORKERS, stop) as (desk, children),
        data_dir.store_url(settings) as url,
        closing(Store(url, settings.partitions)) as store,
        serving(desk, secret) as blog,
    ):
        callback = f"{blog.address}/modqueue"
        site = Site(SITE, blog.address, (secret,), callback_url=callback, created_at=time.time())
        store.registry.add_site(site)
        yield Demo(desk, children, store, blog, out, stop)


def _send_all(demo: Demo) -> Tally:
    tally, rows = Tally(), comments()
    columns = (
        TextColumn("Sending comments"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=demo.out, disable=not demo.out.is_terminal) as progress:
        task = progress.add_task("", total=len(rows))
        for row in rows:
            if demo.stop.is_set():
                break
            # The service is not told what we meant a comment to be.
            fields = {name: value for name, value in row.items() if name != "kind"}
            tally[row["kind"], _verdict(demo.blog, fields)] += 1
            progress.update(task, advance=1, description=_sums(tally))
    return tally


def _verdict(blog: Blog, fields: dict[str, str]) -> str:
    try:
        return blog.write(fields)
    except requests.RequestException as error:
        raise Unavailable(f"the service did not take a comment: {type(error).__name__}") from error


def _sums(tally: Tally) -> str:
    sums = {v: sum(n for (_, verdict), n in tally.items() if verdict == v) for v in Verdict}
    return ", ".join(f"{n} {NAMES[v]}" for v, n in sums.items())


def _show_sums(out: Console, tally: Tally) -> None:
    table = Table("What we wrote")
    for name in NAMES.values():
        table.add_column(name, justify="right")
    for kind in KINDS:
        table.add_row(kind, *(str(tally[kind, verdict]) for verdict in NAMES))
    out.print(f"\nSent {tally.total()} comments through the signed webhook: {_sums(tally)}.", soft_wrap=True)
    out.print(table)


def _show_addresses(demo: Demo, link: str, seconds: float) -> None:
    lines = (
        f"\nReady to decide after {seconds:.1f} s.\n",
        f"  Desk, signs you in once:  {link}",
        f"  Desk, after that:         {demo.desk}/",
        f"  Blog:                     {demo.blog.address}/\n",
        "Try this: open both side by side. On the desk press a to approve or r and Enter to reject,",
        "u to undo, ? for help, and watch the comment change on the blog. Write one of your own there, too.",
        "Ctrl-C stops everything.\n",
    )
    for line in lines:
        # A long link stays in one piece, to be clicked or copied.
        demo.out.print(line, soft_wrap=True, markup=False)


def _watch(demo: Demo) -> None:
    shown = ""
    with Live(console=demo.out, auto_refresh=False) if demo.out.is_terminal else nullcontext() as live:
        while not demo.stop.wait(0.25):
            for child in demo.children:
                child.tend()
            line = _now(demo)
            if line == shown:
                continue
            shown = line
            if live:
                live.update(Text(line), refresh=True)
            else:
                demo.out.print(line)


def _now(demo: Demo) -> str:
    try:
        waiting = sum(lane.count for lane in demo.store.views.lanes([SITE]).values())
        totals = demo.store.views.totals([SITE])
    except Unavailable:
        return "The store is being started again…"
    made = sum(n for event, n in totals.items() if event.startswith("decision:"))
    decided = made - totals.get("undo", 0)
    return f"{waiting} waiting · {decided} decided · {len(demo.blog.confirmed)} confirmed by the blog"
