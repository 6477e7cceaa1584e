"""Where a decision leads: the next comment that is free for me, or, by my wish, a good one in between."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from flask import Response, g, redirect, request, session

from service.domain import Item, Role
from service.store import ALL, keys
from service.web import showing
from service.web.accounts import me
from service.web.places import Place
from service.web.responses import moderation

# So many of the following comments are tried, some at once, until one is free.
LOOK_AHEAD, AT_ONCE = 50, 5
# What a person may switch, and how it is at first.
SWITCHES = {"keys": True, "veil": True, "blur": False, "relief": False}
# After so many hard texts a good one is shown to those who wish it: the latest of so many that fits.
RELIEF_AFTER, RELIEF_AMONG = 5, 80
RELIEF_BELOW, RELIEF_LENGTH = 0.05, range(40, 500)


def go(place: Place, item_id: str, **more: str) -> Response:
    """Lead to a place on the desk."""
    return cast(Response, redirect(place.url(item_id, **more), 303))


def preferences() -> dict[str, bool]:
    """Return what this person has switched on or off, or what is so at first."""
    return SWITCHES | moderation().store.personal.preferences(me().name)


def held_by_other(item: Item) -> bool:
    """Tell whether somebody else is reading this comment."""
    lease = item.lease
    return bool(lease and lease.by != me().name and lease.until > moderation().clock())


def free(item: Item) -> bool:
    """Tell whether this comment is offered to me as the next one."""
    for_admin = item.escalation is not None and me().role is not Role.ADMIN
    return item.pending and not held_by_other(item) and item.id not in skipped() and not for_admin


def after(items: Iterable[Item], item: Item | None) -> list[str]:
    """Return what comes after this comment in the list, then what was passed over before it."""
    shown = list(items)
    ids = [i.id for i in shown if free(i)]
    at = next((n for n, i in enumerate(shown) if item and i.id == item.id), 0)
    later = {i.id for i in shown[at:]}
    ordered = [i for i in ids if i in later] + [i for i in ids if i not in later]
    return [i for i in ordered if not item or i != item.id][:LOOK_AHEAD]


def skipped() -> frozenset[str]:
    """Return what I have passed on to others."""
    if "skipped" not in g:
        g.skipped = moderation().store.personal.skipped(me().name, moderation().clock())
    return cast(frozenset[str], g.skipped)


def read(item: Item) -> None:
    """Count a text that was hard to read: for the hint to rest, and until a good one is shown."""
    if showing.hard(item):
        moderation().store.personal.expose(me().name, item.id, moderation().clock())
        session["hard"] = session.get("hard", 0) + 1


def is_relief(item: Item | None) -> bool:
    """Tell whether a good comment is shown, on which nothing is to be decided."""
    return bool(item and "relief" in request.args and _good(item))


def free_ones(following: str) -> list[str]:
    """Return what follows, from the first comment on that is free now."""
    g.pop("skipped", None)
    known = [i for i in following.split() if keys.ITEM_ID.fullmatch(i)][:LOOK_AHEAD]
    for start in range(0, len(known), AT_ONCE):
        for item in moderation().store.views.brief(known[start : start + AT_ONCE]):
            if me().may_see(item.comment.site) and free(item):
                return known[known.index(item.id) :]
    return []


def relief(place: Place) -> str:
    """Return a good comment, where somebody wishes for one and has read many hard ones."""
    if session.get("hard", 0) < RELIEF_AFTER or not preferences()["relief"]:
        return ""
    m, shown = moderation(), session.get("relieved", [])
    latest = m.store.views.rows(ALL, m.sites_of(me(), place.site), limit=RELIEF_AMONG).items
    found = next((i.id for i in latest if _good(i) and i.id not in shown), "")
    if found:
        session["hard"], session["relieved"] = 0, [*shown, found][-RELIEF_AMONG:]
    return found


def _good(item: Item) -> bool:
    published = item.outcome == "approve" and not item.pending
    mild = all(value < RELIEF_BELOW for value in item.judgement.scores.values())
    return published and mild and bool(item.judgement.scores) and len(item.comment.text) in RELIEF_LENGTH
