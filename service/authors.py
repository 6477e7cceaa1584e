"""What is kept of one author: exported, or erased wherever it lies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from service import identity
from service.akismet import text_digest
from service.domain import Comment, Item
from service.errors import Invalid
from service.moderation import Moderation


@dataclass(slots=True)
class Erased:
    """How much was erased, and what could not be."""

    comments: int = 0
    replies: int = 0
    examples: int = 0
    log: int = 0
    # Comments whose last decision the blog had not confirmed: it will not be told any more.
    untold: list[str] = field(default_factory=list)


def key_of(email: str, ip: str, secret_key: str) -> str:
    """Return the key that an author's comments were stored under."""
    key = identity.author_key(email.strip().casefold(), ip.strip(), identity.hash_key(secret_key))
    if not key:
        raise Invalid("email", "must not be empty")
    return key


def erase(m: Moderation, site: str, author_key: str, by: str) -> Erased:
    """Erase the comments of an author of a site, and whatever says anything of them."""
    own, replies = _found(m, site, author_key)
    done, erasing = Erased(), m.store.erasing
    names, ids = {i.comment.comment_id for i in own}, {i.id for i in own}
    for item in own:
        untold, guid = erasing.erase(item.id)
        for comment in _revisions(item):
            erasing.forget_text(site, text_digest(comment.text), guid)
        done.untold += [item.comment.comment_id] if untold else []
        done.comments += 1
    for item in replies:
        if any(c.parent_id in names for c in _revisions(item)):
            erasing.forget_parent(item.id)
            done.replies += 1
    erasing.forget_author(site, author_key)
    erasing.forget_answers(ids)
    _purge(m, site, ids, names, done)
    if done.comments:
        entry = {"at": m.clock(), "kind": "erased", "site": site, "by": by, "comments": done.comments}
        m.store.registry.log(entry)
    return done


def export(m: Moderation, site: str, author_key: str) -> Iterator[dict[str, Any]]:
    """Give all that is kept of an author on a site: each comment with what became of it, and the counts."""
    own, _ = _found(m, site, author_key)
    for item in own:
        appeal = m.store.appeals.of(item.id)
        yield {
            **asdict(item),
            "delivery": asdict(item.delivery) if item.delivery else None,
            "lease": None,
            "appeal": asdict(appeal) if appeal else None,
        }
    if own:
        yield {"site": site, "author": asdict(m.store.views.history(site, author_key))}


def _found(m: Moderation, site: str, author_key: str) -> tuple[list[Item], list[Item]]:
    # Also by an earlier revision: an edit may have changed the address.
    own, replies = [], []
    for item in m.store.erasing.items(site):
        if any(c.author_key == author_key for c in _revisions(item)):
            own.append(item)
        elif any(c.parent_text for c in _revisions(item)):
            replies.append(item)
    return own, replies


def _revisions(item: Item) -> Sequence[Comment]:
    return (item.comment, *(comment for _, comment in item.earlier))


def _purge(m: Moderation, site: str, ids: set[str], names: set[str], done: Erased) -> None:
    def told(entry: dict[str, Any]) -> bool:
        return entry.get("item") in ids or str(entry.get("delivery", ""))[3:29] in ids

    def learnt(example: dict[str, Any]) -> bool:
        said = example.get("comment", {})
        quoted = example.get("site") == site and said.get("parent_text") and said.get("parent_id") in names
        return example.get("item") in ids or bool(quoted)

    done.log = m.store.erasing.purge(site, "log", "entry", told) + m.store.erasing.purge_service_log(told)
    done.examples = m.store.erasing.purge(site, "examples", "example", learnt)
