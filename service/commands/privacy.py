"""`modqueue erase` and `modqueue export --author`: what is kept of one person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from service import archive, archive_erasing, authors, config, data_dir
from service.commands import open_store
from service.errors import NotFound
from service.moderation import Moderation
from service.scoring import Scorer

SITES = click.option(
    "--site", "chosen", multiple=True, metavar="ID", help="May be given several times; none means all."
)


@click.command()
@click.option("--email", default="", help="Who wrote under this e-mail address.")
@click.option("--ip", default="", help="Who wrote from this address, without an e-mail address.")
@SITES
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def erase(email: str, ip: str, chosen: tuple[str, ...], as_json: bool) -> None:
    """Erase all that is kept of an author: comments, log, examples, history."""
    if bool(email) == bool(ip):
        raise click.UsageError("give --email or --ip")
    keys, untold = _keys(email, ip), list[str]()
    total = {"comments": 0, "replies": 0, "examples": 0, "log": 0}
    for moderation, site in _sites(chosen):
        for key in keys:
            done = authors.erase(moderation, site, key, "command line")
            total = {name: count + getattr(done, name) for name, count in total.items()}
            untold += [f"{site}/{name}" for name in done.untold]
    total["archived"], left = _cleaned()
    models = _trained() if total["examples"] or total["archived"] else []
    if as_json:
        click.echo(json.dumps(total | {"untold": untold, "models": models}))
    else:
        _show(total, untold, models)
    archive.tell(left, archive_erasing.AGAIN)


def _show(total: dict[str, int], untold: list[str], models: list[str]) -> None:
    click.echo(", ".join(f"{count} {name}" for name, count in total.items()) + " erased")
    if untold:
        click.echo("The blog had not confirmed what was decided on these, and is not told any more:")
        click.echo("\n".join(f"  {name}" for name in untold))
    if models:
        said = "Trained here, so that what they learnt of it stays until others take their place: "
        click.echo(said + ", ".join(models))


def exported(address: str, chosen: tuple[str, ...]) -> Iterator[str]:
    """Give all that is kept of an author, as lines of JSON."""
    keys = _keys(address, "") if "@" in address else _keys("", address)
    with open_store() as store:
        archives, left = archive.found(store, _archives())
    for moderation, site in _sites(chosen):
        for key in keys:
            for kept in authors.export(moderation, site, key, archives):
                yield json.dumps(kept, ensure_ascii=False) + "\n"
    archive.tell(left, "export again")


def _sites(chosen: tuple[str, ...]) -> Iterator[tuple[Moderation, str]]:
    # Of those that were removed, too: what they sent is still kept.
    settings = config.load()
    with open_store() as store:
        moderation = Moderation(store, Scorer(settings.data_dir / "models"))
        known = {s.id for s in store.registry.sites()} | store.erasing.sites()
        if missing := [site for site in chosen if site not in known]:
            raise NotFound(f"no such site: {', '.join(missing)}")
        for site in chosen or sorted(known):
            yield moderation, site


def _keys(email: str, ip: str) -> list[str]:
    secret = data_dir.secret_key(config.load())
    return [authors.key_of(email, secret)] if email else authors.keys_of(ip, secret)


def _archives() -> Path:
    return config.load().data_dir / "archive"


def _cleaned() -> tuple[int, dict[Path, str]]:
    with open_store() as store:
        return archive_erasing.clean(store, _archives())


def _trained() -> list[str]:
    from classifier import registry

    known: list[dict[str, Any]] = registry.models(config.load().data_dir / "models")
    return [str(m["id"]) for m in known if any("decisions" in name for name in m.get("data", {}))]
