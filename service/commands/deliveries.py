"""`modqueue delivery`: callbacks that blogs have not confirmed."""

from __future__ import annotations

import time
from dataclasses import asdict

import click

from service.commands import as_json, open_store, show


@click.group()
def delivery() -> None:
    """Callbacks to blogs."""


@delivery.command("list")
@click.option("--dead", is_flag=True, help="Only those that are out of attempts.")
@as_json
def delivery_list(dead: bool, as_json: bool) -> None:
    """List the callbacks that blogs have not confirmed."""
    with open_store() as store:
        found = [*([] if dead else store.outbox.waiting()), *store.outbox.dead()]
    rows = [{"site": site, "item": item, **asdict(state)} for site, item, state in found]
    lines = [
        f"{r['id']}  {r['site']:<16} {r['state']:<9} {r['attempts']} attempts  {r['error']}" for r in rows
    ]
    show(rows, as_json, "\n".join(lines) or "every callback is confirmed")


@delivery.command("redrive")
@click.argument("delivery_ids", nargs=-1, metavar="[DELIVERY]...")
def delivery_redrive(delivery_ids: tuple[str, ...]) -> None:
    """Send dead callbacks again: the ones named, or all."""
    with open_store() as store:
        ids = delivery_ids or tuple(state.id for _, _, state in store.outbox.dead(limit=100_000))
        for delivery_id in ids:
            store.outbox.redrive(delivery_id, "command line", time.time())
    click.echo(f"{len(ids)} queued again")
