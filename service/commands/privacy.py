"""`modqueue erase` and `modqueue export --author`: what is kept of one person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click

from service import authors, config, data_dir
from service.commands import open_store
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
    key, untold = _key(email, ip), list[str]()
    total = {"comments": 0, "replies": 0, "examples": 0, "log": 0}
    for moderation, site in _sites(chosen):
        done = authors.erase(moderation, site, key, "command line")
        total = {name: count + getattr(done, name) for name, count in total.items()}
        untold += [f"{site}/{name}" for name in done.untold]
    total["archived"] = _cleaned()
    models = _trained() if total["examples"] or total["archived"] else []
    if as_json:
        click.echo(json.dumps(total | {"untold": untold, "models": models}))
        return
    click.echo(", ".join(f"{count} {name}" for name, count in total.items()) + " erased")
    if untold:
        click.echo("The blog had not confirmed what was decided on these, and is not told any more:")
        click.echo("\n".join(f"  {name}" for name in untold))
    if models:
        said = "Trained here, so that what they learnt of it stays until others take their place: "
        click.echo(said + ", ".join(models))


def exported(address: str, chosen: tuple[str, ...]) -> Iterator[str]:
    """Give all that is kept of an author, as lines of JSON."""
    key = _key(address, "") if "@" in address else _key("", address)
    for moderation, site in _sites(chosen):
        for kept in authors.export(moderation, site, key):
            yield json.dumps(kept, ensure_ascii=False) + "\n"


def _sites(chosen: tuple[str, ...]) -> Iterator[tuple[Moderation, str]]:
    settings = config.load()
    with open_store() as store:
        moderation = Moderation(store, Scorer(settings.data_dir / "models"))
        for site in chosen or [s.id for s in store.registry.sites()]:
            yield moderation, store.registry.site(site).id


def _key(email: str, ip: str) -> str:
    return authors.key_of(email, ip, data_dir.secret_key(config.load()))


def _cleaned() -> int:
    from service import archive_erasing

    with open_store() as store:
        return archive_erasing.clean(store, config.load().data_dir / "archive")


def _trained() -> list[str]:
    from classifier import registry

    known: list[dict[str, Any]] = registry.models(config.load().data_dir / "models")
    return [str(m["id"]) for m in known if any("decisions" in name for name in m.get("data", {}))]
