"""Signed messages of a blog's plugin: what its moderators decided there, and whether the connection works."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Literal

from flask import Blueprint, Response, current_app, jsonify, request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from service import authors, feedback, site_settings
from service.domain import ReasonCode, Ruling
from service.errors import Invalid
from service.identity import is_email
from service.store import codec
from service.strict_json import UNSTORABLE, parse_json
from service.web import fields
from service.web.intake import signed
from service.web.responses import moderation

blueprint = Blueprint("feedback", __name__)

Name = Annotated[str, StringConstraints(min_length=1, max_length=60)]


class Moderated(BaseModel):
    """The `data` of a `comment.moderated` message."""

    model_config = ConfigDict(extra="ignore")

    comment_id: Name = Field(alias="comment_ID")
    outcome: Literal["approve", "reject", "hold"]
    reason: ReasonCode | None = None
    decided_by: Name

    @field_validator("comment_id", "decided_by")
    @classmethod
    def _printable(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("holds characters that cannot be printed")
        return value

    def report(self) -> feedback.Report:
        """Say it in the house's words."""
        ruling = None if self.outcome == "hold" else Ruling(self.outcome)
        rejected = ruling is Ruling.REJECT
        reason = (self.reason or ReasonCode.OTHER) if rejected else None
        return feedback.Report(self.comment_id, self.decided_by, ruling, reason)


@blueprint.post("/webhooks/decisions")
def decisions() -> Response:
    """Write what a blog's moderator decided there, once, however often it is sent."""
    body = request.get_data(cache=False)
    site, message_id = signed(body)
    hooks, digest = moderation().store.hooks, hashlib.sha256(body).hexdigest()
    answer = hooks.answered(site.id, message_id, digest)
    if answer is None:
        item = feedback.apply(moderation(), site, _read(body).report())
        answer = codec.dump({"id": item.id, "outcome": item.outcome, "revision": item.revision, "at": _now()})
        hooks.remember(site.id, message_id, digest, answer)
    return Response(answer, mimetype="application/json")


@blueprint.post("/webhooks/erasures")
def erasures() -> Response:
    """Erase what is kept of an author of the site, as often as it is asked for."""
    body = request.get_data(cache=False)
    site, _ = signed(body)
    key = authors.key_of(_email(body), current_app.config["SECRET_KEY"])
    done = authors.erase(moderation(), site.id, key, "the blog")
    return jsonify(asdict(done))


@blueprint.post("/webhooks/ping")
def ping() -> Response:
    """Tell a blog that it is known, and send a test where it is told of decisions."""
    site, _ = signed(request.get_data(cache=False))
    test = site_settings.send_test(moderation(), site.id, "its plugin") if site.callback_url else ""
    shown = {"site": site.id, "callback_url": site.callback_url, "callback_disabled": site.callback_disabled}
    return jsonify(shown | {"test": test})


def _now() -> str:
    at = datetime.fromtimestamp(moderation().clock(), UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _email(body: bytes) -> str:
    message = parse_json(body)
    if message.get("type") != "author.erase":
        raise Invalid("type", "must be author.erase")
    data = message.get("data")
    email = data.get("email") if isinstance(data, dict) else None
    if not isinstance(email, str) or len(email) > fields.limit("comment_author_email") or not is_email(email):
        raise Invalid("data.email", "must be an e-mail address")
    if UNSTORABLE.search(email):
        raise Invalid("data.email", "holds a NUL character or half of a surrogate pair")
    return email


def _read(body: bytes) -> Moderated:
    message = parse_json(body)
    if message.get("type") != "comment.moderated":
        raise Invalid("type", "must be comment.moderated")
    try:
        return Moderated.model_validate(message.get("data"))
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = ".".join(["data", *map(str, first["loc"])])
        raise Invalid(name, first["msg"].removeprefix("Value error, ")) from None
