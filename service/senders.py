"""What senders of other shapes mean: a site's mapping of its own JSON to a comment. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

from service.errors import Invalid

# Our names in a mapping, and the fields that they stand for.
FIELDS = {
    "id": "comment_ID",
    "text": "comment_content",
    "html": "comment_content",
    "author": "comment_author",
    "email": "comment_author_email",
    "link": "comment_author_url",
    "ip": "comment_author_IP",
    "agent": "comment_agent",
    "user": "user_id",
    "date": "comment_date_gmt",
    "post": "comment_post_ID",
    "post_title": "post_title",
    "permalink": "permalink",
    "parent": "comment_parent",
    "parent_text": "parent_content",
}
BLOCKS = {"p", "div", "li", "ul", "ol", "blockquote", "pre", "tr", "h1", "h2", "h3"}


def check(mapping: object) -> dict[str, str]:
    """Refuse a mapping that cannot be meant; return it otherwise."""
    if not isinstance(mapping, dict):
        raise Invalid("mapping", "must be a JSON object: our names to paths in what is sent")
    for name, path in mapping.items():
        if name not in FIELDS:
            raise Invalid(f"mapping.{name}", f"no such field; one of {', '.join(FIELDS)}")
        if not isinstance(path, str) or not all(path.split(".")):
            raise Invalid(f"mapping.{name}", "must be a path such as member.name")
    if "id" not in mapping:
        raise Invalid("mapping.id", "is required, so that an edit is known from a new comment")
    if ("text" in mapping) == ("html" in mapping):
        raise Invalid("mapping.text", "is required, or html in its place")
    return dict(mapping)


def pick(mapping: Mapping[str, str], body: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of a comment from what a sender sent; refuses by the sender's own names."""
    picked = {}
    for name, path in mapping.items():
        value = _text(path, _walk(body, path))
        if not value and name in ("id", "text", "html"):
            raise Invalid(path, "is missing or empty")
        picked[FIELDS[name]] = plain(value) if name == "html" else value
    return picked


def path_of(mapping: Mapping[str, str], field: str) -> str:
    """Return where a sender has what we call so."""
    return next((path for name, path in mapping.items() if FIELDS[name] == field), field)


def plain(html: str) -> str:
    """Return the words of HTML as a reader sees them, with the addresses of its links."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (line.strip() for line in "".join(reader.pieces).splitlines())
    return "\n".join(line for line in lines if line)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._link = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in BLOCKS or tag == "br":
            self.pieces.append("\n")
        elif tag == "a":
            self._link = dict(attrs).get("href") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCKS:
            self.pieces.append("\n")
        elif tag == "a" and self._link:
            self.pieces.append(f" ({self._link})")
            self._link = ""

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)


def _walk(body: Mapping[str, Any], path: str) -> object:
    found: object = body
    for step in path.split("."):
        if isinstance(found, list) and step.isascii() and step.isdigit():
            found = found[int(step)] if int(step) < len(found) else None
        else:
            found = found.get(step) if isinstance(found, dict) else None
    return found


def _text(path: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Invalid(path, "must be text or a number")
    return str(value)
