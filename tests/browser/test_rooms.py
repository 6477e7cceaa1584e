"""The rooms beside the desk in a browser: nothing for axe to find, a campaign by keyboard alone."""

from __future__ import annotations

import pytest
from flask import Flask

from service import appeals, site_settings
from service.domain import Policy, ReasonCode, Ruling, Thresholds
from service.moderation import Moderation, Wish
from service.web.appeals import link_key
from tests.app.test_campaigns import send, the_campaign
from tests.browser.conftest import DESKTOP, PHONE, Open
from tests.browser.test_accessibility import violations
from tests.conftest import ADMIN, ANA, submit
from tests.pages import give_password

pytestmark = pytest.mark.process


@pytest.fixture
def paths(moderation: Moderation, app: Flask) -> list[str]:
    """Give every page a life: campaigns waiting and decided, appeals, versions, a test."""
    give_password(moderation.store, ADMIN)
    send(moderation, 8)
    rejected = [submit(moderation, f"[hateful=0.8] {n}", f"r{n}", author="Ola")["id"] for n in range(2)]
    for item_id in rejected:
        moderation.decide(ANA, item_id, Wish(Ruling.REJECT, ReasonCode.HATEFUL))
    with app.app_context():
        tokens = [appeals.make_link(moderation, ANA, i, link_key())[0] for i in rejected]
        said = appeals.read_link(tokens[0], link_key(), moderation.clock())
    appeals.submit(moderation, said, "It was about the weather.")
    site_settings.set_policy(moderation, "blog", Policy(thresholds={"spam": Thresholds(0.4)}), "ana")
    test = site_settings.send_test(moderation, "blog", "admin")
    # A test that is on its way makes its page look again.
    for delivery in moderation.store.outbox.lease_due(moderation.clock(), 30, 10):
        moderation.store.outbox.settle(delivery, "dead", moderation.clock())
    campaign = f"/campaigns/{the_campaign(moderation).id}"
    return [
        "/campaigns/", campaign, f"{campaign}?choice=reject:spam", "/appeals/", "/figures/",
        "/settings/", "/settings/blog", f"/settings/blog/test/{test}", *(f"/appeal/{t}" for t in tokens),
        "/?lane=campaigns",
    ]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing_in_the_rooms(
    open_desk: Open, paths: list[str], scheme: str, viewport: dict[str, int]
) -> None:
    page = open_desk("admin", viewport=viewport, color_scheme=scheme)
    found = {}
    for path in paths:
        page.goto(path)
        for details in page.locator("main details").all():
            details.evaluate("d => d.open = true")
        found[path] = violations(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    assert {path: v for path, v in found.items() if v} == {}


def test_a_campaign_is_decided_and_undone_by_keyboard(open_desk: Open, moderation: Moderation) -> None:
    send(moderation, 12)
    page = open_desk()
    page.get_by_role("link", name="Campaigns", exact=True).first.press("Enter")
    page.wait_for_url("**/campaigns/")
    page.get_by_role("link", name="12 copies").press("Enter")
    page.get_by_role("button", name="Spam…").press("Enter")
    page.get_by_role("button", name="Yes, reject 12 copies").press("Enter")
    page.get_by_text("Rejected as spam: 12 copies.").wait_for()
    assert the_campaign(moderation).waiting == 0
    page.get_by_role("button", name="Undo for all").press("Enter")
    page.get_by_text("Undone for 12 copies.").wait_for()
    assert the_campaign(moderation).waiting == 12
