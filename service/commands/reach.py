"""`modqueue site akismet` and `modqueue site wordpress`: blogs that have no plugin of ours."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import click

from service import config
from service.commands import as_json, log, open_store, show
from service.errors import Invalid


@click.command("akismet")
@click.argument("site_id", metavar="ID")
@click.option(
    "--hold", type=click.Choice(["spam", "publish"]),
    help="What a client that knows only spam or not is told of a held comment.",
)  # fmt: skip
@click.option(
    "--monthly-limit", type=click.IntRange(0), help="Checks that the key may make in a month; 0 is no limit."
)
@as_json
def site_akismet(site_id: str, hold: str | None, monthly_limit: int | None, as_json: bool) -> None:
    """Show or set how clients of Akismet's protocol are answered."""
    with open_store() as store:
        found = store.registry.site(site_id)
        if hold is not None or monthly_limit is not None:
            given = {"akismet_hold": hold, "akismet_limit": monthly_limit}
            changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
            found = store.registry.change_site(site_id, lambda s: replace(s, **changes))
            log(store, "akismet set", site=site_id, hold=found.akismet_hold, limit=found.akismet_limit)
    said = f"held comments: {found.akismet_hold}\nmonthly limit: {found.akismet_limit or 'none'}"
    show({"hold": found.akismet_hold, "monthly_limit": found.akismet_limit}, as_json, said)


@click.command("wordpress")
@click.argument("site_id", metavar="ID")
@click.option("--user", help="Who made the application password; its standard input is read for it.")
@click.option("--forget", is_flag=True, help="Forget user and password.")
def site_wordpress(site_id: str, user: str | None, forget: bool) -> None:
    """Let decisions reach a WordPress by its REST API, with an application password from standard input."""
    if (user is None) == (not forget):
        raise Invalid("--user, --forget", "exactly one of them is needed")
    with open_store() as store:
        found = store.registry.site(site_id)
        if user and urlsplit(found.url).scheme != "https" and not config.load().allow_private_callbacks:
            raise Invalid("url", "must begin with https://, or everybody on the way could read the password")
        password = sys.stdin.readline().strip() if user else ""
        if user and not password:
            raise Invalid("standard input", "the application password is expected there")
        login: dict[str, Any] = {"wordpress_user": user or "", "wordpress_password": password}
        store.registry.change_site(site_id, lambda s: replace(s, **login))
        log(store, "wordpress set", site=site_id, user=user or "")
    click.echo(f"decisions reach {found.url} as {user}" if user else f"forgot how to reach {found.url}")
