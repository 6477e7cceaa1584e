"""Settings, people and the own account, each worked by Tab, Enter, Space and typing alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from service import passwords
from service.domain import Role, Site
from service.moderation import Moderation
from tests.browser.conftest import Open, eventually
from tests.browser.test_accessibility import tab_to
from tests.pages import PASSWORD

pytestmark = pytest.mark.process

IN_SIGHT = """() => {
  const box = document.activeElement.getBoundingClientRect();
  return box.width > 0 && box.height > 0 && box.top >= 0 && box.bottom <= innerHeight;
}"""
NEW_PASSWORD = "a new staple battery"


@pytest.fixture
def page(open_desk: Open) -> Page:
    return open_desk("admin")


def press(page: Page, selector: str, key: str = "Enter") -> None:
    """Come to a control by Tab from where one is, see it on the screen with its focus, and press a key."""
    tab_to(page, selector)
    assert page.evaluate(IN_SIGHT), selector
    page.keyboard.press(key)


def write(page: Page, selector: str, text: str) -> None:
    press(page, selector, "Control+a")
    page.keyboard.type(text)


def arrive(page: Page, address: str) -> None:
    """Wait for a page, and until the browser has gone to the part of it that the address names."""
    page.wait_for_url(f"**{address}")
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def follow(page: Page, href: str) -> None:
    press(page, f"a[href='{href}']")
    arrive(page, href)


def open_settings(page: Page) -> None:
    follow(page, "/settings/")
    follow(page, "/settings/blog")


def goes_on_in(page: Page, part: str) -> None:
    """After a form, the next Tab goes on where the form was, not at the top of the page."""
    arrive(page, part)
    page.keyboard.press("Tab")
    assert page.evaluate("part => Boolean(document.activeElement.closest(part))", part)


def site(moderation: Moderation) -> Site:
    return moderation.store.registry.site("blog")


def test_a_policy_is_set_and_reverted(page: Page, moderation: Moderation) -> None:
    open_settings(page)
    write(page, "#hold_spam", "0.35")
    press(page, "[name=may_reject_spam]", "Space")
    press(page, ".scores summary")
    write(page, "#blocked_words", "casino")
    page.keyboard.press("Enter")
    page.keyboard.type("lottery")
    write(page, "#max_links", "3")
    press(page, "[name=hold_new_authors]", "Space")
    press(page, "#policy button.main")
    expect(page.get_by_text("Policy version 2 is in force.")).to_be_visible()
    goes_on_in(page, "#policy")
    policy = site(moderation).policy
    assert policy.thresholds["spam"].hold == 0.35
    assert (policy.blocked_words, policy.max_links, policy.hold_new_authors) == (
        ("casino", "lottery"),
        3,
        True,
    )
    assert policy.reject_labels == ()
    press(page, "#versions button")
    expect(page.get_by_text("is in force again, as version 3.")).to_be_visible()
    goes_on_in(page, "#versions")
    assert site(moderation).policy.blocked_words == ()


def test_what_is_refused_is_said_and_can_be_mended(
    page: Page, moderation: Moderation, faults: list[str]
) -> None:
    open_settings(page)
    write(page, "#hold_spam", "much")
    press(page, "#policy button.main")
    expect(page.get_by_role("alert")).to_contain_text("must be a number, or empty")
    eventually(page, lambda: faults)
    assert all("422" in fault for fault in faults)
    faults.clear()
    expect(page.locator("#hold_spam")).to_have_value("much")
    write(page, "#hold_spam", "0.5")
    press(page, "#policy button.main")
    expect(page.get_by_text("Policy version 2 is in force.")).to_be_visible()
    assert site(moderation).policy.thresholds["spam"].hold == 0.5


def test_a_callback_is_set_and_tested(page: Page, moderation: Moderation) -> None:
    open_settings(page)
    write(page, "#callback_url", "https://blog.example/other")
    press(page, "#callback .main")
    expect(page.get_by_text("Decisions are sent there from now on.")).to_be_visible()
    press(page, "#send-test")
    page.wait_for_url("**/settings/blog/test/*")
    (delivery,) = moderation.store.outbox.lease_due(moderation.clock(), 30, 5)
    moderation.store.outbox.settle(delivery, "confirmed", moderation.clock())
    expect(page.locator(".card .good")).to_contain_text("confirmed")
    follow(page, "/settings/blog#callback")
    expect(page.locator("#callback_url")).to_have_value("https://blog.example/other")
    goes_on_in(page, "#callback")


def test_a_secret_and_a_key_are_made_and_seen_once(page: Page, moderation: Moderation) -> None:
    before = site(moderation)
    open_settings(page)
    press(page, "#overlap", "ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings/blog/secret")
    shown = page.locator("code.secret").inner_text()
    after = [secret.value for secret in site(moderation).secrets]
    assert shown in after
    assert {s.value for s in before.secrets} == set(after) - {shown}
    follow(page, "/settings/blog#secret")
    goes_on_in(page, "#secret")
    expect(page.locator("code.secret")).to_have_count(0)
    press(page, "#api-key button")
    page.wait_for_url("**/settings/blog/api-key")
    found = moderation.store.registry.site_of_key(page.locator("code.secret").inner_text())
    assert found == site(moderation)
    follow(page, "/settings/blog#api-key")
    press(page, "#api-key .danger")
    expect(page.get_by_text("The API key is revoked.")).to_be_visible()
    assert site(moderation).api_key_hash == ""


def test_a_moderator_is_invited_changed_and_disabled(page: Page, moderation: Moderation) -> None:
    follow(page, "/people")
    write(page, "#name", "zoë")
    press(page, "[name=role]", "ArrowDown")
    press(page, "[name=site][value=blog]", "Space")
    write(page, "#email", "zoe@blog.example")
    press(page, "form.card .main")
    expect(page.locator("#link")).to_be_focused()
    expect(page.locator("#link")).to_have_value(re.compile("/sign-in/link/.{20}"))
    made = moderation.store.registry.person("zoë")
    assert (made.role, made.sites, made.email) == (Role.ADMIN, ("blog",), "zoe@blog.example")
    press(page, "main a.button")
    page.wait_for_url("**/people/person?name=*")
    press(page, "[name=role]:checked", "ArrowUp")
    press(page, ".main")
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert moderation.store.registry.person("zoë").role is Role.MODERATOR
    press(page, ".danger")
    expect(page.get_by_text("Disabled: signed out everywhere")).to_be_visible()
    assert moderation.store.registry.person("zoë").disabled


def test_the_own_account_is_worked(open_desk: Open, page: Page, moderation: Moderation) -> None:
    # Signed in twice; a desk that stayed open would ask in vain once its session is ended.
    open_desk("admin").goto("about:blank")
    follow(page, "/account")
    press(page, "#language", "End")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    press(page, "form[action='/account/sessions'] button:not(.small)")
    expect(page.locator(".sessions li")).to_have_count(1)
    for field, text in (("#current", PASSWORD), ("#new", NEW_PASSWORD), ("#again", NEW_PASSWORD)):
        write(page, field, text)
    page.keyboard.press("Enter")
    admin = moderation.store.registry.person
    eventually(page, lambda: passwords.verify(admin("admin").password_hash, NEW_PASSWORD))
    expect(page.locator(".notice.good")).to_be_visible()
    follow(page, "/account/two-factor")
    follow(page, "/account")
