"""The `modqueue` command."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import click

from service import config, logs
from service.commands import (
    archives,
    as_json,
    check_sites,
    deliveries,
    json_anyway,
    models,
    open_store,
    people,
    pool,
    privacy,
    reach,
    senders,
    show,
    sites,
)
from service.errors import ModqueueError
from service.stopping import asked_by, stop_event


class Refusing(click.Group):
    """Turns a refusal, or what cannot be read or written, into one line on standard error and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # Whoever reads along has enough: click ends in silence.
            raise
        except (ModqueueError, OSError, RecursionError, UnicodeDecodeError, UnicodeEncodeError) as error:
            click.echo(f"modqueue: {_said(error)}", err=True)
            _let_go()
            ctx.exit(1)
        return result


def _let_go() -> None:
    try:
        sys.stdout.flush()
    except OSError:
        # Nor can it be written at the end, where Python would try, and exit with a code of its own.
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")


def _said(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error)
    if isinstance(error, RecursionError):
        return "what was given is nested too deeply"
    if isinstance(error, UnicodeDecodeError | UnicodeEncodeError):
        return f"what was given holds {error.object[error.start : error.start + 1]!r}, which is not UTF-8"
    return str(error)


@click.group(cls=Refusing, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="modqueue")
def main() -> None:
    """Self-hosted comment moderation for blogs."""
    _open_streams()
    logs.configure("error")


def _open_streams() -> None:
    # A closed one is None to Python: reading that is refused, and what is written there is lost.
    sys.stdin = sys.stdin or os.fdopen(os.open(os.devnull, os.O_WRONLY))
    sys.stdout = sys.stdout or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    sys.stderr = sys.stderr or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # JSON is UTF-8, whatever the locale.
            stream.reconfigure(encoding="utf-8", errors=stream.errors)


for group in (sites.site, people.moderator, people.token, senders.sender, deliveries.delivery, models.model):
    main.add_command(group)
main.add_command(privacy.erase)
main.add_command(archives.archive)
for command in (reach.site_akismet, reach.site_wordpress):
    sites.site.add_command(command)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one."
)
@click.option(
    "--workers", type=click.IntRange(1, 64), help="Web processes.  [default: one a core, at most 4]"
)
@click.option("--data-dir", type=click.Path(path_type=Path), help="Instead of MODQUEUE_DATA_DIR.")
def serve(host: str, port: int, workers: int | None, data_dir: Path | None) -> None:
    """Run everything on one machine until Ctrl-C."""
    from service import launcher
    from service.data_dir import store_url
    from service.store import Store

    settings = config.load(data_dir=data_dir)
    logs.configure(settings.log_level)
    stop, renewals = stop_event(), asked_by(signal.SIGUSR1)
    count = workers or min(os.cpu_count() or 1, 4)
    with launcher.running(settings, host, port, count, stop) as (address, children):
        shown = settings.public_url.rstrip("/") or address
        click.echo(f"Modqueue runs at {shown}/ (Ctrl-C stops it)")
        with store_url(settings) as url:
            store = Store(url, settings.partitions)
            if link := launcher.first_admin(store, shown):
                click.echo(f"First sign-in, works once within 24 hours: {link}")
            store.close()
        sys.stdout.flush()
        launcher.supervise(children, stop, renewals)
        click.echo("stopping…", err=True)


@main.command()
@click.option(
    "--input", "source", type=click.File("rb"), default="-", help="JSON lines; - is standard input."
)
@click.option("--explain", is_flag=True, help="Add the contributions of each part of the text.")
@json_anyway
def score(source: Any, explain: bool) -> None:
    """Score comments: JSON lines in, JSON lines out."""
    from service.process import usable_cores
    from service.score import score_lines
    from service.scoring import Scorer

    model = Scorer(config.load().data_dir / "models").current()
    refused = score_lines(source, sys.stdout, sys.stderr, model, explain=explain, processes=usable_cores())
    sys.exit(1 if refused else 0)


@main.group("import")
def import_() -> None:
    """Bring what a blog has already."""


@import_.command("wordpress")
@click.argument("source", metavar="FILE|URL")
@click.option("--site", "site_id", required=True, metavar="ID", help="The site that the comments belong to.")
@click.option("--user", help="Read by REST: who made the application password on standard input.")
@as_json
def import_wordpress(source: str, site_id: str, user: str | None, as_json: bool) -> None:
    """Bring a WordPress's comments with their states: examples to learn from, and their authors' history."""
    from service.importing_run import run

    password = sys.stdin.readline().strip() if user else ""
    counts, refused = run(source, site_id, user or "", password)
    counts |= {"refused": refused}
    click.echo(json.dumps(counts) if as_json else ", ".join(f"{n} {what}" for what, n in counts.items()))
    sys.exit(1 if refused else 0)


import_.add_command(pool.import_examples)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print findings as JSON.")
def doctor(as_json: bool) -> None:
    """Look whether everything is as it should be, and say what to do."""
    from service.doctor import examine, show

    findings = examine(config.load(), time.time)
    show(findings, as_json=as_json)
    sys.exit(1 if any(f.level == "fail" for f in findings) else 0)


@main.command(context_settings={"ignore_unknown_options": True})
@click.option(
    "--from-store", is_flag=True, help="Learn from what the moderators of this service decided, too."
)
@click.option("--site", metavar="ID", help="Learn the correction of one site from its decisions, no more.")
@pool.WITHOUT
@as_json
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[OPTIONS]...")
def retrain(
    arguments: tuple[str, ...], from_store: bool, site: str, without: tuple[str, ...], as_json: bool
) -> None:
    """Train a challenger, judge it, and promote it where the gates let it.

    Other options go to `python -m classifier.retrain`; its --help lists them.
    """
    from service.examples import write

    if site:
        models.correct(site, without, as_json)
        return
    os.environ["MODQUEUE_DATA_DIR"] = str(config.load().data_dir)
    with tempfile.TemporaryDirectory(prefix="modqueue-retrain-") as name:
        decisions = Path(name) / "decisions.jsonl"
        if from_store:
            with open_store() as store:
                pool.check_pools(store, without)
                click.echo(f"{write(store, decisions, without)} decisions from the store", err=as_json)
        extra = [*(["--decisions", str(decisions)] if from_store else []), *(["--json"] if as_json else [])]
        sys.exit(models.retrain([*arguments, *extra]))


@main.command()
@click.option("--examples", is_flag=True, help="Decisions as labelled texts, for training; the default.")
@click.option("--author", metavar="EMAIL|IP", help="All that is kept of somebody who wrote comments.")
@click.option("--pooled", is_flag=True, help="Of examples: for others, without who wrote or decided.")
@pool.WITHOUT
@privacy.SITES
@click.option(
    "--output",
    type=click.File("w", encoding="utf-8", lazy=False),
    default="-",
    help="JSON lines; - is standard output.",
)
@json_anyway
def export(
    *, examples: bool, author: str | None, pooled: bool, without: tuple[str, ...], chosen: tuple[str, ...],
    output: Any,
) -> None:  # fmt: skip
    """Export what moderators decided, or what is kept of one author."""
    from service import exchange
    from service.examples import export as examples_of
    from service.examples import line

    if author is not None and (examples or pooled):
        raise click.UsageError("--author goes with neither --examples nor --pooled")
    if author is not None:
        output.writelines(privacy.exported(author, chosen))
        return
    with open_store() as store:
        check_sites(store, chosen)
        pool.check_pools(store, without)
        found = examples_of(store, chosen, without)
        output.writelines(line(example) for example in (exchange.pooled(found) if pooled else found))


@main.command()
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@as_json
def backup(target: Path, as_json: bool) -> None:
    """Write store, secrets and models into one file, while the service runs or not."""
    from service.backup import backup as write

    manifest = write(config.load(), target)
    keys, files = manifest["keys"], len(manifest["files"])
    made = {"file": str(target), "keys": keys, "files": files}
    show(made, as_json, f"{target}: {keys} keys, {files} files")


@main.command()
@click.argument("source", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@as_json
def restore(source: Path, as_json: bool) -> None:
    """Make an empty data directory of a backup."""
    from service.backup import restore as read

    manifest = read(config.load(), source)
    keys, restored = manifest["keys"], manifest["restored"]
    said = f"{restored} keys of {keys} restored (what has expired since is left out)"
    show({"keys": keys, "restored": restored}, as_json, said)


@main.command()
@click.option("--open/--no-open", "browse", default=False, help="Open the desk in a browser.")
def demo(browse: bool) -> None:
    """Show everything with a stand-in blog and comments that we wrote."""
    from service.demo.run import run

    run(browse=browse)
