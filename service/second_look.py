"""Decisions that deserve a second look: near-copies decided otherwise, labels that scores speak against."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from service import campaigns
from service.domain import LABELS, Item, Person, ReasonCode, Ruling
from service.errors import Conflict
from service.moderation import Moderation
from service.store import DECIDED, codec

# Among so many of the latest decisions; two are near-copies that share so many parts of their fingerprints.
LATEST, ALIKE_FROM, SHOWN = 2000, 3, 30


@dataclass(frozen=True, slots=True)
class Doubt:
    """A decision, and what speaks against it: a near-copy, or what a label scored."""

    item: Item
    copy: Item | None = None
    label: str = ""
    margin: float = 1.0


def doubts(m: Moderation, person: Person, site: str) -> list[Doubt]:
    """Return the decisions of a site to look at again, the most doubtful first."""
    page = m.store.views.rows(DECIDED, m.sites_of(person, site), limit=LATEST)
    items = [i for i in page.items if i.decision]
    found = {d.item.id: d for d in (*_by_scores(items), *_by_copies(items))}
    known = m.store.readings.looked(list(found))
    open_ones = [d for d in found.values() if known.get(d.item.id) != _at(d.item)]
    return sorted(open_ones, key=lambda d: -d.margin)[:SHOWN]


def keep(m: Moderation, person: Person, item_id: str, decided_at: float) -> None:
    """Write down that a decision was looked at again, and stays."""
    item, now = m.item(person, item_id), m.clock()
    if item.decision is None or item.decision.at != decided_at:
        raise Conflict("another decision was made since")
    facts = {"site": item.comment.site, "item": item_id, "by": person.name}
    m.store.readings.look(item_id, decided_at, codec.log_entry("second look", now, **facts))


def suspects(scores: Sequence[float], given: Sequence[bool]) -> list[tuple[int, float]]:
    """Return which labels are likely wrong, with by how much their scores speak for the other one.

    Confident learning: a comment counts as of the class whose average confidence its own score reaches, where
    that is not the class given (Northcutt, Jiang and Chuang 2021, J. Artif. Intell. Res. 70, 1373-1411,
    section 3.1; ranked by margin, section 3.2). Scores are from before the decision: none has learnt it.
    """
    sure = {
        kind: [s if kind else 1 - s for s, g in zip(scores, given, strict=True) if g is kind]
        for kind in (True, False)
    }
    if not all(sure.values()):
        return []
    limit = {kind: sum(of) / len(of) for kind, of in sure.items()}
    other = [(1 - s if g else s, g) for s, g in zip(scores, given, strict=True)]
    return [(n, 2 * p - 1) for n, (p, g) in enumerate(other) if p >= limit[not g] and p > 0.5]


def _by_scores(items: Sequence[Item]) -> list[Doubt]:
    found = []
    for label in LABELS:
        told = [(i, said) for i in items if (said := _said(i, label)) is not None]
        scores = [i.judgement.scores[label] for i, _ in told]
        for n, margin in suspects(scores, [said for _, said in told]):
            found.append(Doubt(told[n][0], label=label, margin=margin))
    return found


def _by_copies(items: Sequence[Item]) -> list[Doubt]:
    prints = [campaigns.fingerprint(i.comment.text, i.comment.author_url) for i in items]
    having = defaultdict[bytes, list[int]](list)
    for n, parts in enumerate(prints):
        for part in parts:
            having[part].append(n)
    found = []
    for n, item in enumerate(items):
        shared = Counter(other for part in prints[n] for other in having[part] if other != n)
        alike = [items[other] for other, count in shared.items() if count >= ALIKE_FROM]
        against = [i for i in alike if _ruling(i) != _ruling(item)]
        # Where as many say so as say otherwise, the later one is looked at.
        ours = len(alike) - len(against) + 1
        later = against and _at(item) > max(map(_at, against))
        if len(against) > ours or (len(against) == ours and later):
            found.append(Doubt(item, copy=against[0]))
    return found


def _said(item: Item, label: str) -> bool | None:
    # A rejection for another reason says nothing of this label; what was not scored cannot be compared.
    if item.decision is None or label not in item.judgement.scores:
        return None
    if item.decision.ruling is Ruling.APPROVE:
        return False
    return True if item.decision.reason == ReasonCode(label) else None


def _ruling(item: Item) -> Ruling | None:
    return item.decision.ruling if item.decision else None


def _at(item: Item) -> float:
    return item.decision.at if item.decision else 0.0
