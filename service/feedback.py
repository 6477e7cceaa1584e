"""What a blog's moderators decided on the blog, written as decisions here; the blog is not told again."""

from __future__ import annotations

from dataclasses import dataclass

from service.domain import Decision, Item, Person, ReasonCode, Role, Ruling, Site
from service.moderation import Moderation, Wish
from service.store import keys

SOURCE = "wordpress"


@dataclass(frozen=True, slots=True)
class Report:
    """What is in force on the blog now, and who saw to that; no ruling means that it waits again."""

    comment_id: str
    by: str
    ruling: Ruling | None = None
    reason: ReasonCode | None = None


def apply(moderation: Moderation, site: Site, report: Report, source: str = SOURCE) -> Item:
    """Bring the decision here in line with the blog's; one that is so already is left alone."""
    person = Person(f"{source}:{report.by}", Role.MODERATOR, (site.id,))
    item = moderation.item(person, keys.item_id(site.id, report.comment_id, moderation.store.partitions))
    if item.decision and not _agree(item.decision, report):
        item = moderation.undo(person, item.id, source, tell=False)
    if report.ruling is None or item.decision:
        return item
    if item.lease:
        # On the blog it is done: whoever reads it on the desk is told by whom.
        moderation.release(person, item.id, item.lease.token)
    return moderation.decide(person, item.id, Wish(report.ruling, report.reason, source=source, tell=False))


def _agree(decision: Decision, report: Report) -> bool:
    # A blog knows fewer reasons than the desk: its `other` is no word against the desk's own.
    vague = report.reason in (None, ReasonCode.OTHER)
    return decision.ruling is report.ruling and (vague or decision.reason is report.reason)
