"""The threshold desk: a site's last days replayed under other thresholds, and setting them, in two steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

from babel.dates import format_skeleton
from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from service import policy as policies
from service import replay, site_settings, thresholds
from service.domain import LABELS, Policy, Site, Thresholds, Verdict
from service.errors import Conflict, Invalid
from service.replay import HOLD, Past
from service.store.figures import DAY_S
from service.web import accounts, audit, charts, plots, showing, words
from service.web.accounts import me
from service.web.responses import moderation
from service.web.words import gettext

blueprint = Blueprint("thresholds", __name__, url_prefix="/thresholds")
accounts.guard_for_admins(blueprint)

# To begin with: how many wrongly held comments a missed one is worth.
COSTS = {"dehumanising": 20.0, "hateful": 10.0, "spam": 3.0}
WAYS = ("thresholds", "cost", "budget")
DIFFERING_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """What is tried: thresholds, and by what they were found."""

    limits: dict[str, Thresholds]
    costs: dict[str, float]
    budget: float


@blueprint.get("/")
def index() -> str:
    """Replay the last days of a site under other thresholds."""
    m, days, site = moderation(), audit.period(), _site()
    past, force = replay.past(m, site.id, days), _force(site)
    seconds = thresholds.seconds_a_comment(m, site.id)
    pace = seconds or thresholds.SECONDS_SUPPOSED
    asked = _asked(site, past, force)
    tried = _whole(site, asked.limits)
    under = replay.verdicts(past, tried)
    now, then = thresholds.outcome(past, past.verdict, pace), thresholds.outcome(past, under, pace)
    return render_template(
        "thresholds.html", me=me(), site=site, sites=m.sites_of(me()), days=days, periods=audit.PERIODS,
        labels=LABELS, force=force, asked=asked, tried=tried, now=now, then=then, comments=len(past),
        seconds=seconds, pace=pace, percent=audit.percent, count=_count,
        **_plots(past, under == HOLD, thresholds.curve(past, tried, asked.costs)), **_trial(site),
    )  # fmt: skip


@blueprint.post("/trial")
def put_on_trial() -> Response:
    """Put thresholds on trial: they are watched, and decide nothing."""
    site = _site()
    tried = _whole(site, {label: _both(label) for label in LABELS})
    return _set(site, lambda n: thresholds.put_on_trial(moderation(), site.id, tried, me().name, n))


@blueprint.post("/force")
def put_in_force() -> Response:
    """Let the thresholds decide that were on trial."""
    site = _site()
    return _set(site, lambda n: thresholds.put_in_force(moderation(), site.id, me().name, n))


@blueprint.post("/drop")
def drop() -> Response:
    """End a trial."""
    site = _site()
    ended = replace(site.policy, trial={})
    return _set(site, lambda n: site_settings.set_policy(moderation(), site.id, ended, me().name, n))


def _set(site: Site, change: Any) -> Response:
    try:
        new: Policy = change(request.form.get("version", 0, type=int))
        on_trial = gettext("Version %(n)s decides as before, and watches what is on trial.", n=new.version)
        decides = gettext("Policy version %(n)s is in force.", n=new.version)
        flash(on_trial if new.trial else decides, "good")
    except Conflict as conflict:
        flash(gettext("Not done: %(why)s.", why=words.said(conflict)), "bad")
    return cast(Response, redirect(url_for("thresholds.index", site=site.id), 303))


def _site() -> Site:
    return moderation().store.registry.site(audit.chosen(me()))


def _force(site: Site) -> dict[str, Thresholds]:
    return policies.effective(site.policy, moderation().scorer.current().recommended)


def _asked(site: Site, past: Past, force: Mapping[str, Thresholds]) -> Asked:
    way = request.args.get("by", "")
    if way and way not in WAYS:
        raise Invalid("by", "one of %(these)s", these=", ".join(WAYS))
    costs = {label: _number(f"cost_{label}", COSTS[label], 0.0, 1e6) for label in LABELS}
    budget = _number("budget", 60.0, 0.0, 1e6)
    said = replace(site.policy, thresholds={label: _both(label) for label in LABELS})
    limits = _force(replace(site, policy=said)) if way else dict(force)
    if way == "cost":
        limits = thresholds.with_holds(limits, replay.by_cost(costs))
    if way == "budget":
        limits = thresholds.with_holds(limits, replay.by_budget(past, limits, costs, budget))
    return Asked(limits, costs, budget)


def _both(label: str) -> Thresholds:
    return Thresholds(_score(f"hold_{label}"), _score(f"reject_{label}"))


def _score(name: str) -> float | None:
    return _number(name, -1.0, 0.0, 1.0) if request.values.get(name, "").strip() else None


def _number(name: str, otherwise: float, least: float, most: float) -> float:
    given = request.values.get(name, "").strip().replace(",", ".")
    try:
        number = float(given) if given else otherwise
    except ValueError:
        number = most + 1
    if given and not least <= number <= most:
        raise Invalid(name, "a number between %(least)s and %(most)s", least=f"{least:g}", most=f"{most:g}")
    return number


def _whole(site: Site, limits: Mapping[str, Thresholds]) -> Mapping[str, Thresholds]:
    return thresholds.whole(site.policy, moderation().scorer.current().recommended, limits)


def _plots(past: Past, held: replay.Mask, steps: list[thresholds.Step]) -> dict[str, Any]:
    m = moderation()
    each, last = thresholds.by_day(past, held), m.clock()
    names = [
        format_skeleton("MMMd", datetime.fromtimestamp(last - DAY_S * n, UTC), locale=words.locale())
        for n in reversed(range(past.days))
    ]
    return {
        "each": each, "names": names, "columns": charts.columns(names, each), "steps": steps,
        "curve": plots.curve([s.held_a_day for s in steps], [charts.number(s.cost) for s in steps]),
    }  # fmt: skip


def _trial(site: Site) -> dict[str, Any]:
    if not site.policy.trial:
        return {"since": None}
    m, names = moderation(), list(Verdict)
    past, as_was, as_tried = thresholds.crossed(m, site.id, site.policy)
    table = [[int(((as_was == a) & (as_tried == b)).sum()) for b in range(3)] for a in range(3)]
    return {
        "since": thresholds.trial_since(m, site.id), "table": list(zip(names, table, strict=True)),
        "on_trial": len(past), "outcome_name": showing.outcome_name,
        "differing": thresholds.differing(m, site.id, site.policy, DIFFERING_SHOWN),
    }  # fmt: skip


def _count(number: float) -> str:
    return words.decimal(f"{number:.0f}" if number >= 10 or number == int(number) else f"{number:.1f}")
