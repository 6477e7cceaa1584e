"""The OpenAPI description of the API, made of the types that check it."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from service.web import api_answers as a
from service.web import api_bodies as b

_REF = "#/components/schemas/"
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "maxLength": 64}}
_BODIES = (b.ClaimBody, b.ReleaseBody, b.DecisionBody, b.BulkBody)
_ANSWERS = (a.CommentShown, a.CommentsPage, a.LeaseGiven, a.AppealLink, a.BulkResults, a.Stats, a.Problem)
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key again, within a day, gets the same answer, and nothing is done twice.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"},
}
_REFUSALS = {
    400: "The body is not JSON.",
    401: "No bearer token, or one that is not known.",
    403: "This token may only read.",
    404: "There is no such thing among the sites of this token.",
    409: "Somebody was faster: `by` and `at` say who and when.",
    413: "The body is too large.",
    415: "The body is not declared as application/json.",
    422: "A field is wrong; `field` names it.",
    503: "The store cannot be reached; try again after `Retry-After`.",
}
_READS, _ITEM, _BODY = (401, 503), (401, 404, 503), (400, 413, 415, 422)


@cache
def document() -> dict[str, Any]:
    """Return the description, as OpenAPI 3.1."""
    models = [(m, "validation") for m in _BODIES] + [(m, "serialization") for m in _ANSWERS]
    _, schemas = models_json_schema(models, ref_template=_REF + "{model}")  # type: ignore[arg-type]  # literals
    return {
        "openapi": "3.1.0",
        "info": {"title": "Modqueue", "version": "1", "summary": "Comments that wait for a moderator."},
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas["$defs"],
        },
    }


def _paths() -> dict[str, Any]:
    item = "/comments/{id}"
    claim = _post("claim", "Claim a comment, or renew a lease", a.LeaseGiven, b.ClaimBody)
    claim["requestBody"]["required"] = False
    return {
        "/comments": {"get": _listing("listComments", "List comments", a.CommentsPage, b.CommentsQuery)},
        item: {"parameters": [_ID], "get": _operation("getComment", "Show a comment", a.CommentShown)},
        f"{item}/claim": {
            "parameters": [_ID],
            "post": claim,
            "delete": _operation("release", "Give a lease back", None, b.ReleaseBody, refusals=(403,)),
        },
        f"{item}/decision": {
            "parameters": [_ID],
            "post": _post("decide", "Approve or reject a comment", a.CommentShown, b.DecisionBody),
        },
        f"{item}/undo": {
            "parameters": [_ID],
            "post": _post("undo", "Take a decision back", a.CommentShown),
        },
        f"{item}/appeal-link": {
            "parameters": [_ID],
            "post": _post("appealLink", "Make a link to appeal against a rejection", a.AppealLink),
        },
        "/decisions": {"post": _post("decideAll", "Decide several comments", a.BulkResults, b.BulkBody)},
        "/stats": {"get": _listing("stats", "Count what waits and what was done", a.Stats, b.StatsQuery)},
    }


def _operation(
    name: str,
    summary: str,
    answer: type[BaseModel] | None,
    body: type[BaseModel] | None = None,
    refusals: tuple[int, ...] = (),
) -> dict[str, Any]:
    codes = {*_ITEM, *refusals, *((409, *_BODY) if body else ())}
    good = {"200": _content("Done.", answer)} if answer else {"204": {"description": "Done."}}
    refused = {str(c): _content(_REFUSALS[c], a.Problem, "application/problem+json") for c in sorted(codes)}
    operation: dict[str, Any] = {"operationId": name, "summary": summary, "responses": good | refused}
    if body:
        operation["requestBody"] = {"required": True, "content": _media("application/json", body)}
    return operation


def _post(
    name: str, summary: str, answer: type[BaseModel], body: type[BaseModel] | None = None
) -> dict[str, Any]:
    return {**_operation(name, summary, answer, body, refusals=(403, 409, 422)), "parameters": [_KEY]}


def _listing(name: str, summary: str, answer: type[BaseModel], query: type[BaseModel]) -> dict[str, Any]:
    schema = query.model_json_schema(ref_template=_REF + "{model}")
    parameters = [
        {"name": field, "in": "query", "required": False, "schema": part}
        for field, part in schema["properties"].items()
    ]
    return {**_operation(name, summary, answer, refusals=(422,)), "parameters": parameters}


def _content(text: str, answer: type[BaseModel], mimetype: str = "application/json") -> dict[str, Any]:
    return {"description": text, "content": _media(mimetype, answer)}


def _media(mimetype: str, model: type[BaseModel]) -> dict[str, Any]:
    return {mimetype: {"schema": {"$ref": _REF + model.__name__}}}
