"""`modqueue archive`: what has been kept long enough goes to a file, and comes back from it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from service import archive as archives
from service import archive_erasing, config
from service.commands import as_json, open_store
from service.errors import Invalid


@click.command()
@click.option(
    "--output", type=click.Path(path_type=Path, file_okay=False), help="Instead of DATA_DIR/archive."
)
@click.option(
    "--bring-back", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
    help="Store again what an archive holds.",
)  # fmt: skip
@as_json
def archive(output: Path | None, bring_back: Path | None, as_json: bool) -> None:
    """Move what has been kept long enough (MODQUEUE_KEEP_*) from the store to a file with a digest."""
    settings = config.load()
    now, path = time.time(), bring_back
    with open_store() as store:
        directory = bring_back.parent if bring_back else output or settings.data_dir / "archive"
        _, left = archive_erasing.clean(store, directory)
        if bring_back:
            if why := left.get(directory.resolve() / bring_back.name):
                raise Invalid(str(bring_back), why)
            counts = archives.bring_back(store, bring_back)
        else:
            path, counts = archives.write(store, directory, archives.ages(settings, now), now)
    if as_json:
        click.echo(json.dumps({"file": str(path) if counts else None, **counts}))
    elif not counts:
        click.echo("nothing has been kept long enough" if not bring_back else "everything is there already")
    else:
        click.echo(f"{path}: " + ", ".join(f"{n} {kind}" for kind, n in sorted(counts.items()) if n))
    archives.tell(left, archive_erasing.AGAIN)
