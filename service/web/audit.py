"""The audit page: how much the machine truly misses, how far readers agree, and the second readings."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from service import audit, rates, readings, replay
from service.domain import Person, Role
from service.errors import Conflict, Invalid, NotFound
from service.rates import Rate
from service.web import accounts, plots, showing, wishes, words
from service.web.accounts import me
from service.web.responses import moderation
from service.web.words import gettext

blueprint = Blueprint("audit", __name__, url_prefix="/audit")
accounts.guard(blueprint)

PERIODS = (30, 90)


@blueprint.get("/")
def index() -> str:
    """Show what the audit of a site says."""
    m, days, site = moderation(), period(), chosen(me())
    found = rates.rates(replay.past(m, site, days))
    names = {rate.label: _name(rate) for rate in found.each}
    return render_template(
        "audit.html", me=me(), site=site, sites=m.sites_of(me()), days=days, periods=PERIODS, found=found,
        names=names, share=m.store.registry.site(site).policy.audit, twice=audit.TWICE, percent=percent,
        missed=plots.whiskers([(names[r.label], r.missed) for r in found.each]),
        alarms=plots.whiskers([(names[r.label], r.alarms) for r in found.each]),
        agreement=readings.agreement(m, me(), days, site),
        second=len(readings.waiting(m, me(), site)), disputes=_disputes(site), reasons=showing.reasons(),
    )  # fmt: skip


@blueprint.get("/second")
def second() -> str:
    """Show a comment that somebody else has decided on, without what was said of it."""
    site = request.args.get("site", "")
    waiting = readings.waiting(moderation(), me(), site)
    item = waiting[0] if waiting else None
    return render_template(
        "second.html", me=me(), site=site, item=item, left=len(waiting), reasons=showing.reasons()
    )


@blueprint.post("/<item_id>/second")
def read_again(item_id: str) -> Response:
    """Write down a second reading and go on to the next one."""
    try:
        readings.read_again(moderation(), me(), item_id, wishes.read(request.form.get("decision", "")))
        flash(gettext("Noted. What is in force stays as it is."), "good")
    except Conflict as conflict:
        flash(gettext("Not done: %(why)s.", why=words.said(conflict)), "bad")
    return _to("audit.second")


@blueprint.post("/<item_id>/settle")
def settle(item_id: str) -> Response:
    """Settle a dispute."""
    if me().role is not Role.ADMIN:
        raise NotFound("no such page")
    try:
        readings.adjudicate(moderation(), me(), item_id, wishes.read(request.form.get("decision", "")))
        flash(gettext("Settled."), "good")
    except Conflict as conflict:
        flash(gettext("Not done: %(why)s.", why=words.said(conflict)), "bad")
    return _to("audit.index")


def period() -> int:
    """Return the days that are asked for."""
    days = request.values.get("days", 30, type=int)
    if days not in PERIODS:
        raise Invalid("days", "one of %(these)s", these=", ".join(map(str, PERIODS)))
    return days


def chosen(person: Person) -> str:
    """Return the site that is asked for, or else the first one."""
    sites = moderation().sites_of(person, request.values.get("site", ""))
    if not sites:
        raise NotFound("no such site")
    return sites[0]


def percent(share: float) -> str:
    """Write a share, with more digits where it is small."""
    digits = 0 if share >= 0.1 or share == 0 else 1 if share >= 0.01 else 2
    return f"{words.decimal(f'{share * 100:.{digits}f}')} %"


def _name(rate: Rate) -> str:
    return words.upfirst(showing.label_name(rate.label)) if rate.label else gettext("For any reason")


def _disputes(site: str) -> list[readings.Dispute]:
    return readings.disputes(moderation(), me(), site) if me().role is Role.ADMIN else []


def _to(endpoint: str) -> Response:
    return cast(Response, redirect(url_for(endpoint, site=request.form.get("site") or None), 303))
