"""A site with some weeks behind it: audited, read twice, disputed, and with thresholds on trial."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import Any

from service import audit, readings, site_settings, thresholds
from service.domain import LABELS, Comment, Explanation, Policy, ReasonCode, Ruling, Site, Thresholds
from service.moderation import Moderation, Wish
from service.scoring import Scorer
from service.store import PENDING
from service.web import fields
from tests.conftest import ADMIN, ANA, BEN, BLOG, Clock

FORUM = "forum"
DAYS, ROUNDS = 25, 4
BOTH = tuple(replace(person, sites=(FORUM,)) for person in (ANA, BEN))


class Echo:
    """Judges what is said again and again as the model did when it was first said."""

    def __init__(self, scorer: Scorer) -> None:
        model = scorer.current()
        self.id, self.recommended, self.language = model.id, model.recommended, model.language
        self._score, self._explain = cache(model.score), cache(model.explain)

    def current(self) -> Echo:
        return self

    def score(self, comment: Comment) -> dict[str, float]:
        return dict(self._score(_first(comment)))

    def explain(self, comment: Comment, labels: Iterable[str]) -> tuple[Explanation, ...]:
        return self._explain(_first(comment), tuple(labels))


def _first(comment: Comment) -> Comment:
    return replace(comment, comment_id="", text=re.sub(r"( so)*\s*$", "", comment.text))


def fill(m: Moderation, now: float) -> None:
    """Bring the site to where it is now."""
    m.store.registry.add_site(Site(FORUM, BLOG.url, BLOG.secrets))
    clock = Clock()
    clock.now = now - DAYS * 86_400
    scorer: Any = Echo(m.scorer)
    past = Moderation(m.store, scorer, clock=clock, audit_key=audit.key("a" * 32))
    site_settings.set_policy(past, FORUM, Policy(audit=0.2), "admin")
    lines = resources.files("service.demo").joinpath("comments.jsonl").read_text().splitlines()
    for n, line in enumerate(lines * ROUNDS):
        clock.move(DAYS * 86_400 / (len(lines) * ROUNDS + 1))
        raw = json.loads(line)
        # Said somewhat otherwise, no comment is a copy of another.
        raw |= {
            "comment_ID": str(n),
            "comment_content": f"{raw['comment_content']} {'so ' * (n // len(lines))}",
        }
        past.submit(past.site(FORUM), fields.comment(FORUM, raw, b"k" * 32), f"forum-{n}", line.encode())
        if n == len(lines):
            trial = {label: Thresholds(0.2, 0.9 if label == "spam" else None) for label in LABELS}
            thresholds.put_on_trial(past, FORUM, trial, "admin", 2)
    _read(past, clock)


def _read(past: Moderation, clock: Clock) -> None:
    items = [i for i in past.page(ADMIN, PENDING, FORUM, limit=1000).items if not i.campaign]
    for n, item in enumerate(items[:-2]):
        clock.now += 0.01
        bad = n % 9 == 0 if item.hidden else n % 4 > 0
        wish = Wish(Ruling.REJECT, ReasonCode.HATEFUL) if bad else Wish(Ruling.APPROVE)
        past.decide(BOTH[n % 2], item.id, wish)
    for n, item in enumerate(readings.waiting(past, ADMIN)[:-1]):
        agreed = Wish(item.decision.ruling, item.decision.reason) if item.decision else Wish(Ruling.APPROVE)
        readings.read_again(past, ADMIN, item.id, agreed if n else Wish(Ruling.REJECT, ReasonCode.SPAM))
