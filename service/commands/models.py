"""`modqueue model`: champion and challengers."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from service import config
from service.commands import as_json, json_anyway, log, open_store, show
from service.commands.pool import check_pools
from service.errors import ModqueueError, NotFound


@click.group()
def model() -> None:
    """Champion and challengers."""


@model.command("list")
@as_json
def model_list(as_json: bool) -> None:
    """List the models that could be in use, the champion marked."""
    with _registry() as (registry, path):
        trained = registry.models(path)
        promoted = not any(r["promoted"] for r in trained)
        known = [registry.load(registry.SHIPPED).manifest | {"promoted": promoted}, *trained]
    rows = [{"id": r["id"], "champion": r["promoted"], "error": r.get("error")} for r in known]
    lines = [f"{'*' if r['champion'] else ' '} {r['id']}  {r['error'] or ''}".rstrip() for r in rows]
    show(rows, as_json, "\n".join(lines))


@model.command("show")
@click.argument("model_id", metavar="[ID]", default="")
@json_anyway
def model_show(model_id: str) -> None:
    """Print what is known of a model; of the champion without ID."""
    with _registry() as (registry, path):
        directory = registry.find(path, model_id) if model_id else registry.champion_directory(path)
        click.echo(json.dumps(registry.load(directory).manifest, indent=2, ensure_ascii=False))


@model.command("promote")
@click.argument("model_id", metavar="ID")
@as_json
def model_promote(model_id: str, as_json: bool) -> None:
    """Make a model the champion, whatever the gates; running services take it up within seconds."""
    with _registry() as (registry, path):
        gates = registry.load(registry.find(path, model_id)).manifest.get("gates", [])
        registry.promote(path, model_id)
    missed = [gate for gate in gates if not gate["passed"]]
    for gate in missed:
        click.echo(f"gate missed: {gate['name']}: {gate['value']:.4f}, limit {gate['limit']:.4f}", err=True)
    _log("model promoted", model_id)
    show({"id": model_id, "missed": missed}, as_json, f"{model_id} is the champion")


@model.command("rollback")
def model_rollback() -> None:
    """Undo the last promotion."""
    with _registry() as (registry, path):
        now = registry.rollback(path)
    _log("model rolled back", now)
    click.echo(f"{now} is the champion again")


def retrain(arguments: Sequence[str]) -> int:
    """Train and judge a challenger, and write down if it was promoted; return the exit code."""
    from classifier.retrain import main

    with _registry() as (registry, path):
        before = registry.champion_directory(path)
        code = main(arguments)
        promoted = registry.champion_directory(path)
    if promoted != before:
        _log("model promoted", promoted.name)
    return code


def correct(site: str, without: Collection[str], as_json: bool) -> None:
    """Learn the correction of a site, and say what became of it."""
    from service import adapting

    with _registry() as (_, path), open_store() as store:
        check_pools(store, without)
        learnt = adapting.learn(store, path, site, time.time(), without)
    show(asdict(learnt), as_json, "\n".join(adapting.lines(learnt)))


def _log(kind: str, model_id: str) -> None:
    # Models are files: they are promoted where no store is, too, and there stays what was done.
    try:
        with open_store() as store:
            log(store, kind, model=model_id)
    except (ModqueueError, OSError) as error:
        click.echo(f"not in the moderation log: {error}", err=True)


@contextmanager
def _registry() -> Iterator[tuple[Any, Path]]:
    # Imported here: scikit-learn takes a second, and no other command needs it.
    from classifier import registry

    try:
        yield registry, config.load().data_dir / "models"
    except registry.RegistryError as error:
        raise NotFound(str(error)) from None
