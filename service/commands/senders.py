"""`modqueue sender`: blogs that send what they have, in a shape of their own."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import Any

import click

from service.commands import json_anyway, log, open_store
from service.errors import Invalid
from service.senders import check

SECRET_LIMIT = 500


@click.group()
def sender() -> None:
    """Blogs that send comments in a shape of their own."""


@sender.command("mapping")
@click.argument("site_id", metavar="ID")
@click.option(
    "--set", "source", type=click.File(encoding="utf-8"),
    help="A JSON file with the new mapping; - is standard input.",
)  # fmt: skip
@json_anyway
def sender_mapping(site_id: str, source: Any) -> None:
    """Print which of a blog's own fields is what, or set that."""
    with open_store() as store:
        found = store.registry.site(site_id)
        if source:
            mapping = _read(source.read())
            found = store.registry.change_site(site_id, lambda s: replace(s, mapping=mapping))
            log(store, "sender_mapping_set", site=site_id, fields=list(mapping))
    click.echo(json.dumps(dict(found.mapping), indent=2, ensure_ascii=False))


@sender.command("coral")
@click.argument("site_id", metavar="ID")
def sender_coral(site_id: str) -> None:
    """Set the signing secret that Coral shows for its moderation phase, read from standard input."""
    secret = sys.stdin.readline().strip()
    if not 8 <= len(secret) <= SECRET_LIMIT or not secret.isprintable():
        raise Invalid("secret", "Coral's signing secret is expected as one line on standard input")
    with open_store() as store:
        store.registry.change_site(site_id, lambda s: replace(s, coral_secret=secret))
        log(store, "sender_coral_set", site=site_id)
    click.echo(f"Coral sends to /senders/coral/{site_id}")


def _read(text: str) -> dict[str, str]:
    try:
        return check(json.loads(text))
    except ValueError as error:
        raise Invalid("mapping", f"not JSON: {error}") from None
