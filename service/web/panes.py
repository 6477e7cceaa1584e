"""What the desk shows: all of its page, or, where the script goes on, only the comment that comes next."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, make_response, render_template, request, session

from service import bulk, campaign_decisions, context
from service.domain import Item
from service.errors import Conflict, ModqueueError
from service.store.campaigns import Campaign
from service.web import listing, onward, places, rail, showing, sums, words
from service.web.accounts import me
from service.web.places import Place
from service.web.responses import moderation

# So many hard comments within an hour, and a break is suggested.
BREAK_AFTER = 30
# With this the script asks for the comment alone: its list stays as it is under the eyes.
ALONE = "X-Modqueue-Pane"
# What "undo" takes back, as the session names it: a comment, a selection or a campaign.
UNDONE = ("last", "bulk", "campaign")


def page(place: Place, item_id: str = "", conflict: Conflict | None = None, chosen: str = "") -> Response:
    """Show the desk, with a comment open; after a conflict, with what was chosen."""
    found = listing.rows(place)
    alone = [i for i in found.items if not found.grouped(i)]
    shown = item_id or next((i.id for i in [*alone, *found.items] if onward.free(i)), "")
    item = moderation().item(me(), shown) if shown else None
    following = onward.after(alone or found.items, item)
    html = render_template(
        "desk.html", **_open(place, item, following), page=found, lanes=rail.lanes(place),
        opened=bool(item_id), conflict=conflict, chosen=chosen, note=request.form.get("note", ""),
        sorts=words.table(places.SORTS), reason_codes=words.table(places.REASONS),
    )  # fmt: skip
    return make_response(html, 409 if conflict else 200)


def on(place: Place) -> Response:
    """Go on to the next comment that is free now, or to a good one before it where that is due."""
    good = onward.relief(place)
    if good:
        return onward.go(place, good, relief="1")
    free = onward.free_ones(request.form.get("next", ""))
    if free and ALONE in request.headers:
        return _pane(place, *free)
    return onward.go(place, free[0] if free else "")


def remember(kind: str, which: str) -> None:
    """Let "undo" take this decision back, and none from before it."""
    for known in UNDONE:
        session.pop(known, None)
    session[kind] = which


def last() -> Item | None:
    """Return the comment whose decision "undo" would take back; somebody else may have changed it since."""
    try:
        item = moderation().item(me(), session["last"]) if "last" in session else None
    except ModqueueError:
        return None
    return item if item and item.decision and item.decision.by == me().name else None


def _pane(place: Place, item_id: str, *following: str) -> Response:
    item = moderation().item(me(), item_id)
    response = make_response(render_template("pane.html", **_open(place, item, following), chosen=""))
    response.headers["Content-Location"] = place.url(item_id)
    return response


def _open(place: Place, item: Item | None, following: Sequence[str]) -> dict[str, object]:
    m, person, now = moderation(), me(), moderation().clock()
    return {
        "me": person, "now": now, **rail.frame(place), "item": item, "following": following,
        "context": context.of(m, person, item) if item else None,
        "sums": sums.sums(item) if item else [], "suggested": showing.suggested(item) if item else "",
        "relief": onward.is_relief(item), "reasons": showing.reasons(),
        "held_by_other": onward.held_by_other, "skipped": onward.skipped(), "prefs": onward.preferences(),
        "exposure": m.store.personal.exposure(person.name, now), "break_after": BREAK_AFTER,
        "last": last(), "last_bulk": _last_bulk(), "last_campaign": _last_campaign(),
    }  # fmt: skip


def _last_bulk() -> bulk.Bulk | None:
    try:
        return bulk.find(moderation(), me(), session["bulk"]) if "bulk" in session else None
    except ModqueueError:
        return None


def _last_campaign() -> Campaign | None:
    try:
        found = campaign_decisions.find(moderation(), me(), session.get("campaign", ""))
    except ModqueueError:
        return None
    return found if found.decision and found.decision.by == me().name else None
