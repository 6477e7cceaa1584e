"""Appeals: a signed link that expires, by which an author says once what is wrong with a rejection."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass

from service.domain import Item, Person, Ruling
from service.errors import Conflict, Invalid, NotFound
from service.moderation import Moderation, Wish
from service.store import codec
from service.store.appeals import Appeal

LINK_LASTS_S = 30 * 86400
TEXT_LIMIT = 2000

_LINK = re.compile(r"([0-9a-f]{26})-([0-9]{1,9}\.[0-9]{1,16})-([0-9]{1,12})-([0-9a-f]{40})", re.ASCII)
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Link:
    """What a signed link says: which comment, which decision on it, and until when it may be used."""

    item_id: str
    reference: str
    expires_at: float


def reference(item: Item) -> str:
    """Name the decision that is in force on a comment: its revision and the millisecond of the decision."""
    at = item.decision.at if item.decision else 0.0
    return f"{item.revision}.{int(at * 1000 + 0.5)}"


def make_link(m: Moderation, person: Person, item_id: str, key: bytes) -> tuple[str, float]:
    """Return the token of a link for the author of a rejected comment, and when it expires."""
    item = m.item(person, item_id)
    if item.outcome != Ruling.REJECT:
        raise Conflict("only a rejected comment can be appealed against")
    expires_at = int(m.clock()) + LINK_LASTS_S
    said = f"{item_id}-{reference(item)}-{expires_at}"
    return f"{said}-{_sign(said, key)}", float(expires_at)


def read_link(token: str, key: bytes, now: float) -> Link:
    """Return what a link says; refuses one that we did not sign, or that has expired."""
    found = _LINK.fullmatch(token)
    said, _, signature = token.rpartition("-")
    if not found or not hmac.compare_digest(signature, _sign(said, key)) or float(found[3]) <= now:
        raise NotFound("this link is not valid, or not any more")
    return Link(found[1], found[2], float(found[3]))


def state(m: Moderation, link: Link) -> tuple[Item, Appeal | None]:
    """Return the comment that a link is about, and the appeal that was made by it."""
    item, appeal = m.store.views.item(link.item_id), m.store.appeals.of(link.item_id)
    return item, appeal if appeal and appeal.reference == link.reference else None


def submit(m: Moderation, link: Link, text: str) -> None:
    """Appeal, once, against the decision that the link was made for."""
    plain = _UNSEEN.sub("", text.replace("\r\n", "\n")).strip()
    if not plain:
        raise Invalid("text", "say in a sentence or two what the moderators have missed")
    if len(plain) > TEXT_LIMIT:
        raise Invalid("text", "at most %(most)s characters", most=TEXT_LIMIT)
    item, now = m.store.views.item(link.item_id), m.clock()
    entry = codec.log_entry("appeal", now, site=item.comment.site, item=item.id)
    m.store.appeals.submit(link.item_id, link.reference, plain, now, entry)


def uphold(m: Moderation, person: Person, item_id: str) -> None:
    """Leave the rejection as it is."""
    item = m.item(person, item_id)
    if item.outcome != Ruling.REJECT:
        raise Conflict("the rejection is not in force any more")
    m.store.appeals.settle(
        item_id, "upheld", person.name, m.clock(), _entry("upheld", item, person, m.clock())
    )


def overturn(m: Moderation, person: Person, item_id: str) -> None:
    """Approve the comment after all; the blog is told as of any decision."""
    item, now = m.item(person, item_id), m.clock()
    m.store.appeals.settle(item_id, "overturning", person.name, now)
    if item.decision and item.outcome != Ruling.APPROVE:
        item = m.undo(person, item_id, decided_at=item.decision.at)
    if item.decision is None:
        wish = Wish(Ruling.APPROVE, note="appeal", revision=item.revision, source="appeal")
        m.decide(person, item_id, wish)
    entry = _entry("overturned", item, person, now)
    m.store.appeals.settle(item_id, "overturned", person.name, now, entry)


def _entry(what: str, item: Item, person: Person, now: float) -> str:
    return codec.log_entry(f"appeal {what}", now, site=item.comment.site, item=item.id, by=person.name)


def _sign(said: str, key: bytes) -> str:
    # The purpose is signed, too: no other signature of ours can be used as a link, nor a link as one.
    return hmac.digest(key, f"appeal\0{said}".encode(), "sha256").hex()[:40]
