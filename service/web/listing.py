"""The list of a view: a page of its rows, in which the copies of a campaign stand once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from service.domain import Item, Lane
from service.errors import NotFound
from service.store import PENDING, Page
from service.web.accounts import me
from service.web.places import Place
from service.web.responses import moderation

ROWS = 50
# Where most of a page is copies, so many pages are put together at most.
PAGES = 8


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows in order, where the next page begins, and for copies shown once, how many wait of the campaign."""

    items: tuple[Item, ...]
    cursor: str
    copies: dict[str, int] = field(default_factory=dict)

    def grouped(self, item: Item) -> int:
        """Return how many copies a row stands for; none if it stands for itself."""
        return self.copies.get(item.campaign, 0) if item.pending else 0


def rows(place: Place) -> Listing:
    """Return a page of a view: grouped where everything waits; what is on a card is not in its lane again."""
    if place.filters or place.lane not in (PENDING, Lane.CAMPAIGNS):
        page = _page(place, place.cursor)
        return Listing(page.items, page.cursor)
    found: list[Item] = []
    copies = _on_cards(place) if place.lane == Lane.CAMPAIGNS else {}
    shown, cursor = set(copies), place.cursor
    for _ in range(PAGES):
        page = _page(place, cursor)
        copies |= _waiting({i.campaign for i in page.items} - set(copies))
        for item in page.items:
            if item.campaign not in shown:
                found.append(item)
            if item.campaign in copies:
                shown.add(item.campaign)
        cursor = page.cursor
        if not cursor or len(found) >= ROWS // 2:
            break
    return Listing(tuple(found), cursor, copies)


def _page(place: Place, cursor: str) -> Page:
    sites = moderation().sites_of(me(), place.site)
    return moderation().store.views.rows(place.lane, sites, cursor, ROWS, place.wanted())


def _on_cards(place: Place) -> dict[str, int]:
    sites = moderation().sites_of(me(), place.site)
    return {c.id: c.waiting for c in moderation().store.campaigns.latest(sites)}


def _waiting(campaigns: Iterable[str]) -> dict[str, int]:
    # Of a campaign that has expired, each copy is shown by itself: there is no card to decide them on.
    waiting = {}
    for name in filter(None, campaigns):
        try:
            waiting[name] = moderation().store.campaigns.campaign(name).waiting
        except NotFound:
            continue
    return {name: n for name, n in waiting.items() if n > 1}
