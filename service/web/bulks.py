"""Deciding a selection: a page that shows its number and a sample, one confirmation, one undo."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response, flash, redirect, render_template, request, session

from service import bulk
from service.bulk import Bulk
from service.domain import Item, ReasonCode
from service.web import accounts, panes, places, showing, wishes, words
from service.web.accounts import me
from service.web.onward import go, preferences
from service.web.responses import moderation
from service.web.words import gettext, ngettext

blueprint = Blueprint("bulks", __name__, url_prefix="/selections")
accounts.guard(blueprint)


@blueprint.post("/")
def select() -> Response:
    """Plan to decide what was selected, or everything that is found here."""
    m, place = moderation(), places.here()
    if "all" in request.form:
        planned = bulk.of_view(m, me(), place.lane, place.site, place.wanted())
    else:
        planned = bulk.of_ids(m, me(), request.form.getlist("chosen"))
    return cast(Response, redirect(place.url(page="bulks.show", bulk_id=planned.id), 303))


@blueprint.get("/<bulk_id>")
def show(bulk_id: str) -> str:
    """Show the number, a sample and the choices."""
    m = moderation()
    planned = bulk.find(m, me(), bulk_id)
    items = m.store.views.items([i for i, _ in planned.items])
    return render_template(
        "selection.html", me=me(), bulk=planned, sample=bulk.sample(items), place=places.here(),
        reasons=showing.reasons(), suggested=_suggested(items), now=m.clock(), prefs=preferences(),
    )  # fmt: skip


@blueprint.post("/<bulk_id>/decision")
def decide(bulk_id: str) -> Response:
    """Decide all of it."""
    done, left = bulk.decide(moderation(), me(), bulk_id, wishes.read(request.form.get("decision", "")))
    panes.remember("bulk", done.id)
    if left:
        why = "; ".join(sorted({words.said(error) for error in left}))
        flash(gettext("%(comments)s left as before: %(why)s.", comments=_comments(len(left)), why=why), "bad")
    return go(places.here(), "")


@blueprint.post("/<bulk_id>/undo")
def undo(bulk_id: str) -> Response:
    """Take all of it back, where it is still in force."""
    undone = bulk.undo(moderation(), me(), bulk_id)
    session.pop("bulk", None)
    flash(gettext("Undone for %(comments)s.", comments=_comments(undone)), "undone")
    return go(places.here(), "")


@blueprint.app_template_global("bulk_words")
def said(done: Bulk) -> str:
    """Say what was decided on how many comments."""
    comments = _comments(done.done)
    if done.reason is None:
        return gettext("%(comments)s approved", comments=comments)
    return gettext(
        "%(comments)s rejected: %(reason)s", comments=comments, reason=showing.reasons()[done.reason]
    )


def _suggested(items: list[Item]) -> ReasonCode:
    codes = [showing.suggested(i) for i in items] or [ReasonCode.OTHER]
    return max(codes, key=codes.count)


def _comments(number: int) -> str:
    return ngettext("%(n)s comment", "%(n)s comments", number, n=number)
