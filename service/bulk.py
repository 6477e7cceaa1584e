"""Deciding many comments at once: what would be decided, a sample of it, the decision, its undo."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from service.domain import Item, Person, ReasonCode, Ruling
from service.errors import Conflict, ModqueueError, NotFound
from service.moderation import Moderation, Wish
from service.store import Wanted, keys

# As many as one confirmation decides.
LIMIT = 1000
SAMPLE_FIRST, SAMPLE_LAST, SAMPLE_UNLIKE = 2, 1, 2


@dataclass(frozen=True, slots=True)
class Bulk:
    """Comments to decide together, as they were when they were shown; once decided, how and when."""

    id: str
    by: str
    items: tuple[tuple[str, int], ...]
    more: bool = False
    ruling: Ruling | None = None
    reason: ReasonCode | None = None
    at: float = 0.0
    done: int = 0


def of_ids(m: Moderation, person: Person, ids: Sequence[str]) -> Bulk:
    """Plan to decide the comments that were selected."""
    asked = [i for i in dict.fromkeys(ids) if keys.ITEM_ID.fullmatch(i)][:LIMIT]
    found = [i for i in m.store.views.brief(asked) if person.may_see(i.comment.site)]
    return _plan(m, person, found, more=len(ids) > LIMIT)


def of_view(m: Moderation, person: Person, view: str, site: str, wanted: Wanted) -> Bulk:
    """Plan to decide everything that a search finds in a view."""
    found: list[Item] = []
    cursor, pages = "", 0
    while len(found) < LIMIT and (cursor or not pages):
        page = m.page(person, view, site, cursor, min(200, LIMIT - len(found)), wanted=wanted)
        found, cursor, pages = [*found, *page.items], page.cursor, pages + 1
    return _plan(m, person, found, more=bool(cursor))


def find(m: Moderation, person: Person, bulk_id: str) -> Bulk:
    """Return a plan or decision of this person."""
    raw = m.store.personal.bulk(bulk_id)
    if raw is None or raw["by"] != person.name:
        raise NotFound("no such selection; it is kept for a day")
    return _read(raw)


def sample(items: Sequence[Item]) -> list[Item]:
    """Return the first, the least severe, and those least like the others, in this order."""
    if len(items) <= SAMPLE_FIRST + SAMPLE_LAST + SAMPLE_UNLIKE:
        return list(items)
    texts = [set(i.comment.text.casefold().split()) for i in items]
    common = Counter(word for words in texts for word in words)
    alike = [sum(common[w] for w in words) / (len(words) or 1) for words in texts]
    unlike = sorted(range(len(items)), key=lambda n: alike[n])
    mild = sorted(range(len(items)), key=lambda n: items[n].judgement.severity)
    chosen = list(range(SAMPLE_FIRST))
    for order, wanted in ((mild, SAMPLE_LAST), (unlike, SAMPLE_UNLIKE)):
        chosen += [n for n in order if n not in chosen][:wanted]
    return [items[n] for n in chosen]


def decide(m: Moderation, person: Person, bulk_id: str, wish: Wish) -> tuple[Bulk, list[ModqueueError]]:
    """Decide what was planned; returns the bulk, and why some were left as they are.

    Broken off in the middle, the same again does the rest: each decision has the time of the first try.
    """
    bulk = find(m, person, bulk_id)
    if bulk.ruling and (bulk.ruling, bulk.reason) != (wish.ruling, wish.reason):
        raise Conflict("this selection is decided already", by=bulk.by, at=bulk.at)
    bulk = replace(bulk, ruling=wish.ruling, reason=wish.reason, at=bulk.at or m.clock())
    _save(m, bulk)
    left: list[ModqueueError] = []
    for item_id, revision in bulk.items:
        try:
            m.decide(person, item_id, replace(wish, revision=revision, together=True), bulk.at)
        except (Conflict, NotFound) as refusal:
            left.append(refusal)
    bulk = replace(bulk, done=len(bulk.items) - len(left))
    _save(m, bulk)
    return bulk, left


def undo(m: Moderation, person: Person, bulk_id: str) -> int:
    """Take a decision on several comments back, where it is still in force; returns on how many it was."""
    bulk, undone = find(m, person, bulk_id), 0
    if bulk.ruling is None:
        raise Conflict("this selection is not decided")
    for item_id, _ in bulk.items:
        undone += _undone(m, person, item_id, bulk.at)
    return undone


def _undone(m: Moderation, person: Person, item_id: str, at: float) -> bool:
    try:
        item = m.item(person, item_id)
        if item.decision and item.decision.by == person.name:
            m.undo(person, item_id, decided_at=at)
            return True
    except (Conflict, NotFound):
        pass  # somebody has decided otherwise since
    return False


def _plan(m: Moderation, person: Person, found: Sequence[Item], more: bool) -> Bulk:
    open_ones = tuple((i.id, i.revision) for i in found if i.pending and not i.hidden)
    if not open_ones and any(i.hidden for i in found):
        raise Conflict("audited comments are read one by one")
    if not open_ones:
        raise ModqueueError("nothing that waits was selected")
    bulk = Bulk(secrets.token_hex(8), person.name, open_ones, more)
    _save(m, bulk)
    return bulk


def _save(m: Moderation, bulk: Bulk) -> None:
    record: dict[str, Any] = {name: getattr(bulk, name) for name in Bulk.__slots__}
    m.store.personal.save_bulk(bulk.id, record)


def _read(raw: dict[str, Any]) -> Bulk:
    ruling = Ruling(raw["ruling"]) if raw["ruling"] else None
    reason = ReasonCode(raw["reason"]) if raw["reason"] else None
    items = tuple((str(i), int(n)) for i, n in raw["items"])
    return Bulk(**{**raw, "ruling": ruling, "reason": reason, "items": items})
