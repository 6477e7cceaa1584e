"""Other thresholds, tried on what came: what they would have held and missed; and setting them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

import numpy as np

from service import policy as policies
from service import rates, replay, site_settings
from service.domain import Item, Policy, Thresholds, Verdict
from service.errors import Conflict
from service.moderation import Moderation
from service.replay import HOLD, Mask, Numbers, Past
from service.statistics import Interval
from service.store import ALL, DECIDED, rows
from service.store.figures import DAY_S

# Of a comment, where too few decisions have followed each other to measure it; a longer gap was no reading.
SECONDS_SUPPOSED, GAP_MAX_S, GAPS_ENOUGH, LATEST = 15.0, 300.0, 20, 300
# The costs of a missed comment for which the curve is drawn.
CURVE = tuple(float(round(10 ** (n / 8), 1)) for n in range(0, 21))


@dataclass(frozen=True, slots=True)
class Part:
    """What one verdict would be given to: what moderators said of it, and would say if they read it all."""

    verdict: Verdict
    comments: int
    approved: int
    rejected: int
    unread: int
    bad: Interval


@dataclass(frozen=True, slots=True)
class Outcome:
    """What some thresholds would have made of the comments."""

    parts: tuple[Part, ...]
    held_a_day: float
    minutes_a_day: float

    def part(self, verdict: str) -> Part:
        """Return what a verdict would have been given to."""
        return next(p for p in self.parts if p.verdict == verdict)


@dataclass(frozen=True, slots=True)
class Step:
    """A point of the curve: what a missed comment costs, where that holds, and what is held a day."""

    cost: float
    threshold: float
    held_a_day: float
    rejected: int


def outcome(past: Past, verdicts: Numbers, seconds: float) -> Outcome:
    """Add up what a replay gave."""
    a_day = int((verdicts == HOLD).sum()) / max(1, past.days)
    each = tuple(_part(past, verdicts == n, verdict) for n, verdict in enumerate(Verdict))
    return Outcome(each, a_day, a_day * seconds / 60)


def curve(past: Past, thresholds: Mapping[str, Thresholds], costs: Mapping[str, float]) -> list[Step]:
    """Return what is held a day, the more a missed comment costs, in the proportions of these costs."""
    most = max(costs.values(), default=1.0) or 1.0
    found = []
    for cost in CURVE:
        holds = replay.by_cost({label: cost * own / most for label, own in costs.items()})
        held = replay.verdicts(past, with_holds(thresholds, holds)) == HOLD
        rejected = int((held & rates.rejected(past)).sum())
        found.append(Step(cost, 1 / (1 + cost), int(held.sum()) / max(1, past.days), rejected))
    return found


def with_holds(thresholds: Mapping[str, Thresholds], holds: Mapping[str, float]) -> dict[str, Thresholds]:
    """Put other thresholds to hold in place, below those to reject."""
    return {
        label: replace(t, hold=min(holds[label], 1.0 if t.reject is None else t.reject))
        for label, t in thresholds.items()
    }


def by_day(past: Past, held: Mask) -> dict[str, list[int]]:
    """Count what would have been held on each day, by what moderators said of it."""
    said = {
        "reject": held & rates.rejected(past),
        "approve": held & (past.ruling == rows.APPROVED),
        "hold": held & (past.ruling == 0),
    }
    return {name: np.bincount(past.day[mask], minlength=past.days).tolist() for name, mask in said.items()}


def seconds_a_comment(m: Moderation, site: str) -> float | None:
    """Measure how long a comment takes: the median time between two decisions of a person who keeps at it."""
    times = defaultdict[str, list[float]](list)
    for item in m.store.views.rows(DECIDED, [site], limit=LATEST).items:
        if item.decision:
            times[item.decision.by].append(item.decision.at)
    gaps = [b - a for at in times.values() for a, b in pairwise(sorted(at)) if 1 <= b - a <= GAP_MAX_S]
    return median(gaps) if len(gaps) >= GAPS_ENOUGH else None


def put_on_trial(
    m: Moderation, site: str, trial: Mapping[str, Thresholds], by: str, instead_of: int
) -> Policy:
    """Set a version that decides as before, and beside which other thresholds are watched."""
    policy = m.store.registry.site(site).policy
    return site_settings.set_policy(m, site, replace(policy, trial=dict(trial)), by, instead_of)


def put_in_force(m: Moderation, site: str, by: str, instead_of: int) -> Policy:
    """Set a version that decides by the thresholds that were on trial."""
    policy = m.store.registry.site(site).policy
    if not policy.trial:
        raise Conflict("nothing is on trial")
    decided = replace(policy, thresholds=policy.trial, trial={})
    return site_settings.set_policy(m, site, decided, by, instead_of)


def trial_since(m: Moderation, site: str) -> float:
    """Return since when the thresholds that are on trial have been."""
    versions = m.store.policies.versions(site)
    since = versions[0].at
    for version in versions:
        if version.policy.trial != versions[0].policy.trial:
            break
        since = version.at
    return since


def crossed(m: Moderation, site: str, policy: Policy) -> tuple[Past, Numbers, Numbers]:
    """Return what came since the day that the trial began, as it was judged, and as the trial would have."""
    days = int(m.clock() // DAY_S) - int(trial_since(m, site) // DAY_S) + 1
    past = replay.past(m, site, days)
    return past, past.verdict, replay.verdicts(past, policy.trial)


def differing(m: Moderation, site: str, policy: Policy, most: int) -> list[tuple[Item, Verdict]]:
    """Return the latest comments that the trial would have judged otherwise, with its verdict."""
    found = []
    for item in m.store.views.rows(ALL, [site], limit=LATEST).items:
        if item.judgement.scores:
            (would,) = replay.verdicts(replay.read([rows.row(item.judgement)]), policy.trial)
            if list(Verdict)[would] is not item.judgement.verdict:
                found.append((item, list(Verdict)[would]))
    return found[:most]


def whole(
    policy: Policy, recommended: Mapping[str, Thresholds], tried: Mapping[str, Thresholds]
) -> Mapping[str, Thresholds]:
    """Return thresholds as a policy would follow them: with the model's own where none is named."""
    found = policies.effective(replace(policy, thresholds=tried), recommended)
    return policies.check(replace(policy, trial=found)).trial


def _part(past: Past, among: Mask, verdict: Verdict) -> Part:
    bad = rates.rejected(past)
    return Part(
        verdict,
        comments=int(among.sum()),
        approved=int((among & (past.ruling == rows.APPROVED)).sum()),
        rejected=int((among & bad).sum()),
        unread=int((among & (past.ruling == 0)).sum()),
        bad=rates.number(past, among, bad),
    )
