"""What was sent, judged and decided over some days, added up for people to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from service.domain import LABELS, Person, Ruling, Verdict
from service.moderation import Moderation
from service.store.figures import DAY_S

HOUR_S = 3600.0
# What waits is counted by age: up to each of these, and over the last.
AGES_S = (HOUR_S, DAY_S, 3 * DAY_S)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of what was held for a label and then decided: how much moderators rejected, and approved."""

    label: str
    rejected: int
    approved: int

    @property
    def share(self) -> float | None:
        """Return the share that moderators rejected, as the machine had feared."""
        total = self.rejected + self.approved
        return self.rejected / total if total else None


@dataclass(frozen=True, slots=True)
class SiteFigures:
    """A site in one line."""

    site: str
    comments: int
    held: int
    decisions: int
    median_wait_s: float | None
    waiting: int


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that the figures page shows."""

    days: tuple[date, ...]
    each: tuple[Counter[str], ...]
    total: Counter[str]
    waits_s: tuple[float | None, ...]
    median_wait_s: float | None
    agreement: tuple[Agreement, ...]
    backlog: tuple[int, ...]
    sites: tuple[SiteFigures, ...]

    def series(self, name: str) -> list[int]:
        """Return a counter, day by day."""
        return [day[name] for day in self.each]

    def named(self, prefix: str) -> dict[str, int]:
        """Return the totals of the counters whose names begin so, the largest first."""
        found = {k.removeprefix(prefix): n for k, n in self.total.items() if k.startswith(prefix) and n > 0}
        return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def report(m: Moderation, person: Person, days: int, site: str = "") -> Report:
    """Add up the last days, today included, over the sites of this person."""
    sites, now = m.sites_of(person, site), m.clock()
    last = int(now // DAY_S)
    by_site = m.store.figures.days(sites, last - days + 1, last)
    each = tuple(_sum(by_site[s][n] for s in sites) for n in range(days))
    total = _sum(each)
    today = datetime.fromtimestamp(now, UTC).date()
    return Report(
        days=tuple(today - timedelta(days=n) for n in reversed(range(days))),
        each=each,
        total=total,
        waits_s=tuple(median_wait(day) for day in each),
        median_wait_s=median_wait(total),
        agreement=tuple(
            Agreement(k, total[f"held:{k}:{Ruling.REJECT}"], total[f"held:{k}:{Ruling.APPROVE}"])
            for k in LABELS
        ),
        backlog=tuple(_backlog(m, sites)),
        sites=tuple(_site(m, s, by_site[s]) for s in sites),
    )


def median_wait(counters: Counter[str]) -> float | None:
    """Estimate the median time to a decision, in seconds, from the counted waits: within a tenth of it."""
    waits = sorted((int(k[5:]), n) for k, n in counters.items() if k.startswith("wait:") and n > 0)
    half = sum(n for _, n in waits) / 2
    for bucket, n in waits:
        half -= n
        if half <= 0:
            return float(2 ** ((bucket + 0.5) / 4) - 1)
    return None


def _site(m: Moderation, site: str, days: Sequence[Counter[str]]) -> SiteFigures:
    total = _sum(days)
    return SiteFigures(
        site,
        comments=sum(total[f"verdict:{v}"] for v in Verdict),
        held=total[f"verdict:{Verdict.HOLD}"],
        decisions=sum(total[f"decision:{r}"] for r in Ruling),
        median_wait_s=median_wait(total),
        waiting=sum(_backlog(m, [site])),
    )


def _backlog(m: Moderation, sites: Sequence[str]) -> list[int]:
    return m.store.figures.backlog(sites, m.clock(), AGES_S)


def _sum(counters: Iterable[Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for counter in counters:
        total.update(counter)
    return total
