"""`modqueue moderator` and `modqueue token`: who may decide."""

from __future__ import annotations

import secrets
import sys
import time
from dataclasses import replace

import click

from service import config, data_dir
from service.commands import as_json, check_sites, log, open_store, show
from service.domain import Person, Role
from service.people import check_name, forgotten
from service.store import Store


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
@as_json
def moderator_add(name: str, role: str, sites: tuple[str, ...], password_stdin: bool, as_json: bool) -> None:
    """Add a moderator or admin; without a password a one-time sign-in link is printed."""
    from service.passwords import hash_password

    check_name(name)
    hashed = hash_password(sys.stdin.readline().rstrip("\n")) if password_stdin else ""
    with open_store() as store:
        check_sites(store, sites)
        store.registry.add_person(Person(name, Role(role), sites, hashed, created_at=time.time()))
        log(store, "moderator_added", person=name, role=role, sites=sites)
        _show_link(name, "" if hashed else _link(store, name), as_json)


@moderator.command("list")
@as_json
def moderator_list(as_json: bool) -> None:
    """List the people who decide."""
    with open_store() as store:
        people = store.registry.people()
    rows = [{"name": p.name, "role": p.role, "sites": p.sites, "disabled": p.disabled} for p in people]
    lines = [
        f"{p.name:<20} {p.role:<10} {', '.join(p.sites) or 'all sites'}{' (disabled)' * p.disabled}"
        for p in people
    ]
    show(rows, as_json, "\n".join(lines) or "nobody yet: modqueue moderator add NAME")


@moderator.command("disable")
@click.argument("name")
def moderator_disable(name: str) -> None:
    """Sign a person out everywhere and let them in no more."""
    with open_store() as store:
        store.registry.change_person(name, lambda p: replace(p, disabled=True, epoch=p.epoch + 1))
        log(store, "moderator_disabled", person=name)
    click.echo(f"{name} is disabled; `modqueue moderator reset {name}` lets them in again")


@moderator.command("reset")
@click.argument("name")
@as_json
def moderator_reset(name: str, as_json: bool) -> None:
    """Forget both factors of a person, sign them out everywhere, and print a one-time sign-in link."""
    with open_store() as store:
        store.registry.change_person(name, forgotten)
        store.sessions.set_codes(name, [])
        log(store, "moderator_reset", person=name)
        _show_link(name, _link(store, name), as_json)


@click.group()
def token() -> None:
    """Bearer tokens of the API."""


@token.command("add")
@click.argument("name")
@click.option(
    "--site", "sites", multiple=True, metavar="ID", required=True, help="May be given several times."
)
@click.option("--read-only", is_flag=True, help="It may list and show, but neither claim nor decide.")
@as_json
def token_add(name: str, sites: tuple[str, ...], read_only: bool, as_json: bool) -> None:
    """Make a token that reads and decides for the given sites; it is not shown again."""
    check_name(name)
    made = "mqt_" + secrets.token_urlsafe(32)
    with open_store() as store:
        check_sites(store, sites)
        store.registry.add_token(made, name, sites, read_only)
        log(store, "token_added", person=name, sites=sites, read_only=read_only)
    show({"token": made}, as_json, made)


def _link(store: Store, name: str) -> str:
    from service.launcher import sign_in_link

    settings = config.load()
    address = settings.public_url.rstrip("/") or data_dir.running_address(settings.data_dir)
    return sign_in_link(store, address or "http://127.0.0.1:8080", name)


def _show_link(name: str, link: str, as_json: bool) -> None:
    said = f"Sign-in link for {name}, works once within 24 hours: {link}" if link else f"{name} added"
    show({"name": name, "sign_in_link": link or None}, as_json, said)
