"""The second reading of some audited comments, and the disputes that an admin settles."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from service import statistics
from service.domain import Item, Person, ReasonCode, Ruling
from service.errors import Conflict, NotFound
from service.moderation import Moderation, Wish
from service.store import codec
from service.store.figures import DAY_S
from service.store.readings import DISPUTED, SECOND, Reading

# As the counters name what somebody said: an approval, or the reason of a rejection.
SAID = ("approve", *map(str, ReasonCode))


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two readers agree, each without knowing of the other: on the ruling, and on its reason, too."""

    pairs: int
    same: int
    on_ruling: float | None
    on_reason: float | None


@dataclass(frozen=True, slots=True)
class Dispute:
    """A comment on which two readers did not agree."""

    item: Item
    second: Reading


def agreement(m: Moderation, person: Person, days: int, site: str) -> Agreement:
    """Measure how far the readers of the last days agree."""
    last, counted = int(m.clock() // DAY_S), Counter[tuple[str, str]]()
    for each in m.store.figures.days(m.sites_of(person, site), last - days + 1, last).values():
        for day in each:
            counted.update({(a, b): day[f"pair:{a}:{b}"] for a in SAID for b in SAID})
    rulings = {word: "approve" if word == "approve" else "reject" for word in SAID}
    return Agreement(
        pairs=counted.total(),
        same=sum(n for (one, other), n in counted.items() if one == other),
        on_ruling=statistics.alpha(statistics.merged(counted, rulings)),
        on_reason=statistics.alpha(counted),
    )


def waiting(m: Moderation, person: Person, site: str = "") -> list[Item]:
    """Return what this person may read as a second one, the oldest first."""
    items = m.store.views.items(m.store.readings.waiting(SECOND, m.sites_of(person, site)))
    return [i for i in items if i.decision and i.decision.by != person.name]


def read_again(m: Moderation, person: Person, item_id: str, wish: Wish) -> None:
    """Write down what a second person says; what is in force stays."""
    item, now = m.item(person, item_id), m.clock()
    reason = wish.reason if wish.ruling is Ruling.REJECT else None
    facts = {"site": item.comment.site, "item": item_id, "by": person.name}
    entry = codec.log_entry("second reading", now, **facts, decision=wish.ruling, reason=reason)
    m.store.readings.read_again(
        item_id, item.revision if wish.revision is None else wish.revision,
        by=person.name, ruling=wish.ruling, reason=reason or "", now=now, entry=entry,
    )  # fmt: skip


def disputes(m: Moderation, person: Person, site: str = "") -> list[Dispute]:
    """Return what two readers did not agree on, the oldest first."""
    found = []
    for item in m.store.views.items(m.store.readings.waiting(DISPUTED, m.sites_of(person, site))):
        if second := m.store.readings.of(item.id):
            found.append(Dispute(item, second))
    return found


def adjudicate(m: Moderation, person: Person, item_id: str, wish: Wish) -> None:
    """Settle a dispute: where the decision in force is another one, it is made anew, and the blog is told."""
    item = m.item(person, item_id)
    if item_id not in m.store.readings.waiting(DISPUTED, [item.comment.site]):
        raise Conflict("this dispute is settled already")
    if m.store.readings.of(item_id) is None:
        raise NotFound("no such comment")
    reason = wish.reason if wish.ruling is Ruling.REJECT else None
    if item.decision and (item.decision.ruling, item.decision.reason) != (wish.ruling, reason):
        item = m.undo(person, item_id, decided_at=item.decision.at)
    if item.decision is None:
        m.decide(person, item_id, wish)
    facts = {"site": item.comment.site, "item": item_id, "by": person.name}
    entry = codec.log_entry("dispute settled", m.clock(), **facts, decision=wish.ruling, reason=reason)
    m.store.readings.settle(item_id, entry)
