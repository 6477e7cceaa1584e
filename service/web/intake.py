"""POST /webhooks/comments: a signed comment comes in, and is answered once it is durable."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import UnsupportedMediaType

from service import identity, signing
from service.domain import Secret, Site
from service.errors import BadSignature, NotFound
from service.web import fields
from service.web.responses import moderation

blueprint = Blueprint("intake", __name__)

MIMETYPES = ("application/json", "application/x-www-form-urlencoded")
_NOBODY = Site("", "", (Secret(signing.new_secret()),))


@blueprint.post("/webhooks/comments")
def receive() -> Response:
    """Verify, read, judge and store a comment; answer with the verdict."""
    body = request.get_data(cache=False)
    site, message_id = signed(body)
    if request.mimetype not in MIMETYPES:
        raise UnsupportedMediaType(f"Content-Type must be {' or '.join(MIMETYPES)}")
    comment = fields.read(site.id, body, request.mimetype, hash_key())
    return Response(moderation().submit(site, comment, message_id, body), mimetype="application/json")


def signed(body: bytes) -> tuple[Site, str]:
    """Return the site that signed this request, and the id of its message."""
    site = _site()
    return site, signing.verify(request.headers, body, site.secrets, moderation().clock())


def hash_key() -> bytes:
    """Return the key that addresses are hashed with."""
    secret: str = current_app.config["SECRET_KEY"]
    return identity.hash_key(secret)


def _site() -> Site:
    # An unknown site is answered as a wrong signature is, after as much work.
    name = request.headers.get("X-Modqueue-Site", "")
    if not name:
        raise BadSignature("X-Modqueue-Site: the id of the site is required")
    try:
        return moderation().site(name)
    except NotFound:
        return _NOBODY
