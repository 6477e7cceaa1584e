"""What surrounds a comment: what is known of its author, and the thread that it stands in."""

from __future__ import annotations

from dataclasses import dataclass

from service.domain import History, Item, Person
from service.errors import NotFound
from service.moderation import Moderation
from service.store import DECIDED, Wanted, keys

ANCESTORS_MAX, DECISIONS_MAX = 5, 8


@dataclass(frozen=True, slots=True)
class Context:
    """The author's counts and last decided comments on this site, and the comments above, nearest first."""

    history: History
    decided: tuple[Item, ...]
    ancestors: tuple[Item, ...]
    complete: bool


def of(m: Moderation, person: Person, item: Item) -> Context:
    """Gather what surrounds a comment."""
    site, author = item.comment.site, item.comment.author_key
    history = m.store.views.history(site, author) if author else History()
    wanted = Wanted(author=author)
    decided = m.page(person, DECIDED, site, limit=DECISIONS_MAX + 1, wanted=wanted).items if author else ()
    above = _ancestors(m, item)
    top = (above[-1] if above else item).comment.parent_id
    others = tuple(i for i in decided if i.id != item.id)[:DECISIONS_MAX]
    return Context(history, others, tuple(above), top in ("", "0"))


def _ancestors(m: Moderation, item: Item) -> list[Item]:
    found, at = [item], item
    while at.comment.parent_id not in ("", "0") and len(found) <= ANCESTORS_MAX:
        parent = keys.item_id(at.comment.site, at.comment.parent_id, m.store.partitions)
        try:
            at = m.store.views.item(parent)
        except NotFound:
            break
        if any(i.id == at.id for i in found):
            break  # a blog may say what it likes, also that a comment answers to itself
        found.append(at)
    return found[1:]
