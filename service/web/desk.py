"""The moderator's desk: lanes, the list of one, a comment with its reasons, and the forms that decide."""

from __future__ import annotations

from flask import (
    Blueprint,
    Response,
    flash,
    jsonify,
    render_template,
    request,
    session,
)

from service.domain import Item, Lane
from service.errors import Conflict, NotFound
from service.store import PENDING, keys
from service.web import accounts, differences, listing, onward, panes, places, rail, showing, wishes
from service.web.accounts import me
from service.web.places import Place
from service.web.responses import moderation
from service.web.words import gettext

blueprint = Blueprint("desk", __name__)
accounts.guard(blueprint)

SAID = (
    showing.age, showing.ago, showing.clock_time, showing.day, showing.delivery_words, showing.detail,
    showing.hard, showing.host, showing.iso, showing.label_name, showing.outcome_name, showing.reason_words,
    showing.safe_link, showing.score, showing.short_reason, showing.signed, differences.changes,
)  # fmt: skip
for said in SAID:
    blueprint.add_app_template_global(said)


@blueprint.get("/")
def queue() -> Response:
    """Show the desk."""
    return panes.page(places.here(), request.args.get("item", ""))


@blueprint.get("/next")
def following() -> Response:
    """Go on to the first of the following comments that is free now."""
    free = onward.free_ones(request.args.get("next", ""))
    return onward.go(places.here(), free[0] if free else "")


@blueprint.post("/items/<item_id>/decision")
def decide(item_id: str) -> Response:
    """Write a decision and go on to the next comment."""
    place, asked = places.here(), request.form.get("decision", "")
    wish = wishes.read(asked)
    try:
        item = moderation().decide(me(), item_id, wish)
    except Conflict as conflict:
        return panes.page(place, item_id, conflict, asked)
    panes.remember("last", item.id)
    onward.read(item)
    flash(wishes.said(wish), "decided")
    return panes.on(place)


@blueprint.post("/items/<item_id>/undo")
def undo(item_id: str) -> Response:
    """Take a decision back and show its comment again."""
    place = places.here()
    try:
        moderation().undo(me(), item_id, decided_at=request.form.get("decided_at", type=float))
    except Conflict as conflict:
        return panes.page(place, item_id, conflict)
    session.pop("last", None)
    flash(gettext("Undone: the verdict is in force again."), "undone")
    return onward.go(place, item_id)


@blueprint.post("/items/<item_id>/skip")
def skip(item_id: str) -> Response:
    """Pass a comment on to the others and go on."""
    m, item = moderation(), moderation().item(me(), item_id)
    m.store.personal.skip(me().name, item.id, m.clock())
    m.release(me(), item_id, request.form.get("lease_token", ""))
    onward.read(item)
    return panes.on(places.here())


@blueprint.post("/skips/forget")
def forget_skips() -> Response:
    """Show again what was skipped."""
    moderation().store.personal.forget_skips(me().name)
    return onward.go(places.here(), "")


@blueprint.post("/items/<item_id>/escalation")
def escalate(item_id: str) -> Response:
    """Hand a comment to an admin and go on."""
    place = places.here()
    try:
        moderation().escalate(me(), item_id, wishes.note(), request.form.get("revision", type=int))
    except Conflict as conflict:
        return panes.page(place, item_id, conflict, "escalate")
    flash(gettext("Escalated: an admin will decide."), "undone")
    return panes.on(place)


@blueprint.post("/items/<item_id>/resend")
def resend(item_id: str) -> Response:
    """Tell the blog of the outcome again, now."""
    m, item = moderation(), moderation().item(me(), item_id)
    if item.delivery is None:
        raise NotFound("nothing was sent about this comment")
    try:
        m.store.outbox.redrive(item.delivery.id, me().name, m.clock())
        flash(gettext("On its way to the blog again."), "undone")
    except NotFound:
        flash(gettext("It is on its way already."), "undone")
    return onward.go(places.here(), item_id)


@blueprint.post("/items/<item_id>/claim")
def claim(item_id: str) -> Response:
    """Take a comment, or keep it while its page is open."""
    lease = moderation().claim(me(), item_id, request.form.get("lease_token", ""))
    seconds = lease.until - moderation().clock()
    return jsonify({"lease_token": lease.token, "expires_at": showing.iso(lease.until), "seconds": seconds})


@blueprint.post("/items/<item_id>/release")
def release(item_id: str) -> Response:
    """Give a comment back that was opened and left."""
    moderation().release(me(), item_id, request.form.get("lease_token", ""))
    return Response(status=204)


@blueprint.post("/preferences")
def prefer() -> Response:
    """Remember what this person has switched on or off."""
    moderation().store.personal.prefer(me().name, {name: name in request.form for name in onward.SWITCHES})
    return onward.go(places.here(), request.form.get("item", ""))


@blueprint.get("/counts.json")
def counts() -> Response:
    """Tell what has changed since a page was shown: lanes, rows, comments that came, the last delivery."""
    m, place = moderation(), places.here()
    now = m.clock()
    since = request.args.get("shown_at", now, type=wishes.moment)
    asked = [i for i in request.args.get("rows", "").split() if keys.ITEM_ID.fullmatch(i)]
    rows = m.store.views.brief(asked[: 2 * listing.ROWS])
    last = panes.last()
    return jsonify({
        "lanes": {name: {"count": c, "oldest": _oldest(now, o)} for name, c, o in rail.lanes(place)},
        "new": _new(place, since),
        "rows": {i.id: _row(i) for i in rows if me().may_see(i.comment.site)},
        "delivery": render_template("_delivery.html", item=last) if last else "",
    })  # fmt: skip


def _new(place: Place, since: float) -> int:
    m = moderation()
    if place.lane not in (PENDING, *Lane) or place.filters:
        return sum(i.pending and i.received_at > since for i in listing.rows(place).items)
    return m.store.views.came_since(place.lane, m.sites_of(me(), place.site), since)


def _oldest(now: float, then: float | None) -> str:
    return gettext("oldest %(age)s", age=showing.age(now, then)) if then else ""


def _row(item: Item) -> dict[str, object]:
    other, skipped = onward.held_by_other(item), onward.skipped()
    past = not item.pending or other or item.id in skipped
    tag = render_template("_tag.html", row=item, other=other, skipped=skipped)
    return {"past": past, "pending": item.pending, "tag": tag}
