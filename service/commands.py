"""Commands that change what the store knows: sites, moderators, tokens, deliveries, models."""

from __future__ import annotations

import json
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

import click

from service import config, data_dir, signing
from service.connectors.address import check_callback_url, check_site_url
from service.domain import Invalid, NotFound, Person, Role, Secret, Site
from service.policy import check
from service.store import Store, codec, keys
from service.store.registry import digest

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@contextmanager
def _store() -> Iterator[Store]:
    settings = config.load()
    with data_dir.store_url(settings) as url:
        store = Store(url, settings.partitions)
        try:
            yield store
        finally:
            store.close()


def _print(data: Any, as_json: bool, lines: str) -> None:
    click.echo(json.dumps(data, ensure_ascii=False) if as_json else lines)


@click.group()
def site() -> None:
    """Blogs that send their comments."""


@site.command("add")
@click.argument("site_id", metavar="ID")
@click.option("--url", required=True, help="The blog's address.")
@click.option("--callback-url", default="", help="Where decisions are sent; on the blog's own host.")
@as_json
def site_add(site_id: str, url: str, callback_url: str, as_json: bool) -> None:
    """Register a blog; prints its secret and key, which are not shown again."""
    if not keys.SITE_ID.fullmatch(site_id):
        raise Invalid("ID", "1 to 64 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit")
    allow_private = config.load().allow_private_callbacks
    check_site_url(url)
    if callback_url:
        check_callback_url(callback_url, url, allow_private)
    secret, api_key = signing.new_secret(), secrets.token_hex(6)
    with _store() as store:
        store.registry.add_site(
            Site(site_id, url, (Secret(secret),), digest(api_key), callback_url, created_at=time.time())
        )
        _log(store, "site added", site=site_id)
    shown = f"site            {site_id}\nwebhook secret  {secret}\nAPI key         {api_key}"
    _print({"site": site_id, "webhook_secret": secret, "api_key": api_key}, as_json, shown)


@site.command("list")
@as_json
def site_list(as_json: bool) -> None:
    """List the registered blogs."""
    with _store() as store:
        rows = [
            {"site": s.id, "url": s.url, "callback_url": s.callback_url,
             "callback_disabled": s.callback_disabled, "policy": s.policy.version}
            for s in store.registry.sites()
        ]  # fmt: skip
    text = "\n".join(f"{r['site']:<20} {r['url']}  {r['callback_disabled']}".rstrip() for r in rows)
    _print(rows, as_json, text or "no sites yet: modqueue site add ID --url URL")


@site.command("rotate")
@click.argument("site_id", metavar="ID")
@click.option("--overlap-hours", default=24.0, show_default=True, type=click.FloatRange(0, 24 * 90))
@as_json
def site_rotate(site_id: str, overlap_hours: float, as_json: bool) -> None:
    """Make a new webhook secret; the old one stays valid for a while."""
    now, secret = time.time(), signing.new_secret()
    with _store() as store:
        found = store.registry.site(site_id)
        old = [
            replace(s, expires_at=now + overlap_hours * 3600) for s in found.secrets if s.expires_at is None
        ]
        kept = [s for s in found.secrets if s.expires_at and s.expires_at > now]
        store.registry.save_site(replace(found, secrets=(Secret(secret), *old, *kept)))
        _log(store, "site secret rotated", site=site_id)
    _print({"site": site_id, "webhook_secret": secret}, as_json, f"webhook secret  {secret}")


@site.command("callback")
@click.argument("site_id", metavar="ID")
@click.argument("url", default="")
def site_callback(site_id: str, url: str) -> None:
    """Set where decisions are sent, and enable it again; without URL the address stays."""
    with _store() as store:
        found = store.registry.site(site_id)
        wanted = url or found.callback_url
        if not wanted:
            raise Invalid("URL", "this site has no callback address yet")
        check_callback_url(wanted, found.url, config.load().allow_private_callbacks)
        store.registry.save_site(replace(found, callback_url=wanted, callback_disabled=""))
        _log(store, "site callback set", site=site_id)
    click.echo(f"{site_id} is told at {wanted}")


@site.command("remove")
@click.argument("site_id", metavar="ID")
@click.confirmation_option(prompt="Refuse this blog's comments from now on?")
def site_remove(site_id: str) -> None:
    """Forget a blog; its comments stay until they expire."""
    with _store() as store:
        store.registry.remove_site(site_id)
        _log(store, "site removed", site=site_id)
    click.echo(f"{site_id} removed")


@site.command("policy")
@click.argument("site_id", metavar="ID")
@click.option(
    "--set", "source", type=click.File("r"), help="A JSON file with the new policy; - is standard input."
)
def site_policy(site_id: str, source: Any) -> None:
    """Print a blog's policy, or set a new version of it."""
    with _store() as store:
        found = store.registry.site(site_id)
        if source:
            found = replace(found, policy=_read_policy(source.read(), found.policy.version + 1))
            store.registry.save_site(found)
            _log(store, "policy set", site=site_id, policy=asdict(found.policy))
    click.echo(json.dumps(asdict(found.policy), indent=2, ensure_ascii=False))


@click.group()
def moderator() -> None:
    """People who decide."""


@moderator.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice([r.value for r in Role]), default="moderator", show_default=True)
@click.option(
    "--site", "sites", multiple=True, metavar="ID", help="May be given several times; none means all."
)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def moderator_add(name: str, role: str, sites: tuple[str, ...], password_stdin: bool) -> None:
    """Add a moderator or admin; without a password a one-time sign-in link is printed."""
    from service.passwords import hash_password

    if not 1 <= len(name) <= 64 or not name.isprintable():
        raise Invalid("NAME", "1 to 64 printable characters")
    hashed = hash_password(sys.stdin.readline().rstrip("\n")) if password_stdin else ""
    with _store() as store:
        _check_sites(store, sites)
        store.registry.add_person(Person(name, Role(role), sites, hashed, created_at=time.time()))
        _log(store, "moderator added", by=name, role=role, sites=sites)
        click.echo(f"{name} added" if hashed else _link(store, name))


@moderator.command("list")
@as_json
def moderator_list(as_json: bool) -> None:
    """List the people who decide."""
    with _store() as store:
        people = store.registry.people()
    rows = [{"name": p.name, "role": p.role, "sites": p.sites, "disabled": p.disabled} for p in people]
    lines = [
        f"{p.name:<20} {p.role:<10} {', '.join(p.sites) or 'all sites'}{' (disabled)' * p.disabled}"
        for p in people
    ]
    _print(rows, as_json, "\n".join(lines) or "nobody yet: modqueue moderator add NAME")


@moderator.command("disable")
@click.argument("name")
def moderator_disable(name: str) -> None:
    """Sign a person out everywhere and let them in no more."""
    with _store() as store:
        person = store.registry.person(name)
        store.registry.save_person(replace(person, disabled=True, epoch=person.epoch + 1))
        _log(store, "moderator disabled", by=name)
    click.echo(f"{name} is disabled; `modqueue moderator reset {name}` lets them in again")


@moderator.command("reset")
@click.argument("name")
def moderator_reset(name: str) -> None:
    """Forget a password, sign the person out everywhere, and print a one-time sign-in link."""
    with _store() as store:
        person = store.registry.person(name)
        store.registry.save_person(replace(person, password_hash="", disabled=False, epoch=person.epoch + 1))
        _log(store, "moderator reset", by=name)
        click.echo(_link(store, name))


@click.group()
def token() -> None:
    """Bearer tokens of the API."""


@token.command("add")
@click.argument("name")
@click.option(
    "--site", "sites", multiple=True, metavar="ID", required=True, help="May be given several times."
)
@as_json
def token_add(name: str, sites: tuple[str, ...], as_json: bool) -> None:
    """Make a token that reads and decides for the given sites; it is not shown again."""
    made = "mqt_" + secrets.token_urlsafe(32)
    with _store() as store:
        _check_sites(store, sites)
        store.registry.add_token(made, name, sites)
        _log(store, "token added", by=name, sites=sites)
    _print({"token": made}, as_json, made)


@click.group()
def delivery() -> None:
    """Callbacks to blogs."""


@delivery.command("list")
@click.option("--dead", is_flag=True, help="Only those that are out of attempts.")
@as_json
def delivery_list(dead: bool, as_json: bool) -> None:
    """List the callbacks that blogs have not confirmed."""
    with _store() as store:
        found = [*([] if dead else store.outbox.waiting()), *store.outbox.dead()]
    rows = [{"site": site, "item": item, **asdict(state)} for site, item, state in found]
    lines = [
        f"{r['id']}  {r['site']:<16} {r['state']:<9} {r['attempts']} attempts  {r['error']}" for r in rows
    ]
    _print(rows, as_json, "\n".join(lines) or "every callback is confirmed")


@delivery.command("redrive")
@click.argument("delivery_ids", nargs=-1, metavar="[DELIVERY]...")
def delivery_redrive(delivery_ids: tuple[str, ...]) -> None:
    """Send dead callbacks again: the ones named, or all."""
    with _store() as store:
        ids = delivery_ids or tuple(state.id for _, _, state in store.outbox.dead(limit=100_000))
        for delivery_id in ids:
            store.outbox.redrive(delivery_id, "command line", time.time())
    click.echo(f"{len(ids)} queued again")


@click.group()
def model() -> None:
    """Champion and challengers."""


@model.command("list")
@as_json
def model_list(as_json: bool) -> None:
    """List the models of the registry."""
    from classifier import registry

    found = registry.models(config.load().data_dir / "models")
    _print([str(m) for m in found], as_json, "\n".join(str(m) for m in found))


def _read_policy(text: str, version: int) -> Any:
    try:
        return replace(check(codec.policy(json.loads(text))), version=version)
    except (TypeError, ValueError, AttributeError) as error:
        raise Invalid("policy", f"cannot be read: {error}") from None


def _check_sites(store: Store, sites: tuple[str, ...]) -> None:
    known = {s.id for s in store.registry.sites()}
    if missing := [s for s in sites if s not in known]:
        raise NotFound(f"no such site: {', '.join(missing)}")


def _link(store: Store, name: str) -> str:
    from service.launcher import sign_in_link

    settings = config.load()
    address = settings.public_url.rstrip("/") or data_dir.running_address(settings.data_dir)
    link = sign_in_link(store, address or "http://127.0.0.1:8080", name)
    return f"Sign-in link for {name}, works once within 24 hours: {link}"


def _log(store: Store, kind: str, **facts: Any) -> None:
    store.registry.log({"at": time.time(), "kind": kind, **facts})
