"""People, accounts and the log in a browser: nothing for axe to find, two-factor from end to end."""

from __future__ import annotations

import pyotp
import pytest
from playwright.sync_api import expect

from service.moderation import Moderation
from tests.browser.axe import violations
from tests.browser.conftest import Open
from tests.conftest import Clock
from tests.pages import PASSWORD

pytestmark = pytest.mark.process


def test_two_factor_from_end_to_end(open_desk: Open, moderation: Moderation, clock: Clock) -> None:
    page = open_desk("admin")
    page.goto("/account")
    page.get_by_role("link", name="Turn it on").click()
    expect(page.locator(".scan svg")).to_be_visible()
    secret = page.locator(".secret").inner_text().replace(" ", "")
    page.get_by_label("Code", exact=True).fill(pyotp.TOTP(secret).at(int(clock())))
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_role("heading", name="Keep these codes")).to_be_visible()
    code = page.locator(".codes code").first.inner_text()
    assert violations(page) == []
    page.get_by_role("link", name="I have kept them").click()
    page.wait_for_url("**/account")
    assert violations(page) == []
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/sign-in/code*")
    assert violations(page) == []
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    page.wait_for_selector("#desk")
    assert moderation.store.sessions.codes_left("admin") == 9


def test_an_invitation_from_end_to_end(open_desk: Open) -> None:
    page = open_desk("admin")
    page.goto("/people")
    page.get_by_label("Name").fill("zoë")
    page.get_by_role("button", name="Make an invitation link").click()
    link = page.get_by_label("Send this to zoë alone").input_value()
    assert violations(page) == []
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    page.goto(link)
    page.get_by_role("button", name="Sign in as zoë").click()
    page.get_by_role("link", name="Set a password").click()
    expect(page.get_by_role("heading", name="zoë")).to_be_visible()
