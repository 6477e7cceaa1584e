"""From the bytes of a webhook to a Comment: strict about what arrives, and naming what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from annotated_types import MaxLen
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from service.domain import Comment
from service.errors import Invalid
from service.identity import address, author_key
from service.strict_json import named, parse_json, unique

TEXT_LIMIT = 20_000
FIELD_COUNT_LIMIT = 1_000


class Incoming(BaseModel):
    """The fields of a WordPress comment that we read; others are ignored."""

    model_config = ConfigDict(strict=True, extra="ignore")

    comment_ID: str = Field(min_length=1, max_length=64)
    comment_content: str = Field(max_length=TEXT_LIMIT)
    comment_post_ID: str = Field("", max_length=64)
    comment_author: str = Field("", max_length=255)
    comment_author_email: str = Field("", max_length=320)
    comment_author_url: str = Field("", max_length=2_000)
    comment_author_IP: str = Field("", max_length=64)
    comment_agent: str = Field("", max_length=1_000)
    comment_type: str = Field("", max_length=64)
    comment_parent: str = Field("", max_length=64)
    comment_date_gmt: str = Field("", max_length=64)
    user_id: str = Field("", max_length=64)
    permalink: str = Field("", max_length=2_000)
    post_title: str = Field("", max_length=1_000)
    parent_content: str = Field("", max_length=TEXT_LIMIT)

    @field_validator("*", mode="before")
    @classmethod
    def _known(cls, value: object) -> object:
        # Webhook plugins send what is not known as null.
        return "" if value is None else value

    @field_validator("comment_ID", "comment_post_ID", "comment_parent", "user_id", mode="before")
    @classmethod
    def _number(cls, value: object) -> object:
        # They send ids as numbers or as strings.
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

    @field_validator("*")
    @classmethod
    def _clean(cls, value: str) -> str:
        if "\0" in value:
            raise ValueError("holds a NUL character")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError("holds half of a surrogate pair") from None
        return value


def read(site: str, body: bytes, mimetype: str, hash_key: bytes) -> Comment:
    """Read a comment from JSON or a form, flat or nested; raises Invalid naming the fields."""
    raw = _form(body) if mimetype == "application/x-www-form-urlencoded" else parse_json(body)
    return comment(site, _flat(raw), hash_key)


def comment(site: str, raw: Mapping[str, Any], hash_key: bytes) -> Comment:
    """Check flat WordPress fields and make a Comment of them."""
    try:
        f = Incoming.model_validate(raw)
    except ValidationError as error:
        _refuse(error)
    email, ip = f.comment_author_email.strip().casefold(), _address(f.comment_author_IP.strip())
    return Comment(
        site=site,
        comment_id=f.comment_ID,
        text=f.comment_content,
        author=f.comment_author,
        author_url=f.comment_author_url,
        author_key=author_key(email, ip, hash_key),
        author_shown=_shown(email),
        user_id=f.user_id,
        agent=f.comment_agent,
        kind=f.comment_type or "comment",
        date_gmt=f.comment_date_gmt,
        post_id=f.comment_post_ID,
        post_title=f.post_title,
        permalink=f.permalink,
        parent_id="" if f.comment_parent == "0" else f.comment_parent,
        parent_text=f.parent_content,
    )


def _address(ip: str) -> str:
    # A comment is no worse for an address that is none.
    try:
        return address(ip)
    except ValueError:
        return ip


def limit(name: str) -> int:
    """Return the greatest length of a field."""
    return next(m.max_length for m in Incoming.model_fields[name].metadata if isinstance(m, MaxLen))


def _form(body: bytes) -> dict[str, Any]:
    # Latin-1 carries every byte through the parser; what it stands for is then read as UTF-8.
    try:
        pairs = parse_qsl(body.decode("latin-1"), True, encoding="latin-1", max_num_fields=FIELD_COUNT_LIMIT)
    except ValueError:
        raise Invalid("body", f"more than {FIELD_COUNT_LIMIT} form fields") from None
    return _nested(unique([(_text(name, "field name"), _text(value, name)) for name, value in pairs]))


def _nested(form: dict[str, Any]) -> dict[str, Any]:
    """Gather what is sent as comment_data[comment_content], as PHP writes nested fields."""
    result: dict[str, Any] = {}
    for name, value in form.items():
        outer, bracket, inner = name.partition("[")
        group = result.setdefault(outer, {}) if bracket and inner.endswith("]") else result
        if not isinstance(group, dict) or (group is result and name in result):
            raise Invalid(named(outer), "given twice")
        group[name if group is result else inner[:-1]] = value
    return result


def _text(value: str, name: str) -> str:
    try:
        return value.encode("latin-1").decode()
    except UnicodeDecodeError:
        raise Invalid(named(name), "not UTF-8") from None


def _flat(raw: Mapping[str, Any]) -> dict[str, Any]:
    nested = raw.get("comment_data")
    if nested is None:
        flat = dict(raw)
    elif isinstance(nested, dict):
        post = raw.get("current_post_data")
        title = {"post_title": post.get("post_title")} if isinstance(post, dict) else {}
        flat = {**title, **raw, **nested}
    else:
        raise Invalid("comment_data", "must be an object")
    if "comment_ID" not in flat and "comment_id" in flat:
        flat["comment_ID"] = flat["comment_id"]
    return flat


def _refuse(error: ValidationError) -> NoReturn:
    found = {
        ".".join(str(p) for p in e["loc"]): e["msg"].removeprefix("Value error, ") for e in error.errors()
    }
    name, message = next(iter(found.items()))
    others = "".join(f"; {n}: {m}" for n, m in list(found.items())[1:])
    raise Invalid(name, message + others) from None


def _shown(email: str) -> str:
    # Enough for a moderator to tell two people apart, not enough to write to either.
    name, at, domain = email.partition("@")
    return f"{name[:1]}…@{domain}" if at else ""
