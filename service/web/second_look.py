"""Decisions to look at again, with what speaks against each: it is kept, or changed on the desk."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from service import second_look
from service.errors import Conflict
from service.web import accounts, audit, onward, showing, words
from service.web.accounts import me
from service.web.responses import moderation
from service.web.words import gettext

blueprint = Blueprint("second_look", __name__, url_prefix="/second-look")
accounts.guard(blueprint)


@blueprint.get("/")
def index() -> str:
    """List the decisions of a site that something speaks against."""
    m, site = moderation(), audit.chosen(me())
    return render_template(
        "second_look.html", me=me(), site=site, sites=m.sites_of(me()), reasons=showing.reasons(),
        doubts=second_look.doubts(m, me(), site), now=m.clock(), prefs=onward.preferences(),
    )  # fmt: skip


@blueprint.post("/<item_id>")
def keep(item_id: str) -> Response:
    """Keep a decision: it is not offered again."""
    try:
        second_look.keep(moderation(), me(), item_id, request.form.get("decided_at", 0.0, type=float))
        flash(gettext("Noted: it stays as it is."), "good")
    except Conflict as conflict:
        flash(gettext("Not done: %(why)s.", why=words.said(conflict)), "bad")
    site = request.form.get("site") or None
    return cast(Response, redirect(url_for("second_look.index", site=site), 303))
