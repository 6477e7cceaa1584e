"""The API under /api/v1/: what the desk can do, for programs with a bearer token."""

from __future__ import annotations

from typing import TypeVar

from flask import Blueprint, Response, g, jsonify, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from service import appeals
from service.domain import Person
from service.errors import Conflict, Invalid
from service.web import api_answers, idempotency, openapi
from service.web.api_bodies import BulkBody, ClaimBody, CommentsQuery, DecisionBody, ReleaseBody, StatsQuery
from service.web.appeals import link_key, link_url
from service.web.responses import answer, moderation

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

_Body = TypeVar("_Body", bound=BaseModel)


@blueprint.before_request
def authenticate() -> Response | None:
    """Ask for a bearer token, except of who wants the description."""
    if request.endpoint == "api.description":
        return None
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    known = moderation().store.registry.token(token.strip()) if scheme.lower() == "bearer" else None
    if known is None:
        refusal = answer(401, "Authorization: a bearer token that is known here is required")
        refusal.headers["WWW-Authenticate"] = 'Bearer realm="modqueue"'
        return refusal
    g.person, read_only = known
    g.token = token.strip()
    if read_only and request.method not in ("GET", "HEAD"):
        return answer(403, "Authorization: this token may read, and not decide")
    return None


idempotency.prepare(blueprint)


@blueprint.errorhandler(Conflict)
def conflict(error: Conflict) -> Response:
    """Answer who was faster, and when."""
    return _json(api_answers.problem(409, error), 409)


@blueprint.get("/openapi.json")
def description() -> Response:
    """Describe this API."""
    return jsonify(openapi.document())


@blueprint.get("/comments")
def comments() -> Response:
    """List the comments of a lane."""
    asked = _query(CommentsQuery)
    found = moderation().page(_me(), asked.lane, asked.site, asked.cursor, asked.limit)
    return _json(api_answers.page(found, moderation().clock()))


@blueprint.get("/comments/<item_id>")
def comment(item_id: str) -> Response:
    """Show a comment."""
    return _json(api_answers.comment(moderation().item(_me(), item_id), moderation().clock()))


@blueprint.post("/comments/<item_id>/claim")
def claim(item_id: str) -> Response:
    """Claim a comment, or renew a lease."""
    asked = _body(ClaimBody) if request.get_data() else ClaimBody()
    lease = moderation().claim(_me(), item_id, asked.lease_token or "")
    given = {"lease_token": lease.token, "expires_at": lease.until}
    return _json(api_answers.LeaseGiven.model_validate(given))


@blueprint.delete("/comments/<item_id>/claim")
def release(item_id: str) -> Response:
    """Give a lease back; one that is not yours is left alone."""
    moderation().release(_me(), item_id, _body(ReleaseBody).lease_token)
    return Response(status=204)


@blueprint.post("/comments/<item_id>/decision")
def decide(item_id: str) -> Response:
    """Approve or reject a comment."""
    item = moderation().decide(_me(), item_id, _body(DecisionBody).wish())
    return _json(api_answers.comment(item, moderation().clock()))


@blueprint.post("/comments/<item_id>/undo")
def undo(item_id: str) -> Response:
    """Take a decision back."""
    return _json(api_answers.comment(moderation().undo(_me(), item_id), moderation().clock()))


@blueprint.post("/comments/<item_id>/appeal-link")
def appeal_link(item_id: str) -> Response:
    """Make a link by which the author of a rejected comment can appeal, once."""
    token, expires_at = appeals.make_link(moderation(), _me(), item_id, link_key())
    shown = {"url": link_url(token), "expires_at": expires_at}
    return _json(api_answers.AppealLink.model_validate(shown))


@blueprint.post("/decisions")
def decide_all() -> Response:
    """Decide several comments, each for itself."""
    asked = _body(BulkBody)
    results = moderation().decide_all(_me(), list(dict.fromkeys(asked.ids)), asked.wish())
    return _json(api_answers.bulk(results))


@blueprint.get("/stats")
def stats() -> Response:
    """Count what waits and what was done."""
    sites = moderation().sites_of(_me(), _query(StatsQuery).site)
    views = moderation().store.views
    return _json(api_answers.stats(views.lanes(sites), views.totals(sites)))


def _me() -> Person:
    person: Person = g.person
    return person


def _query(kind: type[_Body]) -> _Body:
    try:
        return kind.model_validate(request.args.to_dict())
    except ValidationError as error:
        raise _invalid(error) from None


def _body(kind: type[_Body]) -> _Body:
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("Content-Type must be application/json")
    try:
        return kind.model_validate_json(request.get_data())
    except ValidationError as error:
        raise _invalid(error) from None


def _invalid(error: ValidationError) -> Exception:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    if found[0]["type"] == "json_invalid":
        return BadRequest(f"the body is not JSON: {found[0]['msg'].removeprefix('Invalid JSON: ')}")
    named = [(_place(e["loc"])[:64] or "body", e["msg"]) for e in found[:10]]
    others = "".join(f"; {name}: {message}" for name, message in named[1:])
    return Invalid(named[0][0], named[0][1].removeprefix("Value error, ") + others)


def _place(loc: tuple[int | str, ...]) -> str:
    # Of a field that may be one of several types, their names come after its own.
    return ".".join(str(part) for part in loc if "[" not in str(part))


def _json(shown: BaseModel, status: int = 200) -> Response:
    absent = isinstance(shown, api_answers.Problem | api_answers.BulkResults)
    mimetype = "application/json" if status == 200 else "application/problem+json"
    return Response(shown.model_dump_json(exclude_none=absent), status, mimetype=mimetype)
