"""A site with some weeks behind it: audited, read twice, disputed, and with thresholds on trial."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources

from service import audit, readings, site_settings, thresholds
from service.domain import LABELS, Policy, ReasonCode, Ruling, Site, Thresholds
from service.moderation import Moderation, Wish
from service.store import PENDING
from service.web import fields
from tests.conftest import ADMIN, ANA, BEN, BLOG, Clock

FORUM = "forum"
DAYS, ROUNDS = 25, 4
BOTH = tuple(replace(person, sites=(FORUM,)) for person in (ANA, BEN))


def fill(m: Moderation, now: float) -> None:
    """Bring the site to where it is now."""
    m.store.registry.add_site(Site(FORUM, BLOG.url, BLOG.secrets))
    clock = Clock()
    clock.now = now - DAYS * 86_400
    past = Moderation(m.store, m.scorer, clock=clock, audit_key=audit.key("a" * 32))
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
