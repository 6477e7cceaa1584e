"""What a request in Akismet's protocol says, wherever it says it, and how a wrong one is answered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import RequestEntityTooLarge

from service.connectors.address import parse
from service.domain import Comment, Site
from service.errors import Invalid, ModqueueError, TooMany, Unavailable
from service.store import Trace
from service.web import fields
from service.web.intake import hash_key
from service.web.responses import RETRY_AFTER_S, moderation

# WordPress sends the whole form and every header beside the comment, each byte as three.
BODY_LIMIT = 512 * 1024
FIELD_COUNT_LIMIT = 5_000
KEY = re.compile(r"[0-9a-f]{12}")

# Their names for what we know by WordPress's; the first that is given counts.
_NAMES = {
    "comment_content": ("comment_content",),
    "comment_author": ("comment_author",),
    "comment_author_email": ("comment_author_email",),
    "comment_author_url": ("comment_author_url",),
    "comment_author_IP": ("user_ip",),
    "comment_agent": ("user_agent",),
    "comment_type": ("comment_type", "content_type"),
    "comment_date_gmt": ("comment_date_gmt",),
    "comment_post_ID": ("comment_post_ID",),
    "comment_parent": ("comment_parent",),
    "user_id": ("user_ID", "user_id"),
    "permalink": ("permalink",),
}
_SLASHED = re.compile(r"\\(.)", re.DOTALL)
_TRUE = {"1", "true", "yes", "on"}


class WrongKey(ModqueueError):
    """There is no site with this key."""


def prepare(pages: Blueprint) -> None:
    """Let a blueprint read requests, and answer what is wrong with them, as this protocol does."""
    pages.url_value_preprocessor(_take_key)
    pages.before_request(_read)
    pages.register_error_handler(WrongKey, _wrong_key)
    pages.register_error_handler(Invalid, _invalid)
    pages.register_error_handler(RequestEntityTooLarge, _too_large)
    for error in (TooMany, Unavailable):
        pages.register_error_handler(error, _later)


def site() -> Site:
    """Return the site whose key was sent."""
    found = moderation().store.registry.site_of_key(key())
    if found is None:
        raise WrongKey("the API key is not known here")
    return found


def key() -> str:
    """Return the key that was sent, wherever it was; `key` is the one to verify, beside one in use."""
    host = request.host.split(".", 1)[0]
    places = (g.key_of_path, g.said.get("key"), g.said.get("api_key"), request.args.get("api_key"), host)
    sent = next((key for key in places if key), "")
    return sent if KEY.fullmatch(sent) else ""


def said(name: str) -> str:
    """Return a field of the form."""
    found: str = g.said.get(name, "")
    return found


def text(body: str, headers: Mapping[str, str] | None = None, status: int = 200) -> Response:
    """Answer a bare word."""
    return Response(body, status, headers, mimetype="text/plain")


def required() -> Mapping[str, str]:
    """Return the form, where it has what every request must have."""
    for name in ("blog", "user_ip"):
        if not said(name):
            raise Invalid(name, "is required")
    sent: Mapping[str, str] = g.said
    return sent


def is_test() -> bool:
    """Tell whether nothing of this request may be kept."""
    return said("is_test").strip().lower() in _TRUE


def comment(asked: Site, sent: Mapping[str, str]) -> Comment:
    """Make a comment of the form; its id is given to it later."""
    raw = {name: next((sent[n] for n in theirs if sent.get(n)), "") for name, theirs in _NAMES.items()}
    # The text alone must be whole; the rest may be as long as the protocol lets it be, and is cut.
    for name, value in raw.items():
        if name != "comment_content":
            raw[name] = value[: fields.limit(name)]
    if "POST_comment" in sent and not sent.get("comment_ID"):
        # WordPress's plugin sends what was just posted in its own, slashed form.
        raw = {name: _SLASHED.sub(r"\1", value) for name, value in raw.items()}
    found = fields.comment(asked.id, {"comment_ID": "-", **raw}, hash_key())
    trap = sent.get("honeypot_field_name", "")
    return replace(found, honeypot=bool(trap and sent.get(trap)))


def trace(asked: Site, sent: Mapping[str, str]) -> Trace:
    """Read what the client says of itself and of its own names for the comment."""
    guid, own = sent.get("guid", ""), sent.get("comment_ID", "")
    return Trace(
        guid=guid if re.fullmatch(r"[0-9a-f]{32}", guid) else "",
        callback=_callback(asked, sent.get("callback", "")),
        key=key(),
        comment_id=own if re.fullmatch(r"[0-9]{1,20}", own) else "",
    )


def _callback(asked: Site, url: str) -> str:
    # One that leads to another host than the site's own is as good as none.
    try:
        parse(url, asked.url)
    except Invalid:
        return ""
    return url


def _take_key(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    # Where a client has no other place for the key, it is in the path.
    g.key_of_path = (values or {}).pop("key", "")


def _read() -> None:
    request.max_content_length = request.max_form_memory_size = BODY_LIMIT
    request.max_form_parts = FIELD_COUNT_LIMIT
    g.said = _form()


def _wrong_key(error: WrongKey) -> Response:
    return text("invalid", {"X-akismet-debug-help": str(error)})


def _invalid(error: Invalid) -> Response:
    # WordPress holds the comment then.
    return text("invalid", {"X-akismet-debug-help": _header(str(error))})


def _too_large(_: RequestEntityTooLarge) -> Response:
    return _invalid(Invalid("body", f"longer than {BODY_LIMIT} bytes"))


def _later(error: TooMany | Unavailable) -> Response:
    # WordPress holds the comment and asks again; other clients raise an error.
    wait = error.retry_after if isinstance(error, TooMany) else RETRY_AFTER_S
    status = 429 if isinstance(error, TooMany) else 503
    headers = {"X-akismet-debug-help": _header(str(error)), "Retry-After": str(int(wait) + 1)}
    return text("unavailable", headers, status)


def _form() -> dict[str, str]:
    # Read before it is taken apart: what is too much after that are its fields.
    body = request.get_data()
    try:
        pairs = request.form.items() if request.mimetype == "multipart/form-data" else _pairs(body)
    except (ValueError, RequestEntityTooLarge):
        raise Invalid("body", f"more than {FIELD_COUNT_LIMIT} form fields") from None
    return {name.replace("\0", ""): value.replace("\0", "") for name, value in pairs}


def _pairs(body: bytes) -> Iterable[tuple[str, str]]:
    # Latin-1 carries every byte through the parser; what it stands for is then read as UTF-8.
    pairs = parse_qsl(
        body.decode("latin-1"), keep_blank_values=True, encoding="latin-1", max_num_fields=FIELD_COUNT_LIMIT
    )
    return [(_utf8(name), _utf8(value)) for name, value in pairs]


def _utf8(value: str) -> str:
    return value.encode("latin-1").decode(errors="replace")


def _header(message: str) -> str:
    return message.encode("ascii", "backslashreplace").decode().replace("\n", " ")[:200]
