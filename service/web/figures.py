"""The figures page: what came, why it was held, what was decided and how long it waited."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from service import figures
from service.errors import Invalid
from service.figures import Report
from service.web import accounts, charts
from service.web.accounts import me
from service.web.responses import moderation

blueprint = Blueprint("figures", __name__, url_prefix="/figures")
accounts.guard(blueprint)

PERIODS = (7, 30, 90)


@blueprint.get("/")
def index() -> str:
    """Show the figures of the last days."""
    days, site = request.args.get("days", 30, type=int), request.args.get("site", "")
    if days not in PERIODS:
        raise Invalid("days", f"one of {', '.join(map(str, PERIODS))}")
    m = moderation()
    found = figures.report(m, me(), days, site)
    return render_template(
        "figures.html", me=me(), report=found, days=days, site=site, periods=PERIODS,
        sites=m.sites_of(me()), duration=charts.duration, zip=zip, reasons=_reasons(found), **_charts(found),
    )  # fmt: skip


def _reasons(found: Report) -> dict[str, int]:
    counts = found.named("reason:")
    return {code.replace(":", ": ").replace("_", " ").replace("NEW", "new"): n for code, n in counts.items()}


def _charts(found: Report) -> dict[str, charts.Chart]:
    names = [f"{day:%d %b}".lstrip("0") for day in found.days]
    volume = {v: found.series(f"verdict:{v}") for v in ("approve", "hold", "reject")}
    decisions = {r: found.series(f"decision:{r}") for r in ("approve", "reject")}
    waits = {"hold": [(w or 0.0) / figures.HOUR_S for w in found.waits_s]}
    agreement = {a.label.capitalize(): {"reject": a.rejected, "approve": a.approved} for a in found.agreement}
    return {
        "volume": charts.columns(names, volume),
        "why": charts.rows({name: {"hold": n} for name, n in _reasons(found).items()}),
        "decisions": charts.columns(names, decisions),
        "agreement": charts.rows(agreement),
        "waits": charts.columns(names, waits),
        "backlog": charts.rows({name: {"hold": n} for name, n in found.backlog}),
    }
