"""The drift page: whether scores, what moves them, and the machine's true errors change."""

from __future__ import annotations

from datetime import UTC, datetime

from babel.dates import format_skeleton
from flask import Blueprint, render_template

from service import drift, replay
from service.web import accounts, audit, charts, plots, sums, words
from service.web.accounts import me
from service.web.responses import moderation
from service.web.words import gettext

blueprint = Blueprint("drift", __name__, url_prefix="/drift")
accounts.guard(blueprint)


@blueprint.get("/")
def index() -> str:
    """Show how the last week of a site differs from those before."""
    m, site = moderation(), audit.chosen(me())
    past = replay.past(m, site, drift.RECENT_DAYS + drift.BEFORE_DAYS)
    found = drift.drift(past)
    weeks = drift.by_week(replay.past(m, site, 7 * drift.WEEKS))
    names = [_week(n) for n in range(len(weeks))]
    return render_template(
        "drift.html", me=me(), site=site, sites=m.sites_of(me()), found=found, movers=drift.movers(m, site),
        charts={s.label: _chart(s) for s in found.shifts}, zip=zip, percent=audit.percent, names=names,
        weeks=weeks, missed=plots.whiskers([(n, w.missed) for n, w in zip(names, weeks, strict=True)]),
        part=_part,
    )  # fmt: skip


def _chart(shift: drift.Shift) -> charts.Chart:
    names = [words.decimal(f"{edge:.3g}") for edge in shift.edges]
    return charts.columns(names, {"approve": [round(100 * share, 2) for share in shift.recent]})


def _part(name: str) -> str:
    return gettext(sums.FIELDS[name]) if name in sums.FIELDS else name


def _week(n: int) -> str:
    first = moderation().clock() - 86400.0 * (7 * (drift.WEEKS - n) - 1)
    return gettext(
        "week of %(day)s",
        day=format_skeleton("MMMd", datetime.fromtimestamp(first, UTC), locale=words.locale()),
    )
