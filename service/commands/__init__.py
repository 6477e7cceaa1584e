"""The groups of the `modqueue` command, and what they share."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from service import config, data_dir
from service.errors import NotFound
from service.store import Store

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
# Of commands that print nothing else.
json_anyway = click.option(
    "--json", is_flag=True, expose_value=False, help="Changes nothing: JSON is printed anyway."
)


@contextmanager
def open_store() -> Iterator[Store]:
    """Open the store that the settings name, starting the embedded one for a while if it does not run."""
    settings = config.load()
    with data_dir.store_url(settings) as url:
        store = Store(url, settings.partitions)
        try:
            yield store
        finally:
            store.close()


def check_sites(store: Store, sites: tuple[str, ...]) -> None:
    """Refuse sites that are not registered."""
    known = {s.id for s in store.registry.sites()}
    if missing := [s for s in sites if s not in known]:
        raise NotFound(f"no such site: {', '.join(missing)}")


def show(data: Any, as_json: bool, lines: str) -> None:
    """Print data as JSON, or the lines that say it to a person."""
    click.echo(json.dumps(data, ensure_ascii=False) if as_json else lines)


def log(store: Store, kind: str, **facts: Any) -> None:
    """Write what was done from the command line to the moderation log."""
    store.registry.log({"at": time.time(), "kind": kind, "by": "command line", **facts})
