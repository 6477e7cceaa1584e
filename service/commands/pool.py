"""`modqueue import examples`: labelled texts of other services; and whose word is not learnt from."""

from __future__ import annotations

import re
import time
from collections.abc import Collection
from typing import BinaryIO

import click

from service import exchange
from service.commands import as_json, open_store, show
from service.errors import Invalid, NotFound
from service.store import Store

SOURCES = ("desk", "api", "appeal", "wordpress", "akismet", "perspective", "import")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def _sources(_ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    for source in given:
        if source not in SOURCES and not (source.startswith("pool:") and _NAME.fullmatch(source[5:])):
            raise click.BadParameter(f"no source {source!r}: one of {', '.join(SOURCES)}, or pool:NAME")
    return given


WITHOUT = click.option(
    "--without", multiple=True, metavar="SOURCE", callback=_sources,
    help=f"Leave out a source: {', '.join(SOURCES)}, pool:NAME.",
)  # fmt: skip


def check_pools(store: Store, sources: Collection[str]) -> None:
    """Refuse pools of which the store has nothing."""
    wanted = {s for s in sources if s.startswith("pool:")}
    if missing := wanted and wanted - {e["source"] for e in store.pool.all()}:
        raise NotFound(f"nothing was imported as {', '.join(sorted(missing))}")


@click.command("examples")
@click.argument("file", type=click.File("rb"))
@click.option("--from", "source", required=True, metavar="NAME", help="Whose they are.")
@as_json
@click.pass_context
def import_examples(ctx: click.Context, file: BinaryIO, source: str, as_json: bool) -> None:
    """Bring labelled texts that another service exported with --pooled; each counts once."""
    if not _NAME.fullmatch(source):
        raise Invalid("--from", "1 to 64 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit")
    now, new, known, refused = time.time(), 0, 0, 0
    with open_store() as store:
        for number, line in enumerate(file, 1):
            try:
                is_new = store.pool.add(exchange.read(line, source, now))
                new, known = new + is_new, known + (not is_new)
            except Invalid as error:
                refused += 1
                click.echo(f"line {number}: {error}", err=True)
    counts = {"new": new, "known": known, "refused": refused}
    show(counts, as_json, ", ".join(f"{n} {what}" for what, n in counts.items()))
    ctx.exit(1 if refused else 0)
