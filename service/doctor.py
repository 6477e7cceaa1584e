"""`modqueue doctor`: looks at everything that tends to be wrong, and says what to do about it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import click
from rich.console import Console
from rich.table import Table

from service import data_dir
from service.config import Settings
from service.connectors.address import check_callback_url
from service.domain import Comment
from service.errors import Invalid, ModqueueError, ScorerError
from service.scoring import Scorer
from service.store import Store, addresses, embedded

WORKER_SILENT_S = 15.0
COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: `ok`, `warn` or `fail`, and what to do."""

    level: str
    what: str
    found: str
    advice: str = ""


def examine(settings: Settings, clock: Callable[[], float]) -> list[Finding]:
    """Look at the data directory, the model, the store, the worker and the sites."""
    findings = [*_data_dir(settings), *_model(settings)]
    try:
        with data_dir.store_url(settings) as url:
            # Where replicas are missing it says so, instead of waiting for them.
            store = Store(addresses.unwaited(url), settings.partitions)
            for look in (_store, _worker, _sites, _letters, _people):
                findings += look(store, settings, clock())
            store.close()
    except ModqueueError as error:
        findings.append(
            Finding("fail", "store", str(error), "start `modqueue serve`, or mend MODQUEUE_REDIS_URL")
        )
    return findings


def show(findings: list[Finding], *, as_json: bool) -> None:
    """Print findings as a table, or as JSON."""
    if as_json:
        click.echo(json.dumps([asdict(f) for f in findings]))
        return
    table = Table("", "what", "found", "what to do")
    for f in findings:
        table.add_row(f"[{COLOURS[f.level]}]{f.level}[/]", f.what, f.found, f.advice)
    Console().print(table)


def _data_dir(settings: Settings) -> Iterator[Finding]:
    path = settings.data_dir
    if not path.is_dir():
        yield Finding("warn", "data directory", f"{path} does not exist", "it is made at the first start")
        return
    if path.stat().st_mode & 0o077:
        yield Finding("warn", "data directory", f"others may look into {path}", f"chmod 700 {path}")
    else:
        yield Finding("ok", "data directory", str(path))
    try:
        if settings.secret_key or (path / "secrets.json").exists():
            data_dir.secret_key(settings)
            yield Finding("ok", "secrets", "readable by you alone")
        else:
            yield Finding("warn", "secrets", "none yet", "they are made at the first start")
    except Invalid as error:
        yield Finding("fail", "secrets", error.message, f"mend {error.field}")


def _model(settings: Settings) -> Iterator[Finding]:
    model = Scorer(settings.data_dir / "models").current()
    if model.id == "none":
        yield Finding(
            "fail", "model", "no champion could be loaded", "see the line above; `modqueue retrain`"
        )
        return
    try:
        model.score(Comment("", "", "What a lovely harbour this is."))
    except ScorerError as error:
        yield Finding("fail", "model", f"{model.id}: {error}", "`modqueue model rollback`, or install anew")
        return
    yield Finding("ok", "model", model.id)
    if unread := model.unread():
        yield Finding("warn", "reader", unread, "until then the fast model decides alone")
    else:
        yield Finding("ok", "reader", "reads what the fast model is not sure of")


def _store(store: Store, settings: Settings, now: float) -> Iterator[Finding]:
    for facts in store.registry.server_facts():
        yield _version(facts, settings)
        yield _persistence(facts)
        if facts["maxmemory-policy"] != "noeviction":
            policy = f"policy {facts['maxmemory-policy']} may drop comments"
            yield Finding("fail", "memory", policy, "set `maxmemory-policy noeviction` on the server")
        drift = abs(float(facts["time"]) - now)
        level, advice = ("ok", "") if drift < 5 else ("warn", "run NTP on both")
        yield Finding(level, "clock", f"{drift:.1f} s from the store's", advice)
        yield from _replicas(facts, settings.redis_url)


def _version(facts: dict[str, str], settings: Settings) -> Finding:
    name = f"{facts['server']} {facts['version']}"
    if _older(facts, (7, 0)):
        return Finding("fail", "store", name, "Redis 7 or Valkey 7.2 is the oldest that works")
    return Finding("ok", "store", name + (" (embedded)" if embedded.answers(settings.data_dir) else ""))


def _older(facts: dict[str, str], version: tuple[int, int]) -> bool:
    return tuple(int(p) for p in facts["version"].split(".")[:2]) < version


def _persistence(facts: dict[str, str]) -> Finding:
    if facts["appendonly"] != "yes":
        return Finding("fail", "persistence", "no append-only file", "set `appendonly yes` on the server")
    if facts["appendfsync"] != "always":
        advice = "a power loss may lose a second; `appendfsync always` does not"
        return Finding("warn", "persistence", f"appendfsync {facts['appendfsync']}", advice)
    return Finding("ok", "persistence", "every answer is on disk")


def _replicas(facts: dict[str, str], url: str) -> Iterator[Finding]:
    if (awaited := addresses.awaited(url)) is None:
        return
    (wanted, synced), there = awaited, int(facts["replicas"])
    found = f"{there} there, writes wait for {wanted}"
    if synced and _older(facts, (7, 2)):
        advice = "`synced` needs Redis 7.2 or Valkey 7.2; say `replicas` instead"
        yield Finding("fail", "replicas", found, advice)
    elif there < wanted:
        yield Finding("fail", "replicas", found, "start one: until then everything is refused with 503")
    elif not wanted:
        advice = "a primary that dies may take acknowledged comments along: add `?replicas=1` to the address"
        yield Finding("warn", "replicas", found, advice)
    else:
        yield Finding("ok", "replicas", found)


def _worker(store: Store, _settings: Settings, now: float) -> Iterator[Finding]:
    beat = store.registry.last_beat("delivery")
    if beat is None or now - beat > WORKER_SILENT_S:
        yield Finding("warn", "delivery worker", "not running", "`modqueue serve` starts it")
    else:
        yield Finding("ok", "delivery worker", f"heard of {now - beat:.0f} s ago")


def _sites(store: Store, settings: Settings, _now: float) -> Iterator[Finding]:
    for site in store.registry.sites():
        what = f"site {site.id}"
        if site.callback_disabled:
            yield Finding("fail", what, site.callback_disabled, f"first `modqueue site callback {site.id}`")
        elif not site.callback_url and site.wordpress_user:
            yield Finding("ok", what, f"{site.url}, by WordPress's REST API")
        elif not site.callback_url:
            yield Finding("warn", what, "no callback address", f"modqueue site callback {site.id} URL")
        else:
            try:
                check_callback_url(site.callback_url, site.url, settings.allow_private_callbacks)
                yield Finding("ok", what, site.url)
            except Invalid as error:
                yield Finding("fail", what, error.message, f"modqueue site callback {site.id} URL")


def _letters(store: Store, _settings: Settings, _now: float) -> Iterator[Finding]:
    waiting, dead = store.outbox.depth()
    if dead:
        yield Finding(
            "fail", "deliveries", f"{dead} dead", "mend the sites above, then `modqueue delivery redrive`"
        )
    else:
        yield Finding("ok", "deliveries", f"{waiting} waiting, none dead")


def _people(store: Store, _settings: Settings, _now: float) -> Iterator[Finding]:
    if not any(p.password_hash and not p.disabled for p in store.registry.people()):
        yield Finding("warn", "moderators", "nobody has a password yet", "modqueue moderator reset NAME")
