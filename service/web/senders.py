"""Comments from whatever else sends them: any JSON by a site's mapping, and Coral's moderation phase."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service import identity, senders
from service.domain import Comment, Site, Verdict
from service.errors import BadSignature, Invalid, NotFound
from service.strict_json import parse_json
from service.web import fields, intake
from service.web.responses import moderation

blueprint = Blueprint("senders", __name__, url_prefix="/senders")

# What Coral may be told of a reason; of others it knows no word.
CORAL_REASONS = {
    "score:spam": "COMMENT_DETECTED_SPAM",
    "score:hateful": "COMMENT_DETECTED_TOXIC",
    "score:dehumanising": "COMMENT_DETECTED_TOXIC",
}
CORAL_STATUS = {Verdict.HOLD: "SYSTEM_WITHHELD", Verdict.REJECT: "REJECTED"}


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class _Named(_Part):
    id: str = Field("", max_length=64)


class _Story(_Named):
    url: str = Field("", max_length=2_000)


class _Words(_Part):
    body: str = Field(min_length=1, max_length=2 * fields.TEXT_LIMIT)
    parentID: str | None = Field(None, max_length=64)  # noqa: N815  Coral's own name


class CoralComment(_Part):
    """What Coral asks about: a comment that has no id of its own yet."""

    comment: _Words
    author: _Named
    story: _Story
    tenantID: str = Field("", max_length=64)  # noqa: N815


@blueprint.post("/comments")
def receive() -> Response:
    """Take a comment in the shape that the site's mapping describes; answer with the verdict."""
    body = request.get_data(cache=False)
    site, message_id = _sender(body)
    if not site.mapping:
        raise Invalid("mapping", "this site has none: modqueue sender mapping")
    comment = _mapped(site, parse_json(body))
    return Response(moderation().submit(site, comment, message_id, body), mimetype="application/json")


@blueprint.post("/coral/<site_id>")
def coral(site_id: str) -> Response:
    """Tell Coral what to do with a comment: nothing said means that it may pass."""
    body = request.get_data(cache=False)
    site = _coral_site(site_id, body)
    comment = _coral_comment(site, _read(body))
    judged = json.loads(moderation().submit(site, comment, _digest("coral", body), body))
    verdict = Verdict(judged["verdict"])
    if verdict is Verdict.APPROVE:
        return Response(status=204)
    known = dict.fromkeys(CORAL_REASONS[r] for r in judged["reasons"] if r in CORAL_REASONS)
    actions = [{"actionType": "FLAG", "reason": reason} for reason in known]
    return jsonify({"status": CORAL_STATUS[verdict], "actions": actions})


def _sender(body: bytes) -> tuple[Site, str]:
    # Those who cannot sign may say the site's API key; the body is then its own message id.
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return intake.signed(body)
    site = moderation().store.registry.site_of_key(key.strip())
    if site is None:
        raise BadSignature("Authorization: an API key that is known here is required")
    return site, _digest("body", body)


def _mapped(site: Site, sent: dict[str, Any]) -> Comment:
    picked = senders.pick(site.mapping, sent)
    try:
        return _known(fields.comment(site.id, picked, intake.hash_key()))
    except Invalid as error:
        raise Invalid(senders.path_of(site.mapping, error.field), error.message) from None


def _known(comment: Comment) -> Comment:
    # An author without e-mail and address is known by the name that the sender's accounts have.
    known_by = comment.author_key or identity.author_key("", "", intake.hash_key(), comment.user_id)
    return replace(comment, author_key=known_by)


def _coral_site(site_id: str, body: bytes) -> Site:
    try:
        site, secret = moderation().site(site_id), moderation().site(site_id).coral_secret
    except NotFound:
        site, secret = None, ""
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    # While Coral rotates its secret it signs with each.
    offered = request.headers.get("X-Coral-Signature", "").split(",")[:5]
    right = [hmac.compare_digest(o.strip().encode("utf-8", "replace"), expected.encode()) for o in offered]
    if not (site and secret and any(right)):
        raise BadSignature("X-Coral-Signature: does not match the body and the secret set for this site")
    return site


def _read(body: bytes) -> CoralComment:
    try:
        return CoralComment.model_validate(parse_json(body))
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise Invalid(".".join(map(str, found["loc"])), found["msg"]) from None


def _coral_comment(site: Site, sent: CoralComment) -> Comment:
    parent = sent.comment.parentID or ""
    named = "\0".join((sent.tenantID, sent.story.id, sent.author.id, parent, sent.comment.body))
    raw = {
        # Coral names no comment before it is published: it is known by all that it is.
        "comment_ID": "coral-" + hashlib.sha256(named.encode("utf-8", "replace")).hexdigest()[:32],
        "comment_content": senders.plain(sent.comment.body),
        "user_id": sent.author.id,
        "comment_post_ID": sent.story.id,
        "permalink": sent.story.url,
        "comment_parent": parent,
    }
    return _known(fields.comment(site.id, raw, intake.hash_key()))


def _digest(kind: str, body: bytes) -> str:
    return f"{kind}:{hashlib.sha256(body).hexdigest()}"
