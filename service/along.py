"""A challenger judges live comments along with the champion, to no effect, in a process of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from service import models
from service.domain import LABELS, Site, Verdict
from service.models import Judged
from service.moderation import Moderation
from service.scoring import Model
from service.store import ALL

# So many comments of a site are judged in one step at most, the latest: what is beyond goes by unjudged.
AT_ONCE = 20


class Shadow:
    """Keeps the challenger in memory while one judges along."""

    def __init__(self, m: Moderation) -> None:
        self._m = m
        self._loaded: tuple[str, Model] | None = None

    def step(self) -> int:
        """Judge what came since the last step, within bounds; returns how many comments that were."""
        along = self._m.store.shadow.read()
        if along is None:
            self._loaded = None
            return 0
        if self._loaded is None or self._loaded[0] != along.model:
            self._loaded = along.model, models.load(self._m, along.model)
        sites = self._m.store.registry.sites()
        return sum(
            self._judge(site, along.until.get(site.id, along.since), self._loaded[1]) for site in sites
        )

    def _judge(self, site: Site, since: float, model: Model) -> int:
        page = self._m.store.views.rows(ALL, [site.id], limit=AT_ONCE)
        fresh = [i for i in page.items if i.received_at > since]
        # What is audited is not told before it was read.
        items = [i for i in fresh if i.judgement.scores]
        if not fresh:
            return 0
        judged = models.judge(site, model, items)
        counts = Counter((str(one.was), str(one.now)) for one in judged)
        differing = [
            {"item": one.item.id, "was": one.was, "now": one.now, "scores": one.scores}
            for one in judged
            if one.was is not one.now
        ]
        latest = max(i.received_at for i in fresh)
        self._m.store.shadow.add(site.id, latest, counts, differing[::-1])
        return len(items)


def differing(m: Moderation, raw: Sequence[dict[str, object]], most: int) -> list[Judged]:
    """Return the latest comments on which the two differ, as far as they are still there."""
    items = {i.id: i for i in m.store.views.items([str(one["item"]) for one in raw[:most]])}
    return [
        Judged(items[str(one["item"])], Verdict(str(one["was"])), Verdict(str(one["now"])), _scores(one))
        for one in raw[:most]
        if one["item"] in items
    ]


def _scores(one: dict[str, object]) -> dict[str, float]:
    given = one["scores"]
    assert isinstance(given, dict)
    return {label: float(given[label]) for label in LABELS if label in given}
