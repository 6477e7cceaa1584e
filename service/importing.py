"""Comments that a WordPress has already, with what became of them: examples and author history.

Each is judged and stored like any other, then decided as it is on the blog; the blog is told nothing.
What is known here is left alone, so an import can be broken off and begun again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, BinaryIO
from xml.etree import ElementTree

import requests

from service.domain import Comment, Person, ReasonCode, Role, Ruling, Site
from service.errors import Invalid, NotFound
from service.moderation import Moderation, Wish
from service.store import codec, keys
from service.web import fields

SOURCE = "import"
# What a blog's state says of a comment; what waits there says nothing yet.
RULINGS: dict[str, tuple[Ruling, ReasonCode | None]] = {
    "1": (Ruling.APPROVE, None),
    "spam": (Ruling.REJECT, ReasonCode.SPAM),
    "trash": (Ruling.REJECT, ReasonCode.OTHER),
}
# By the names of WordPress's REST API.
STATES = {"approve": "1", "spam": "spam", "trash": "trash"}
PAGE = 100
TIMEOUT_S = 60.0
# The blog's own limit is for its visitors.
UNLIMITED = 1e9

_REST_FIELDS = {
    "comment_ID": "id",
    "comment_post_ID": "post",
    "comment_parent": "parent",
    "comment_author": "author_name",
    "comment_author_email": "author_email",
    "comment_author_url": "author_url",
    "comment_author_IP": "author_ip",
    "comment_agent": "author_user_agent",
    "comment_date_gmt": "date_gmt",
    "comment_type": "type",
    "permalink": "link",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A comment as a blog has it, by WordPress's names, its state there, and how far the reading is."""

    fields: dict[str, Any]
    state: str
    progress: float


class Import:
    """Brings found comments into one site."""

    def __init__(self, moderation: Moderation, site: Site, hash_key: bytes) -> None:
        self._moderation = moderation
        self._site = replace(site, rate=UNLIMITED, burst=UNLIMITED)
        self._hash_key = hash_key
        self._person = Person(SOURCE, Role.MODERATOR, (site.id,))

    def add(self, found: Found) -> str:
        """Store and decide a comment; says `imported`, `known`, or `waiting` for one that is left alone."""
        if found.state not in RULINGS:
            return "waiting"
        comment = fields.comment(self._site.id, found.fields, self._hash_key)
        item_id = keys.item_id(self._site.id, comment.comment_id, self._moderation.store.partitions)
        body = codec.dump_comment(comment).encode()
        message_id = f"{SOURCE}:{hashlib.sha256(body).hexdigest()}"
        if self._is_known(item_id, message_id, body):
            return "known"
        self._moderation.submit(self._site, comment, message_id, body)
        ruling, reason = RULINGS[found.state]
        wish = Wish(ruling, reason, source=SOURCE, tell=False)
        self._moderation.decide(self._person, item_id, wish, at=_time(comment) or self._moderation.clock())
        return "imported"

    def _is_known(self, item_id: str, message_id: str, body: bytes) -> bool:
        try:
            item = self._moderation.store.views.item(item_id)
        except NotFound:
            return False
        # One that an import has begun with, and was broken off before it was decided, is not yet.
        digest = hashlib.sha256(body).hexdigest()
        ours = self._moderation.store.hooks.answered(self._site.id, message_id, digest)
        return bool(item.decision) or ours is None


def from_export(source: BinaryIO, size: int) -> Iterator[Found]:
    """Read the comments of a WXR export; `size` is that of the file, for the progress."""
    reading = ElementTree.iterparse(source, events=("start", "end"))  # noqa: S314  # expat bounds expansion
    try:
        _, root = next(reading)
        if _name(root) != "rss":
            raise Invalid("FILE", f"not a WordPress export: it begins with <{_name(root)[:40]}>")
        for event, element in reading:
            if event == "end" and _name(element) == "item":
                yield from _of_post(element, source.tell() / max(1, size))
                element.clear()
    except ElementTree.ParseError as error:
        raise Invalid("FILE", f"not a WordPress export: {error}") from None


def from_blog(url: str, user: str, password: str) -> Iterator[Found]:
    """Read the comments of a blog by WordPress's REST API."""
    session = requests.Session()
    session.auth = (user, password)
    for number, (status, state) in enumerate(STATES.items()):
        page, pages = 1, 1
        while page <= pages:
            answer = _ask(session, url, status, page)
            pages = int(answer.headers.get("X-WP-TotalPages", "1"))
            for raw in answer.json():
                yield Found(_of_rest(raw), state, (number + page / max(1, pages)) / len(STATES))
            page += 1


def _ask(session: requests.Session, url: str, status: str, page: int) -> requests.Response:
    query = {"rest_route": "/wp/v2/comments", "context": "edit", "status": status, "orderby": "id",
             "order": "asc", "per_page": str(PAGE), "page": str(page)}  # fmt: skip
    try:
        answer = session.get(f"{url.rstrip('/')}/", params=query, timeout=TIMEOUT_S, allow_redirects=False)
    except requests.RequestException as error:
        raise Invalid("URL", f"no answer: {type(error).__name__}") from None
    if answer.status_code in (401, 403):
        raise Invalid("--user", "user and application password are not accepted, or may not edit comments")
    if not answer.ok or "application/json" not in answer.headers.get("Content-Type", ""):
        raise Invalid("URL", f"HTTP {answer.status_code}, not the answer of a WordPress")
    return answer


def _of_rest(raw: dict[str, Any]) -> dict[str, Any]:
    found = {ours: raw.get(theirs) for ours, theirs in _REST_FIELDS.items()}
    found |= {"user_id": raw.get("author"), "comment_content": raw["content"]["raw"]}
    return _as_sent(found, raw.get("modqueue_id"))


def _of_post(item: ElementTree.Element, progress: float) -> Iterator[Found]:
    said = {_name(e): (e.text or "").strip() for e in item}
    post = {"post_title": said.get("title"), "permalink": said.get("link")}
    number = {"comment_post_ID": said.get("post_id")}
    for element in (e for e in item if _name(e) == "comment"):
        raw = {_name(e): e.text or "" for e in element}
        found = {_wordpress_name(name): value for name, value in raw.items()}
        fields = _as_sent({**post, **found, **number}, _meta(element).get("_modqueue_id"))
        yield Found(fields, raw.get("comment_approved", ""), progress)


def _meta(comment: ElementTree.Element) -> dict[str, str]:
    pairs = ({_name(e): e.text or "" for e in meta} for meta in comment if _name(meta) == "commentmeta")
    return {p.get("meta_key", ""): p.get("meta_value", "") for p in pairs}


def _as_sent(fields: dict[str, Any], name: str | None) -> dict[str, Any]:
    # What our plugin sent before is known by the name that it had then; anything else by its number.
    return {**fields, "comment_ID": name or fields.get("comment_ID")}


def _wordpress_name(name: str) -> str:
    return {"comment_id": "comment_ID", "comment_user_id": "user_id"}.get(name, name)


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _time(comment: Comment) -> float | None:
    try:
        return datetime.fromisoformat(comment.date_gmt).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
