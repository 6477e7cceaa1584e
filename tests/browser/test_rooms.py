"""The rooms beside the desk in a browser: a campaign by keyboard alone."""

from __future__ import annotations

import pytest

from service.moderation import Moderation
from tests.app.copies import send, the_campaign
from tests.browser.conftest import Open

pytestmark = pytest.mark.process


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
