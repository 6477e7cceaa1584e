"""`modqueue site`: the blogs that send their comments."""

from __future__ import annotations

import json
import secrets
import sys
import time
from dataclasses import asdict, replace
from typing import Any

import click

from service import config, signing, site_settings
from service.commands import as_json, json_anyway, log, open_store, show
from service.connectors.address import check_callback_url, check_site_url
from service.domain import Policy, Secret, Site
from service.errors import Invalid
from service.policy import check
from service.store import codec, keys
from service.store.registry import digest


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
    with open_store() as store:
        store.registry.add_site(
            Site(site_id, url, (Secret(secret),), digest(api_key), callback_url, created_at=time.time())
        )
        log(store, "site added", site=site_id)
    shown = f"site            {site_id}\nwebhook secret  {secret}\nAPI key         {api_key}"
    show({"site": site_id, "webhook_secret": secret, "api_key": api_key}, as_json, shown)


@site.command("list")
@as_json
def site_list(as_json: bool) -> None:
    """List the registered blogs."""
    with open_store() as store:
        rows = [
            {"site": s.id, "url": s.url, "callback_url": s.callback_url,
             "callback_disabled": s.callback_disabled, "policy": s.policy.version}
            for s in store.registry.sites()
        ]  # fmt: skip
    text = "\n".join(f"{r['site']:<20} {r['url']}  {r['callback_disabled']}".rstrip() for r in rows)
    show(rows, as_json, text or "no sites yet: modqueue site add ID --url URL")


@site.command("rotate")
@click.argument("site_id", metavar="ID")
@click.option("--overlap-hours", default=24.0, show_default=True, type=click.FloatRange(0, 24 * 90))
@as_json
def site_rotate(site_id: str, overlap_hours: float, as_json: bool) -> None:
    """Make a new webhook secret; the old one stays valid for a while."""
    now, secret = time.time(), signing.new_secret()
    with open_store() as store:
        store.registry.change_site(
            site_id, lambda found: site_settings.rotated(found, secret, now, overlap_hours * 3600)
        )
        log(store, "site secret rotated", site=site_id)
    show({"site": site_id, "webhook_secret": secret}, as_json, f"webhook secret  {secret}")


@site.command("callback")
@click.argument("site_id", metavar="ID")
@click.argument("url", default="")
def site_callback(site_id: str, url: str) -> None:
    """Set where decisions are sent, and enable it again; without URL the address stays."""
    with open_store() as store:
        found = store.registry.site(site_id)
        wanted = url or found.callback_url
        if not wanted:
            raise Invalid("URL", "this site has no callback address yet")
        check_callback_url(wanted, found.url, config.load().allow_private_callbacks)
        store.registry.change_site(
            site_id, lambda now: replace(now, callback_url=wanted, callback_disabled="")
        )
        log(store, "site callback set", site=site_id)
    click.echo(f"{site_id} is told at {wanted}")


@site.command("remove")
@click.argument("site_id", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask; without a terminal nobody is asked.")
def site_remove(site_id: str, yes: bool) -> None:
    """Forget a blog; what it sent stays until `modqueue archive` takes it, and can be erased and exported."""
    if not yes and sys.stdin.isatty():
        click.confirm("Refuse this blog's comments from now on?", abort=True)
    with open_store() as store:
        store.registry.remove_site(site_id)
        log(store, "site removed", site=site_id)
    click.echo(f"{site_id} removed")


@site.command("policy")
@click.argument("site_id", metavar="ID")
@click.option(
    "--set", "source", type=click.File(encoding="utf-8"),
    help="A JSON file with the new policy; - is standard input.",
)  # fmt: skip
@json_anyway
def site_policy(site_id: str, source: Any) -> None:
    """Print a blog's policy, or set a new version of it."""
    with open_store() as store:
        found = store.registry.site(site_id)
        policy = found.policy
        if source:
            policy = store.policies.save(site_id, _read_policy(source.read()), "", time.time())
    click.echo(json.dumps(asdict(policy), indent=2, ensure_ascii=False))


def _read_policy(text: str) -> Policy:
    try:
        raw = json.loads(text)
        if not isinstance(raw, dict):
            raise Invalid("policy", "must be a JSON object")
        return check(codec.policy(raw))
    except (TypeError, ValueError) as error:
        raise Invalid("policy", f"cannot be read: {error}") from None
