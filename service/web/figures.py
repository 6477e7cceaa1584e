"""The figures page: what came, why it was held, what was decided and how long it waited."""

from __future__ import annotations

from babel.dates import format_skeleton
from flask import Blueprint, render_template, request

from service import figures
from service.errors import Invalid
from service.figures import Report
from service.web import accounts, charts, showing, words
from service.web.accounts import me
from service.web.responses import moderation
from service.web.words import gettext, mark

blueprint = Blueprint("figures", __name__, url_prefix="/figures")
accounts.guard(blueprint)

PERIODS = (7, 30, 90)
AGES = (mark("under 1 h"), mark("1 h to 1 day"), mark("1 to 3 days"), mark("over 3 days"))


@blueprint.get("/")
def index() -> str:
    """Show the figures of the last days."""
    days, site = request.args.get("days", 30, type=int), request.args.get("site", "")
    if days not in PERIODS:
        raise Invalid("days", "one of %(these)s", these=", ".join(map(str, PERIODS)))
    m = moderation()
    found = figures.report(m, me(), days, site)
    return render_template(
        "figures.html", me=me(), report=found, days=days, site=site, periods=PERIODS,
        sites=m.sites_of(me()), duration=showing.duration, zip=zip, reasons=_reasons(found),
        backlog_rows=_backlog(found), **_charts(found),
    )  # fmt: skip


def _reasons(found: Report) -> dict[str, int]:
    counts = found.named("reason:")
    return {_reason(code): n for code, n in counts.items()}


def _reason(code: str) -> str:
    kind, _, name = code.partition(":")
    if kind == "score":
        return gettext("score: %(label)s", label=showing.label_name(name))
    return showing.short_reason(code)


def _backlog(found: Report) -> dict[str, int]:
    return dict(zip(map(gettext, AGES), found.backlog, strict=True))


def _charts(found: Report) -> dict[str, charts.Chart]:
    names = [format_skeleton("MMMd", day, locale=words.locale()) for day in found.days]
    volume = {v: found.series(f"verdict:{v}") for v in ("approve", "hold", "reject")}
    decisions = {r: found.series(f"decision:{r}") for r in ("approve", "reject")}
    waits = {"hold": [(w or 0.0) / figures.HOUR_S for w in found.waits_s]}
    agreement = {
        words.upfirst(showing.label_name(a.label)): {"reject": a.rejected, "approve": a.approved}
        for a in found.agreement
    }
    return {
        "volume": charts.columns(names, volume),
        "why": charts.rows({name: {"hold": n} for name, n in _reasons(found).items()}),
        "decisions": charts.columns(names, decisions),
        "agreement": charts.rows(agreement),
        "waits": charts.columns(names, waits),
        "backlog": charts.rows({name: {"hold": n} for name, n in _backlog(found).items()}),
    }
