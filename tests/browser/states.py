"""Every page of the desk in every state that it has, on the comments of the demo and the shipped model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import resources
from pathlib import Path

from flask import Flask
from playwright.sync_api import Page

from service import appeals, site_settings
from service.domain import Item, Policy, ReasonCode, Role, Ruling, Thresholds
from service.moderation import Moderation, Wish
from service.people import People
from service.scoring import Scorer
from service.store import PENDING, Store
from service.web import fields, onward
from service.web.appeals import link_key
from tests.browser import audits, challengers
from tests.conftest import ADMIN, ANA, BEN, BLOG, OTHER, Clock
from tests.pages import PASSWORD, give_password

KEY = b"k" * 32
# States that are shown to whoever is not signed in.
OUTSIDE = ("sign-in", "link", "link-used", "appeal-open", "appeal-made")
# How long the comments take to come, and what follows.
EVERY_S, AFTER_S = 97, 1800
LASTS_S = 200 * EVERY_S + AFTER_S + 60


@contextmanager
def cast(store: Store, directory: Path, clock: Clock) -> Iterator[Moderation]:
    """Give the use cases with people, two sites and the shipped model."""
    for site in (BLOG, OTHER):
        store.registry.add_site(site)
    for person in (ANA, BEN, ADMIN):
        store.registry.add_person(person)
    give_password(store, ANA, BEN, ADMIN)
    yield Moderation(store, Scorer(directory), clock=clock)


# States that are at the same address every time.
ALWAYS = {
    "desk": "/",
    "desk-all": "/?lane=all",
    "desk-empty": "/?lane=errors",
    "desk-search": "/?q=people&sort=oldest",
    "desk-search-empty": "/?q=zyzzyva&label=spam",
    "desk-campaigns": "/?lane=campaigns",
    "campaigns": "/campaigns/",
    "appeals": "/appeals/",
    "appeals-empty": "/appeals/?site=other",
    "figures": "/figures/",
    "audit": "/audit/?site=forum",
    "audit-second": "/audit/second",
    "audit-empty": "/audit/?site=other&days=90",
    "desk-audit": "/?lane=audit",
    "drift": "/drift/?site=forum",
    "drift-empty": "/drift/?site=other",
    "models": "/models/",
    "second-look": "/second-look/?site=forum",
    "thresholds": "/thresholds/?site=forum",
    "thresholds-budget": "/thresholds/?site=forum&by=budget&budget=2",
    "thresholds-empty": "/thresholds/?site=other",
    "settings": "/settings/",
    "settings-site": "/settings/blog",
    "settings-new-site": "/settings/other",
    "people": "/people",
    "person": "/people/person?name=ana",
    "log": "/log",
    "log-everything": "/log?kind=all",
    "log-empty": "/log?by=nobody",
    "account": "/account",
    "two-factor": "/account/two-factor",
    "error-missing": "/nowhere",
    "error-search": "/?low=7",
    "link-used": "/sign-in/link/none",
    "sign-in": "/sign-in",
}


def fill(m: Moderation, app: Flask, clock: Clock) -> dict[str, str]:
    """Bring the service to life; returns the address of each state by its name."""
    _submit_all(m, clock)
    waiting = [i for i in m.page(ADMIN, PENDING, limit=200).items if not i.campaign]
    hard, escalated, taken, edited, *rest = waiting
    clock.move(AFTER_S)
    m.escalate(BEN, escalated.id, "Is this one ours, or the police’s?")
    m.claim(BEN, taken.id)
    _edit(m, edited)
    tokens = _decide_some(m, app, rest)
    _deliver(m)
    _settings(m)
    audits.fill(m, clock())
    challenger = challengers.fill(m)
    (campaign, *_) = m.store.campaigns.latest(["blog"])
    test = _tested(m)
    invitation = _people(m, clock)
    return ALWAYS | {
        "desk-veiled": f"/?item={hard.id}",
        "desk-escalated": f"/?item={escalated.id}",
        "desk-taken": f"/?item={taken.id}",
        "desk-edited": f"/?item={edited.id}",
        "desk-decided": f"/?lane=decided&item={rest[0].id}",
        "desk-quote": f"/?lane=all&item={_quoting(m)}",
        "desk-good": f"/?item={_good(m)}&relief=1",
        "campaign": f"/campaigns/{campaign.id}",
        "campaign-preview": f"/campaigns/{campaign.id}?choice=reject:spam",
        "appeal-open": f"/appeal/{tokens[0]}",
        "appeal-made": f"/appeal/{tokens[1]}",
        "model": f"/models/{challenger}?site=blog",
        "settings-test": f"/settings/blog/test/{test}",
        "link": f"/sign-in/link/{invitation}",
    }


def sign_in(page: Page, name: str) -> Page:
    """Sign a person in, in whatever language the page is."""
    page.goto("/sign-in")
    page.locator("#name").fill(name)
    page.locator("#password").fill(PASSWORD)
    page.locator("main .main").click()
    page.wait_for_selector("#desk")
    return page


def _submit_all(m: Moderation, clock: Clock) -> None:
    lines = resources.files("service.demo").joinpath("comments.jsonl").read_text().splitlines()
    for n, line in enumerate(lines):
        comment = fields.comment("blog", json.loads(line), KEY)
        clock.move(EVERY_S)
        m.submit(m.site("blog"), comment, f"msg-{n}", line.encode())


def _edit(m: Moderation, item: Item) -> None:
    text = item.comment.text + " And I mean it."
    edited = replace(item.comment, text=text)
    m.submit(m.site("blog"), edited, "msg-edit", text.encode())


def _decide_some(m: Moderation, app: Flask, items: list[Item]) -> list[str]:
    wishes = [Wish(Ruling.REJECT, ReasonCode.HATEFUL, note="Rule 3."), Wish(Ruling.APPROVE)]
    rejected = []
    for n, item in enumerate(items[:9]):
        m.decide(ANA if n % 3 else BEN, item.id, wishes[n % 2])
        rejected += [item.id] if n % 2 == 0 else []
    with app.app_context():
        key = link_key()
    tokens = [appeals.make_link(m, ANA, i, key)[0] for i in rejected[:3]]
    said = ("I was quoting what was said to me.", "It was meant as a joke.")
    for token, text in zip(tokens[1:], said, strict=True):
        appeals.submit(m, appeals.read_link(token, key, m.clock()), text)
    return tokens


def _deliver(m: Moderation) -> None:
    for n, delivery in enumerate(m.store.outbox.lease_due(m.clock(), 30, 20)):
        state = ("confirmed", "confirmed", "dead")[n % 3]
        m.store.outbox.settle(delivery, state, m.clock(), error="HTTP 500" if state == "dead" else "")


def _settings(m: Moderation) -> None:
    for policy in (
        Policy(thresholds={"spam": Thresholds(0.4, 0.9)}),
        Policy(max_links=3, shadow=True),
        Policy(),
    ):
        site_settings.set_policy(m, "blog", policy, "admin")


def _tested(m: Moderation) -> str:
    """Send a test that does not arrive: while it is on its way, its page looks again."""
    test = site_settings.send_test(m, "blog", "admin")
    for delivery in m.store.outbox.lease_due(m.clock(), 30, 20):
        m.store.outbox.settle(delivery, "dead", m.clock(), error="HTTP 500")
    return test


def _people(m: Moderation, clock: Clock) -> str:
    """Invite somebody, disable somebody; return the secret of an invitation."""
    people = People(m.store, "admin", clock())
    people.invite("Zoë <b> von und zu Beispielhausen", Role.MODERATOR, ["blog"], "")
    people.invite("carl", Role.MODERATOR, ["blog"], "")
    people.disable("carl")
    return people.invite("zoë", Role.MODERATOR, ["blog"], "")


def _quoting(m: Moderation) -> str:
    text = "> They came here to work, as my parents did.\nWork? They breed like rats. Fumigate the quarter."
    raw = {
        "comment_ID": "q1",
        "comment_content": text,
        "comment_author": "Ruth Amsel",
        "comment_post_ID": "1",
    }
    answer = m.submit(m.site("blog"), fields.comment("blog", raw, KEY), "msg-q1", text.encode())
    return str(json.loads(answer)["id"])


def _good(m: Moderation) -> str:
    for item in m.page(ADMIN, "all", limit=200).items:
        mild = max(item.judgement.scores.values(), default=1.0) < onward.RELIEF_BELOW
        if item.outcome == "approve" and mild and len(item.comment.text) in onward.RELIEF_LENGTH:
            return item.id
    raise LookupError("no comment is good")
