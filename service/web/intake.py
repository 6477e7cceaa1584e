"""POST /webhooks/comments: a signed comment comes in, and is answered once it is durable."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, Response, current_app, request
from werkzeug.exceptions import UnsupportedMediaType

from service import identity, signing
from service.domain import Secret, Site
from service.errors import BadSignature, NotFound
from service.floods import Floods
from service.web import fields
from service.web.responses import HEADERS, moderation

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

blueprint = Blueprint("intake", __name__)

PATH = "/webhooks/comments"
MIMETYPES = ("application/json", "application/x-www-form-urlencoded")
# That a site sends too much is no secret: it is told before its signature is looked at.
REFUSAL = b'{"error":"this site sends comments faster than its limit","status":429}\n'
FLOODED = [
    *HEADERS.items(),
    ("Content-Type", "application/problem+json"),
    ("Content-Length", str(len(REFUSAL))),
    ("Cache-Control", "no-store"),
]
_NOBODY = Site("", "", (Secret(signing.new_secret()),))


@blueprint.post(PATH)
def receive() -> Response:
    """Verify, read, judge and store a comment; answer with the verdict."""
    body = request.get_data(cache=False)
    site, message_id = signed(body)
    if request.mimetype not in MIMETYPES:
        raise UnsupportedMediaType(f"Content-Type must be {' or '.join(MIMETYPES)}")
    comment = fields.read(site.id, body, request.mimetype, hash_key())
    return Response(moderation().submit(site, comment, message_id, body), mimetype="application/json")


def door(app: Flask) -> WSGIApplication:
    """Turn a flood away before anything of it is read, so that other sites hardly notice it."""

    inner = app.wsgi_app

    def guarded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != PATH:
            return inner(environ, start_response)
        floods: Floods = app.extensions["moderation"].floods
        wait = floods.wait(environ.get("HTTP_X_MODQUEUE_SITE", ""))
        if wait <= 0:
            return inner(environ, start_response)
        start_response("429 Too Many Requests", [*FLOODED, ("Retry-After", str(math.ceil(wait)))])
        return [REFUSAL]

    return guarded


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
