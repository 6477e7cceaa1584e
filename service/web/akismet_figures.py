"""What Akismet's clients ask about a key: how it is used, by which site, and what became of it."""

from __future__ import annotations

import json
import re
from typing import Any

from flask import Blueprint, Response, request

from service.akismet import Akismet
from service.errors import Invalid
from service.web import akismet_form as form
from service.web.responses import moderation

blueprint = Blueprint("akismet_figures", __name__)
form.prepare(blueprint)

MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
NAMES = ("spam", "ham", "missed_spam", "false_positives")
# How many months a client asks for with its word.
PERIODS = {"60-days": 2, "6-months": 6, "all": 1200}
# As Akismet counts it: what reading one spam comment costs.
SECONDS_SAVED = 5


@blueprint.get("/1.2/usage-limit")
def usage_limit() -> Response:
    """Say how much of its limit a key has used this month."""
    site, asked = form.site(), Akismet(moderation())
    used, limit = asked.used(site), site.akismet_limit
    share = f"{100 * used / limit:.2f}" if limit else "0"
    throttled = bool(limit) and used >= limit
    shown = {"limit": limit or "none", "usage": used, "percentage": share, "throttled": throttled}
    return _bare(shown)


@blueprint.get("/1.2/key-sites")
def key_sites() -> Response:
    """Say what a key was used for in a month; each key of ours belongs to one site."""
    site, asked = form.site(), Akismet(moderation())
    month = request.args.get("month", "") or asked.month()
    if not MONTH.fullmatch(month):
        raise Invalid("month", "must be written as YYYY-MM")
    figures = asked.usage(site).get(month, {})
    row = {"site": site.url, "api_calls": str(asked.calls(figures)), "is_revoked": False}
    row |= {name: str(figures.get(name, 0)) for name in NAMES}
    if request.args.get("format") == "csv":
        columns = ("site", "spam", "ham", "missed_spam", "false_positives", "is_revoked", "api_calls")
        lines = (f"Active sites for {month}", ",".join(columns), ",".join(str(row[c]) for c in columns))
        return form.text("\n".join(lines))
    return _bare({month: [row], "limit": 500, "offset": 0, "total": 1})


@blueprint.post("/1.1/get-stats")
def get_stats() -> Response:
    """Give the figures that WordPress's plugin shows."""
    usage = Akismet(moderation()).usage(form.site())
    wanted = sorted(usage)[-PERIODS.get(form.said("from"), PERIODS["all"]) :]
    months = {m: {name: usage[m].get(name, 0) for name in NAMES} for m in wanted}
    total = {name: sum(m[name] for m in months.values()) for name in NAMES}
    return _bare({**total, "accuracy": _accuracy(total), "time_saved": total["spam"] * SECONDS_SAVED,
                  "breakdown": {m: f | {"da": m} for m, f in months.items()}})  # fmt: skip


@blueprint.post("/1.1/get-subscription")
@blueprint.post("/1.1/verify-wpcom-key")
def get_subscription() -> Response:
    """Tell the plugin that its account is in order."""
    site = form.site()
    account = {"account_id": 1, "account_name": site.id, "user_email": "", "account_type": "modqueue"}
    return _bare({**account, "status": "active", "limit_reached": False, "next_billing_date": None})


@blueprint.post("/1.1/token")
def token() -> Response:
    """Give none: it is for pages of Akismet's own that we do not have."""
    form.site()
    return form.text("")


def _accuracy(total: dict[str, int]) -> float:
    asked = total["spam"] + total["ham"]
    wrong = total["missed_spam"] + total["false_positives"]
    return round(100 * max(0, asked - wrong) / asked, 2) if asked else 100


def _bare(shown: dict[str, Any]) -> Response:
    return Response(json.dumps(shown), mimetype="application/json")
