"""The rail of lanes: why something waits, how much of it, and since when."""

from __future__ import annotations

from collections.abc import Iterable

from service.domain import Role
from service.store import ALL, DECIDED, ESCALATED, PENDING
from service.web import words
from service.web.accounts import me
from service.web.places import APPEALS, LANES, Place
from service.web.responses import moderation

# Name, how many wait there, and since when the oldest does, where that is counted.
Entry = tuple[str, int | None, float | None]


def lanes(place: Place) -> list[Entry]:
    """Return every lane that I may see, in order."""
    m, found = moderation(), moderation().lanes(me(), place.site)
    waiting = sum(s.count for s in found.values())
    entries: dict[str, Entry] = {PENDING: (PENDING, waiting, _first(s.oldest for s in found.values()))}
    entries |= {lane: (str(lane), s.count, s.oldest) for lane, s in found.items()}
    sites = m.sites_of(me(), place.site)
    oldest = m.store.appeals.open(sites, 1)
    entries[APPEALS] = (APPEALS, m.store.appeals.count(sites), _first(a.at for a in oldest))
    if me().role is Role.ADMIN:
        entries[ESCALATED] = (ESCALATED, m.store.views.escalated(sites), None)
    entries |= {name: (name, None, None) for name in (DECIDED, ALL)}
    return [entries[name] for name in LANES if name in entries]


def parts(place: Place) -> dict[str, object]:
    """Return what the template of the rail needs."""
    return {"lanes": lanes(place), **frame(place)}


def frame(place: Place) -> dict[str, object]:
    """Return where one is, and among which sites."""
    sites = [s for s in moderation().store.registry.sites() if me().may_see(s.id)]
    return {"names": words.table(LANES), "sites": sites, "place": place}


def _first(times: Iterable[float | None]) -> float | None:
    return min((t for t in times if t is not None), default=None)
