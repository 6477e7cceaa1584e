"""The moderator's desk: lanes, the list of one, a comment with its reasons, and the forms that decide."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import cast

from flask import (
    Blueprint,
    Response,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)

from service.domain import Conflict, Invalid, Item, Lane, ModqueueError, NotFound, ReasonCode, Ruling
from service.moderation import Wish
from service.store import ALL, DECIDED, PENDING
from service.web import accounts, showing
from service.web.accounts import me
from service.web.responses import moderation

blueprint = Blueprint("desk", __name__)
accounts.guard(blueprint)

LANES: dict[str, str] = {
    PENDING: "All waiting",
    **{lane: lane.value.capitalize() for lane in Lane},
    DECIDED: "Decided",
    ALL: "Everything",
}
# Where a decision leads: so many of the following comments are tried until one is free.
LOOK_AHEAD = 10

for words in (showing.age, showing.score, showing.signed, showing.clock_time, showing.iso, showing.safe_link,
               showing.host, showing.reason_words, showing.delivery_words):  # fmt: skip
    blueprint.add_app_template_global(words)


@dataclass(frozen=True, slots=True)
class Place:
    """Where on the desk somebody is; it lies in the address, so that a view can be shared."""

    lane: str
    site: str = ""
    cursor: str = ""

    def url(self, item: str = "", page: str = "desk.queue", **changes: str) -> str:
        """Return the address of this place, or of one near it."""
        query = {**asdict(self), "item": item, **changes}
        return url_for(page, **{k: v for k, v in query.items() if v})


@blueprint.get("/")
def queue() -> Response:
    """Show the desk."""
    return _show(_place(), request.args.get("item", ""))


@blueprint.get("/next")
def skip() -> Response:
    """Go on to the first of the following comments that is free now."""
    return _go(_place(), _next_free(request.args.get("next", "").split()))


@blueprint.post("/items/<item_id>/decision")
def decide(item_id: str) -> Response:
    """Write a decision and go on to the next comment."""
    place, asked = _place(), request.form.get("decision", "")
    wish = _wish(asked)
    try:
        item = moderation().decide(me(), item_id, wish)
    except Conflict as conflict:
        return _show(place, item_id, conflict, asked)
    session["last"] = item.id
    flash(_said(wish), "decided")
    return _go(place, _next_free(request.form.get("next", "").split()))


@blueprint.post("/items/<item_id>/undo")
def undo(item_id: str) -> Response:
    """Take a decision back and show its comment again."""
    place = _place()
    try:
        _check_unchanged(moderation().item(me(), item_id))
        moderation().undo(me(), item_id)
    except Conflict as conflict:
        return _show(place, item_id, conflict)
    session.pop("last", None)
    flash("Undone: the verdict is in force again.", "undone")
    return _go(place, item_id)


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


@blueprint.get("/counts.json")
def counts() -> Response:
    """Tell what has changed since a page was shown: lanes, comments that came, the last delivery."""
    place, now = _place(), moderation().clock()
    shown_at = request.args.get("shown_at", now, type=float)
    page = moderation().page(me(), place.lane, place.site, place.cursor)
    last = _last()
    return jsonify({
        "lanes": {name: {"count": c, "oldest": showing.age(now, o)} for name, c, o in _lanes(place)},
        "new": sum(i.pending and i.received_at > shown_at for i in page.items),
        "delivery": render_template("_delivery.html", item=last) if last else "",
    })  # fmt: skip


def _show(place: Place, item_id: str = "", conflict: Conflict | None = None, chosen: str = "") -> Response:
    m, person, now = moderation(), me(), moderation().clock()
    page = m.page(person, place.lane, place.site, place.cursor)
    free = [i for i in page.items if not held_by_other(i)]
    item = m.item(person, item_id) if item_id else next(iter(free), None)
    sites = [s for s in m.store.registry.sites() if person.may_see(s.id)]
    html = render_template(
        "desk.html", me=person, now=now, place=place, page=page, lanes=_lanes(place), names=LANES,
        sites=sites, item=item, opened=bool(item_id), following=_following(page.items, item), last=_last(),
        sums=showing.sums(item) if item else [], suggested=showing.suggested(item) if item else "",
        reasons=showing.REASON_NAMES, held_by_other=held_by_other, conflict=conflict, chosen=chosen,
    )  # fmt: skip
    return make_response(html, 409 if conflict else 200)


def held_by_other(item: Item) -> bool:
    """Tell whether somebody else is reading this comment."""
    lease = item.lease
    return bool(lease and lease.by != me().name and lease.until > moderation().clock())


def _place() -> Place:
    lane = request.values.get("lane") or PENDING
    if lane not in LANES:
        raise NotFound(f"no such lane: {lane[:40]}")
    return Place(lane, request.values.get("site", ""), request.values.get("cursor", ""))


def _lanes(place: Place) -> list[tuple[str, int | None, float | None]]:
    found = moderation().lanes(me(), place.site)
    oldest = [s.oldest for s in found.values() if s.oldest is not None]
    waiting = sum(s.count for s in found.values())
    return [
        (PENDING, waiting, min(oldest, default=None)),
        *((str(lane), s.count, s.oldest) for lane, s in found.items()),
        (DECIDED, None, None),
        (ALL, None, None),
    ]


def _following(items: tuple[Item, ...], item: Item | None) -> list[str]:
    # What comes after this comment in the list as it is shown, then what was passed over before it.
    ids = [i.id for i in items if i.pending and not held_by_other(i)]
    at = next((n for n, i in enumerate(items) if item and i.id == item.id), 0)
    after = {i.id for i in items[at:]}
    ordered = [i for i in ids if i in after] + [i for i in ids if i not in after]
    return [i for i in ordered if not item or i != item.id][:LOOK_AHEAD]


def _next_free(ids: list[str]) -> str:
    for item_id in ids[:LOOK_AHEAD]:
        try:
            item = moderation().item(me(), item_id)
        except NotFound:
            continue
        if item.pending and not held_by_other(item):
            return item_id
    return ""


def _last() -> Item | None:
    # The decision that "undo" would take back; somebody else may have changed it since.
    try:
        item = moderation().item(me(), session["last"]) if "last" in session else None
    except ModqueueError:
        return None
    return item if item and item.decision and item.decision.by == me().name else None


def _wish(asked: str) -> Wish:
    ruling, _, reason = asked.partition(":")
    if ruling not in list(Ruling):
        raise Invalid("decision", "approve, or reject:REASON")
    if ruling == Ruling.REJECT and reason not in list(ReasonCode):
        raise Invalid("reason", f"one of {', '.join(ReasonCode)}")
    return Wish(
        Ruling(ruling),
        ReasonCode(reason) if ruling == Ruling.REJECT else None,
        lease_token=request.form.get("lease_token", ""),
        revision=request.form.get("revision", type=int),
    )


def _said(wish: Wish) -> str:
    return f"Rejected: {showing.REASON_NAMES[wish.reason]}." if wish.reason else "Approved."


def _check_unchanged(item: Item) -> None:
    shown = request.form.get("decided_at", type=float)
    if item.decision and shown is not None and shown != item.decision.at:
        raise Conflict("another decision was made since", by=item.decision.by, at=item.decision.at)


def _go(place: Place, item_id: str) -> Response:
    return cast(Response, redirect(place.url(item_id), 303))
