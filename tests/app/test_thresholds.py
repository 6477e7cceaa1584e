"""The threshold desk: a replay of what came, what moderators said of it, and a trial that decides nothing."""

from __future__ import annotations

import re

import pytest

from service import replay, site_settings, thresholds
from service.domain import LABELS, Policy, ReasonCode, Ruling, Thresholds, Verdict
from service.errors import Conflict, Invalid
from service.moderation import Moderation, Wish
from service.statistics import Interval
from tests.conftest import ADMIN, ANA, BEN, Clock, submit
from tests.pages import Form, Page, Visitor, give_password
from tests.stubs import StubModel

REJECT, APPROVE = Wish(Ruling.REJECT, ReasonCode.HATEFUL), Wish(Ruling.APPROVE)
LOWER = {label: Thresholds(0.3, 0.95 if label == "spam" else None) for label in LABELS}


@pytest.fixture
def ids(moderation: Moderation) -> list[str]:
    """Four comments, of which two are held: one rejected, one approved."""
    texts = ["[hateful=0.8]", "[hateful=0.6]", "[hateful=0.4]", "fine"]
    made = [str(submit(moderation, t, str(n))["id"]) for n, t in enumerate(texts)]
    moderation.decide(ANA, made[0], REJECT)
    moderation.decide(ANA, made[1], APPROVE)
    return made


def test_it_says_what_other_thresholds_would_have_held(moderation: Moderation, ids: list[str]) -> None:
    past = replay.past(moderation, "blog", 30)
    now = thresholds.outcome(past, past.verdict, 30.0)
    then = thresholds.outcome(past, replay.verdicts(past, LOWER), 30.0)
    assert (now.part("hold").comments, then.part("hold").comments) == (2, 3)
    held = then.part("hold")
    assert (held.rejected, held.approved, held.unread) == (1, 1, 1)
    # Whether the third one is bad nobody knows: there was no audit.
    assert held.bad == Interval(None, 1.0, 2.0)
    assert (then.held_a_day, then.minutes_a_day) == (0.1, 0.05)
    assert thresholds.by_day(past, replay.verdicts(past, LOWER) == replay.HOLD)["reject"][-1] == 1
    steps = thresholds.curve(past, LOWER, dict.fromkeys(LABELS, 1.0))
    assert [s.held_a_day for s in steps] == sorted(s.held_a_day for s in steps)


def test_it_measures_how_long_a_comment_takes(moderation: Moderation, clock: Clock) -> None:
    assert thresholds.seconds_a_comment(moderation, "blog") is None
    ids = [submit(moderation, f"[hateful=0.8] {n}", str(n))["id"] for n in range(30)]
    for item_id in ids:
        clock.move(8)
        moderation.decide(ANA, item_id, APPROVE)
    clock.move(7200)
    moderation.undo(ANA, ids[0])
    moderation.decide(BEN, ids[0], APPROVE)
    assert thresholds.seconds_a_comment(moderation, "blog") == 8.0


def test_a_trial_decides_nothing_and_shows_what_it_would(moderation: Moderation, clock: Clock) -> None:
    new = thresholds.put_on_trial(moderation, "blog", LOWER, "admin", 1)
    assert (new.version, new.trial, new.thresholds) == (2, LOWER, {})
    clock.move(2)
    item_id = submit(moderation, "[hateful=0.4]")["id"]
    submit(moderation, "[hateful=0.8]", "2")
    assert not moderation.item(ANA, item_id).pending
    past, was, would = thresholds.crossed(moderation, "blog", new)
    assert (len(past), was.tolist(), would.tolist()) == (2, [replay.APPROVE, replay.HOLD], [replay.HOLD] * 2)
    ((item, verdict),) = thresholds.differing(moderation, "blog", new, 9)
    assert (item.id, verdict) == (item_id, Verdict.HOLD)


def test_a_trial_is_put_in_force_and_reverted(moderation: Moderation, clock: Clock) -> None:
    with pytest.raises(Conflict, match="nothing is on trial"):
        thresholds.put_in_force(moderation, "blog", "admin", 1)
    site_settings.set_policy(moderation, "blog", Policy(max_links=3), "admin")
    began = clock()
    thresholds.put_on_trial(moderation, "blog", LOWER, "admin", 2)
    clock.move(86_400)
    changed = site_settings.set_policy(moderation, "blog", Policy(max_links=4, trial=LOWER), "admin", 3)
    assert thresholds.trial_since(moderation, "blog") == began
    with pytest.raises(Conflict, match="meanwhile"):
        thresholds.put_in_force(moderation, "blog", "admin", 2)
    new = thresholds.put_in_force(moderation, "blog", "admin", changed.version)
    assert (new.thresholds, new.trial, new.max_links) == (LOWER, {}, 4)
    clock.move(2)
    assert submit(moderation, "[hateful=0.4]")["verdict"] == "hold"
    assert site_settings.revert(moderation, "blog", 2, "admin").thresholds == {}
    kinds = [e.kind for e in moderation.store.log.search(["blog"], lambda e: "policy" in e.kind).entries]
    assert kinds == ["policy set"] * 5


def test_an_impossible_trial_is_refused(moderation: Moderation) -> None:
    site = moderation.site("blog")
    with pytest.raises(Invalid, match="spam"):
        thresholds.whole(site.policy, {}, {"spam": Thresholds(0.9, 0.5)})
    followed = thresholds.whole(site.policy, StubModel.recommended, {"spam": Thresholds(0.3)})
    assert followed == StubModel.recommended | {"spam": Thresholds(0.3, 0.95)}


def shown(page: Page, name: str) -> tuple[str, ...]:
    """Return what a line of the table says first, as it was and as it is tried."""
    found = re.search(rf">{name}</th><td[^>]*>(.*?)</td><td[^>]*>(.*?)</td>", page.html)
    assert found, name
    return tuple(re.sub("<[^>]+>", "", cell) for cell in found.groups())


@pytest.fixture
def admin(moderation: Moderation, visitor: Visitor) -> Visitor:
    give_password(moderation.store, ADMIN)
    visitor.enter("admin")
    return visitor


def test_the_page_tries_finds_and_sets(
    moderation: Moderation, ids: list[str], admin: Visitor, clock: Clock
) -> None:
    page = admin.get("/thresholds/?site=blog")
    assert "tried on the 4 comments" in page.text
    assert page.form("/thresholds/?site=blog").fields["hold_hateful"] == "0.5"
    tried = "&".join(f"hold_{label}=0.3" for label in LABELS)
    page = admin.get(f"/thresholds/?site=blog&by=thresholds&{tried}")
    assert shown(page, "To read a day") == ("0.1", "0.1")
    assert (shown(page, "Held"), shown(page, "moderators rejected")) == (("2", "3"), ("1", "1"))
    assert (shown(page, "moderators approved"), shown(page, "nobody read")) == (("1", "1"), ("0", "1"))
    assert shown(page, "rightly, estimated") == ("1 (1 – 1)", "1 – 2")
    saved = admin.send(page.form("/trial"))
    assert "Version 2 decides as before, and watches what is on trial." in saved.text
    clock.move(2)
    submit(moderation, "[hateful=0.45] would have waited", "5")
    page = admin.get("/thresholds/?site=blog")
    assert "would have waited" in page.text
    assert "let through; on trial: held" in page.text
    stale = page.form("/force")
    assert "Policy version 3 is in force." in admin.send(page.form("/force")).text
    assert "Not done" in admin.send(stale).text
    assert moderation.store.registry.site("blog").policy.thresholds["hateful"].hold == 0.3


def test_the_page_finds_thresholds_by_cost_and_budget(
    moderation: Moderation, ids: list[str], admin: Visitor
) -> None:
    asked = "&".join(f"cost_{label}=4" for label in LABELS)
    page = admin.get(f"/thresholds/?site=blog&by=cost&{asked}&reject_spam=0,15")
    assert page.form("/thresholds/").fields["hold_hateful"] == "0.2"
    # To hold from above where it is rejected means nothing.
    assert page.form("/thresholds/").fields["hold_spam"] == "0.15"
    page = admin.get(f"/thresholds/?site=blog&by=budget&{asked}&budget=0.04")
    assert shown(page, "Held") == ("2", "1")


def test_a_trial_is_dropped_and_outlives_the_settings(moderation: Moderation, admin: Visitor) -> None:
    thresholds.put_on_trial(moderation, "blog", LOWER, "admin", 1)
    settings = admin.get("/settings/blog")
    assert "on trial: hold spam: none → 0.3" in settings.text
    admin.send(settings.form("/policy"), audit="2.5", max_links="7")
    policy = moderation.store.registry.site("blog").policy
    assert (policy.trial, policy.audit, policy.max_links) == (LOWER, 0.025, 7)
    fields = admin.get("/thresholds/?site=blog").form("/force").fields
    assert "Policy version 4 is in force." in admin.send(Form("/thresholds/drop", "post", fields)).text
    assert moderation.store.registry.site("blog").policy.trial == {}


@pytest.mark.parametrize(
    "query", ["by=magic", "by=cost&cost_spam=-1", "hold_spam=2&by=thresholds", "budget=x&by=budget"]
)
def test_the_page_refuses_what_cannot_be_meant(admin: Visitor, query: str) -> None:
    assert admin.get(f"/thresholds/?site=blog&{query}").status == 422


def test_the_page_is_for_admins(visitor: Visitor) -> None:
    visitor.enter("ana")
    assert visitor.get("/thresholds/?site=blog").status in (403, 404)
