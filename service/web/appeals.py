"""Appeals: the public page that a signed link opens, and the moderators' view of what is open."""

from __future__ import annotations

import hashlib
from typing import cast

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)

from service import appeals
from service.appeals import TEXT_LIMIT, Link
from service.domain import Item
from service.errors import Conflict, Invalid, NotFound
from service.store.appeals import Appeal
from service.web import accounts, doorkeeper, onward, places, rail, showing, words
from service.web.accounts import me
from service.web.responses import moderation
from service.web.words import gettext

# What a visitor sees; the link is all the right that it takes, so there is no session and no form token.
public = Blueprint("appeal", __name__, url_prefix="/appeal")
blueprint = Blueprint("appeals", __name__, url_prefix="/appeals")
accounts.guard(blueprint)


@public.get("/<token>")
def form(token: str) -> Response:
    """Show the rejected comment and a box to say what is wrong with that, or what became of it."""
    return _public_page(_link(token))


@public.post("/<token>")
def submit(token: str) -> Response:
    """Write an appeal down, once."""
    doorkeeper.throttle_visitor("appeal")
    link, text = _link(token), request.form.get("text", "")
    try:
        appeals.submit(moderation(), link, text)
    except (Invalid, Conflict) as error:
        return _public_page(link, error, text)
    return cast(Response, redirect(url_for("appeal.form", token=token), 303))


@blueprint.get("/")
def index() -> str:
    """List the open appeals, the oldest first."""
    m = moderation()
    site = request.args.get("site", "")
    found = m.store.appeals.open(m.sites_of(me(), site))
    items = {i.id: i for i in m.store.views.items([a.item_id for a in found])}
    shown: list[tuple[Appeal, Item]] = [(a, items[a.item_id]) for a in found if a.item_id in items]
    return render_template(
        "appeals.html", me=me(), shown=shown, now=m.clock(), reasons=showing.reasons(), lane=places.APPEALS,
        prefs=onward.preferences(), **rail.parts(places.Place("pending", site)),
    )  # fmt: skip


@blueprint.post("/<item_id>/settle")
def settle(item_id: str) -> Response:
    """Uphold a rejection, or overturn it."""
    asked = request.form.get("answer", "")
    if asked not in ("uphold", "overturn"):
        raise Invalid("answer", "uphold or overturn")
    try:
        (appeals.uphold if asked == "uphold" else appeals.overturn)(moderation(), me(), item_id)
        upheld = asked == "uphold"
        flash(gettext("Upheld: it stays rejected.") if upheld else gettext("Overturned: approved."), "good")
    except Conflict as conflict:
        why = words.said(conflict) + (f" ({conflict.by})" if conflict.by else "")
        flash(gettext("Not done: %(why)s.", why=why), "bad")
    return cast(Response, redirect(url_for("appeals.index"), 303))


def link_key() -> bytes:
    """Return the key that links are signed with."""
    secret: str = current_app.config["SECRET_KEY"]
    return hashlib.sha256(b"appeal-key:" + secret.encode()).digest()


def link_url(token: str) -> str:
    """Return the address of a link, as the outside sees it."""
    base: str = current_app.config["PUBLIC_URL"] or request.url_root
    return base.rstrip("/") + url_for("appeal.form", token=token)


def _link(token: str) -> Link:
    return appeals.read_link(token, link_key(), moderation().clock())


def _public_page(link: Link, error: Invalid | Conflict | None = None, text: str = "") -> Response:
    try:
        item, appeal = appeals.state(moderation(), link)
    except NotFound:
        raise NotFound("this link is not valid, or not any more") from None
    in_force = appeals.reference(item) == link.reference and item.outcome == "reject"
    html = render_template(
        "appeal.html", item=item, appeal=appeal, in_force=in_force, error=error, text=text, limit=TEXT_LIMIT,
        reasons=showing.reasons(), expires_at=link.expires_at,
    )  # fmt: skip
    response = make_response(html, 200 if error is None else 422 if isinstance(error, Invalid) else 409)
    response.headers["X-Robots-Tag"] = "noindex"
    return response
