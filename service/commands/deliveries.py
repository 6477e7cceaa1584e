"""`modqueue delivery`: callbacks that blogs have not confirmed."""

from __future__ import annotations

import time
from dataclasses import asdict

import click

from service.commands import as_json, open_store, show
from service.errors import Conflict


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
        dead = {state.id: site for site, _, state in store.outbox.dead(limit=100_000)}
        off = {site.id: site.callback_disabled for site in store.registry.sites() if site.callback_disabled}
        asked = delivery_ids or tuple(dead)
        ids = [delivery_id for delivery_id in asked if dead.get(delivery_id) not in off]
        for delivery_id in ids:
            store.outbox.redrive(delivery_id, "command line", time.time())
    click.echo(f"{len(ids)} queued again")
    if len(ids) < len(asked):
        refused = {dead[delivery_id] for delivery_id in asked} & set(off)
        raise Conflict(
            " ".join(f"{s}: {off[s]} First `modqueue site callback {s}`." for s in sorted(refused))
        )
