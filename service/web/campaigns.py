"""Campaigns: near-copies as one card, with one decision and one undo for all of them."""

from __future__ import annotations

from typing import cast

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)

from service import campaign_decisions
from service.campaign_decisions import Outcome
from service.domain import Item, ReasonCode, Ruling
from service.errors import Conflict, Invalid, NotFound
from service.moderation import Wish
from service.store.campaigns import Campaign
from service.web import accounts, onward, panes, places, showing, wishes, words
from service.web.accounts import me
from service.web.responses import moderation
from service.web.words import gettext, ngettext

blueprint = Blueprint("campaigns", __name__, url_prefix="/campaigns")
accounts.guard(blueprint)


@blueprint.get("/")
def index() -> str:
    """List campaigns: those that wait first."""
    site = request.args.get("site", "")
    return render_template(
        "campaigns.html", me=me(), cards=cards(site), now=moderation().clock(), prefs=onward.preferences()
    )


@blueprint.get("/<campaign_id>")
def show(campaign_id: str) -> Response:
    """Show a campaign; with a choice, also what it would do, and the button that does it."""
    asked = request.args.get("choice", "")
    return _page(campaign_id, _wish(asked) if asked else None)


@blueprint.post("/<campaign_id>/decision")
def decide(campaign_id: str) -> Response:
    """Decide every copy that was seen."""
    wish = _wish(request.form.get("choice", ""))
    seen_until = request.form.get("seen_until", type=wishes.moment)
    if seen_until is None:
        raise Invalid("seen_until", "the time of the latest copy that was shown")
    try:
        outcome = campaign_decisions.decide(moderation(), me(), campaign_id, wish, seen_until)
    except Conflict as conflict:
        return _page(campaign_id, None, conflict)
    panes.remember("campaign", campaign_id)
    copies = _copies(outcome.reached)
    if wish.reason is None:
        return _told(campaign_id, outcome, gettext("Approved: %(copies)s.", copies=copies))
    reason = showing.reasons()[wish.reason]
    said = gettext("Rejected as %(reason)s: %(copies)s.", reason=reason, copies=copies)
    return _told(campaign_id, outcome, said)


@blueprint.post("/<campaign_id>/undo")
def undo(campaign_id: str) -> Response:
    """Take the latest decision back."""
    try:
        outcome = campaign_decisions.undo(moderation(), me(), campaign_id)
    except Conflict as conflict:
        return _page(campaign_id, None, conflict)
    session.pop("campaign", None)
    return _told(campaign_id, outcome, gettext("Undone for %(copies)s.", copies=_copies(outcome.reached)))


@blueprint.post("/<campaign_id>/finish")
def finish(campaign_id: str) -> Response:
    """Do what was left when a decision or undo was interrupted."""
    outcome = campaign_decisions.finish(moderation(), me(), campaign_id)
    panes.remember("campaign", campaign_id)
    return _told(campaign_id, outcome, gettext("Finished: %(copies)s.", copies=_copies(outcome.reached)))


@blueprint.app_template_global("campaign_cards")
def cards(site: str = "") -> list[tuple[Campaign, Item]]:
    """Return the campaigns of my sites, each with its earliest copy."""
    m = moderation()
    found = m.store.campaigns.latest(m.sites_of(me(), site))
    items = {i.id: i for i in m.store.views.items([c.earliest for c in found])}
    return [(c, items[c.earliest]) for c in found if c.earliest in items]


@blueprint.app_template_global("campaign_of")
def campaign_of(item: Item) -> Campaign | None:
    """Return the campaign that a comment is one of; an old one may have expired."""
    try:
        return moderation().store.campaigns.campaign(item.campaign)
    except NotFound:
        return None


def _page(campaign_id: str, wish: Wish | None, conflict: Conflict | None = None) -> Response:
    m = moderation()
    card = campaign_decisions.card(m, campaign_decisions.find(m, me(), campaign_id))
    html = render_template(
        "campaign.html", me=me(), card=card, campaign=card.campaign, wish=wish, conflict=conflict,
        reasons=showing.reasons(), suggested=showing.suggested(card.members[0][0]), now=m.clock(),
        prefs=onward.preferences(),
    )  # fmt: skip
    return make_response(html, 409 if conflict else 200)


def _wish(asked: str) -> Wish:
    ruling, _, reason = asked.partition(":")
    if ruling == Ruling.APPROVE and not reason:
        return Wish(Ruling.APPROVE)
    if ruling != Ruling.REJECT or reason not in list(ReasonCode):
        raise Invalid(
            "choice", "approve, or reject:REASON with one of %(these)s", these=", ".join(ReasonCode)
        )
    return Wish(Ruling.REJECT, ReasonCode(reason))


def _told(campaign_id: str, outcome: Outcome, said: str) -> Response:
    # The forms of the desk say where on it one was.
    on_desk = "lane" in request.form
    flash(said, "undone" if on_desk else "good")
    if outcome.left:
        why = "; ".join(sorted({words.said(error) for error in outcome.left}))
        left = _copies(len(outcome.left))
        flash(gettext("%(copies)s left as before: %(why)s.", copies=left, why=why), "bad")
    if on_desk:
        return onward.go(places.here(), "")
    return cast(Response, redirect(url_for("campaigns.show", campaign_id=campaign_id), 303))


def _copies(number: int) -> str:
    return ngettext("%(n)s copy", "%(n)s copies", number, n=number)
