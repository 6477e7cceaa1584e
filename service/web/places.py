"""Where on the desk somebody is: view, site, search and cursor, in the address so that it can be shared."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import request, url_for

from service.domain import LABELS, Lane
from service.errors import Invalid, NotFound
from service.store import ALL, DECIDED, ESCALATED, PENDING, Sort, Wanted
from service.web import showing
from service.web.words import mark

# A lane with a page of its own, since what waits there is not a comment but what is said about one.
APPEALS = "appeals"
# In the order of the rail.
LANES: dict[str, str] = {
    PENDING: mark("All waiting"),
    Lane.UNCERTAIN: mark("Uncertain"),
    Lane.CAMPAIGNS: mark("Campaigns"),
    Lane.DEHUMANISING: mark("Dehumanising"),
    Lane.HATEFUL: mark("Hateful"),
    Lane.SPAM: mark("Spam"),
    APPEALS: mark("Appeals"),
    Lane.AUDIT: mark("Audit"),
    Lane.ERRORS: mark("Errors"),
    ESCALATED: mark("Escalated"),
    DECIDED: mark("Decided"),
    ALL: mark("Everything"),
}
SORTS: dict[str, str] = {
    Sort.SEVERITY: mark("most severe first"),
    Sort.UNCERTAINTY: mark("closest to the threshold first"),
    Sort.OLDEST: mark("oldest first"),
    Sort.NEWEST: mark("latest first"),
}
# What a search may ask for beside a label.
REASONS = {code: words for code, words in showing.REASON_CODES.items() if code != "campaign"}
FILTERS = ("q", "label", "reason", "author", "post", "since", "until", "low", "high")


@dataclass(frozen=True, slots=True)
class Place:
    """A view of the queue, and what is searched for in it."""

    lane: str
    site: str = ""
    cursor: str = ""
    sort: str = ""
    q: str = ""
    label: str = ""
    reason: str = ""
    author: str = ""
    post: str = ""
    since: str = ""
    until: str = ""
    low: str = ""
    high: str = ""

    @property
    def fields(self) -> dict[str, str]:
        """Return what is not left open."""
        return {name: value for name in NAMES if (value := getattr(self, name))}

    @property
    def filters(self) -> dict[str, str]:
        """Return what is searched for."""
        return {name: value for name, value in self.fields.items() if name in FILTERS}

    @property
    def order(self) -> str:
        """Return the order that is shown."""
        if self.lane in (DECIDED, ALL, ESCALATED):
            return self.sort if self.sort == Sort.OLDEST else Sort.NEWEST
        if self.lane == Lane.AUDIT:
            return self.sort or Sort.OLDEST
        return self.sort or (Sort.UNCERTAINTY if self.lane == Lane.UNCERTAIN else Sort.SEVERITY)

    def url(self, item: str = "", page: str = "desk.queue", **changes: str) -> str:
        """Return the address of this place, or of one near it."""
        query: dict[str, Any] = {**self.fields, "item": item, **changes}
        return url_for(page, **{k: v for k, v in query.items() if v})

    def lane_url(self, lane: str) -> str:
        """Return the address of a lane, with the search that is shown here."""
        if lane == APPEALS:
            return url_for("appeals.index", site=self.site or None)
        return self.url(lane=lane, cursor="", sort="")

    def without(self, *names: str) -> Place:
        """Return this place, with some of the search left out."""
        return replace(self, cursor="", **dict.fromkeys(names, ""))

    def wanted(self) -> Wanted:
        """Return what is searched for, as the store takes it."""
        until = _day("until", self.until)
        return Wanted(
            words=self.q, author=self.author, post=self.post, label=self.label, reason=self.reason,
            since=_day("since", self.since), until=None if until is None else until + _DAY_S,
            low=_score("low", self.low), high=_score("high", self.high),
            sort=Sort(self.sort) if self.sort else None,
        )  # fmt: skip


NAMES = tuple(f.name for f in fields(Place))
_DAY_S = timedelta(days=1).total_seconds() - 0.001


def here() -> Place:
    """Read the place from the address or form of this request."""
    lane = request.values.get("lane") or PENDING
    if lane not in LANES or lane == APPEALS:
        raise NotFound("no such lane: %(lane)s", lane=lane[:40])
    given = {
        name: request.values.get(name, "").strip()[:200] for name in ("site", "cursor", "sort", *FILTERS)
    }
    if given["sort"] and given["sort"] not in SORTS:
        raise Invalid("sort", "one of %(these)s", these=", ".join(SORTS))
    if given["label"] and given["label"] not in LABELS:
        raise Invalid("label", "one of %(these)s", these=", ".join(LABELS))
    place = Place(lane, **given)
    place.wanted()
    return place


def _day(name: str, text: str) -> float | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() if text else None
    except ValueError:
        raise Invalid(name, "a date such as 2026-11-22") from None


def _score(name: str, text: str) -> float | None:
    try:
        value = float(text) if text else None
    except ValueError:
        value = math.nan
    if value is not None and not 0 <= value <= 1:
        raise Invalid(name, "a score between 0 and 1")
    return value
