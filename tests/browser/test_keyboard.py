"""What a moderator does, by keyboard alone and with the single keys off; the veil held open by a key."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from service import appeals
from service.domain import DeliveryState, ReasonCode, Ruling
from service.moderation import Moderation, Wish
from service.web.appeals import link_key
from tests.app.copies import send, the_campaign
from tests.browser.conftest import Open, claimed
from tests.browser.test_accessibility import tab_to
from tests.conftest import ANA, Clock, submit

pytestmark = pytest.mark.process


def press(page: Page, selector: str, key: str = "Enter") -> None:
    """Come to a control by Tab from the top of the page, and press a key on it."""
    page.locator(".brand").focus()
    tab_to(page, selector)
    page.keyboard.press(key)


def shows(page: Page, text: str) -> None:
    expect(page.locator("#text")).to_contain_text(text)
    claimed(page)


@pytest.fixture
def page(open_desk: Open, moderation: Moderation, clock: Clock) -> Page:
    """Open the desk of somebody who has switched the single keys off."""
    moderation.store.personal.prefer("ana", {"keys": False})
    for n in range(6):
        submit(moderation, f"Comment {n} [hateful=0.{85 - n}]", str(n))
    page = open_desk()
    shows(page, "Comment 0")
    return page


def decision(moderation: Moderation, n: int) -> tuple[str, str] | None:
    found = moderation.page(ANA, "all", limit=50).items
    made = next(i.decision for i in found if i.comment.comment_id == str(n))
    return (made.ruling, made.reason or "") if made else None


def test_deciding_by_keyboard_alone(page: Page, moderation: Moderation) -> None:
    press(page, "#approve")
    shows(page, "Comment 1")
    press(page, "#reject")
    shows(page, "Comment 2")
    press(page, "#spam")
    shows(page, "Comment 3")
    press(page, "#reasons summary")
    press(page, "#reason-4")
    shows(page, "Comment 4")
    press(page, "#skip")
    shows(page, "Comment 5")
    press(page, "#undo")
    shows(page, "Comment 3")
    decided = [decision(moderation, n) for n in range(6)]
    assert decided == [("approve", ""), ("reject", "hateful"), ("reject", "spam"), None, None, None]


def test_letters_decide_nothing_where_keys_are_off(page: Page, moderation: Moderation) -> None:
    for key in "arsnu":
        page.keyboard.press(key)
    press(page, "#approve")
    shows(page, "Comment 1")
    assert [decision(moderation, n) for n in range(2)] == [("approve", ""), None]


def test_finding_and_selecting_by_keyboard_alone(page: Page, moderation: Moderation) -> None:
    press(page, "#filters summary")
    press(page, "[name=sort]", "End")
    press(page, "#filters button")
    expect(page.locator(".list h2")).to_contain_text("latest first")
    press(page, "#q", "C")
    page.keyboard.type("omment")
    page.keyboard.press("Enter")
    expect(page.locator(".chips a")).to_have_count(1)
    press(page, ".pick input", "Space")
    expect(page.locator("#chosen-count")).to_have_text(" 1")
    press(page, "#selected")
    page.get_by_text("1 comment to decide at once").wait_for()
    press(page, "#approve")
    expect(page.locator(".last")).to_contain_text("1 comment approved")
    press(page, "#undo")
    expect(page.locator(".last")).to_contain_text("Undone for 1 comment.")
    press(page, "#lane-hateful")
    expect(page.locator("#lane-hateful")).to_have_attribute("aria-current", "page")


def test_a_letter_to_the_blog_is_sent_again_by_keyboard_alone(page: Page, moderation: Moderation) -> None:
    item = moderation.page(ANA, "pending").items[0]
    moderation.decide(ANA, item.id, Wish(Ruling.APPROVE))
    (delivery,) = moderation.store.outbox.lease_due(moderation.clock(), 30, 5)
    moderation.store.outbox.settle(delivery, "dead", moderation.clock(), error="HTTP 500")
    page.goto(f"/?lane=decided&item={item.id}")
    press(page, "#resend")
    expect(page.locator(".last").first).to_contain_text("On its way to the blog again.")
    state = moderation.item(ANA, item.id).delivery
    assert isinstance(state, DeliveryState)
    assert state.state == "queued"


def test_an_appeal_is_settled_by_keyboard_alone(page: Page, moderation: Moderation, app: Flask) -> None:
    ids = [i.id for i in moderation.page(ANA, "pending").items[:2]]
    with app.app_context():
        key = link_key()
    for item_id in ids:
        moderation.decide(ANA, item_id, Wish(Ruling.REJECT, ReasonCode.HATEFUL))
        token = appeals.make_link(moderation, ANA, item_id, key)[0]
        appeals.submit(moderation, appeals.read_link(token, key, moderation.clock()), "It was a joke.")
    press(page, "#lane-appeals")
    page.wait_for_url("**/appeals/**")
    expect(page.locator("#lane-appeals .n")).to_have_text("2")
    press(page, 'button[value="overturn"]')
    page.get_by_text("Overturned: approved.").wait_for()
    press(page, 'button[value="uphold"]')
    page.get_by_text("Upheld: it stays rejected.").wait_for()
    expect(page.locator("#lane-appeals .n")).to_have_text("0")
    assert {moderation.item(ANA, i).outcome for i in ids} == {"approve", "reject"}


def test_a_campaign_is_decided_by_keyboard_alone(page: Page, moderation: Moderation) -> None:
    send(moderation, 6)
    press(page, "#lane-campaigns")
    page.get_by_role("link", name="6 copies").wait_for()
    press(page, ".campaigns a")
    page.wait_for_url("**/campaigns/*")
    press(page, 'button[value="reject:spam"]')
    page.locator("#yes").wait_for()
    press(page, "#yes")
    page.get_by_text("Rejected as spam: 6 copies.").wait_for()
    assert the_campaign(moderation).waiting == 0


def test_a_key_held_shows_the_veiled_text_while_it_is_held(open_desk: Open, moderation: Moderation) -> None:
    submit(moderation, "Comment [dehumanising=0.97]")
    page = open_desk()
    text = page.locator("#text")
    expect(text).to_be_hidden()
    page.clock.install()
    page.keyboard.down("v")
    expect(text).to_be_visible()
    # As a keyboard does while a key is held.
    page.keyboard.down("v")
    page.clock.run_for(1000)
    expect(text).to_be_visible()
    page.keyboard.up("v")
    expect(text).to_be_hidden()


def test_a_key_pressed_shows_the_veiled_text_until_it_is_pressed_again(
    open_desk: Open, moderation: Moderation
) -> None:
    submit(moderation, "Comment [dehumanising=0.97]")
    page = open_desk()
    page.clock.install()
    page.keyboard.press("v")
    expect(page.locator("#text")).to_be_visible()
    page.clock.run_for(1000)
    expect(page.locator("#text")).to_be_visible()
    page.keyboard.press("v")
    expect(page.locator("#text")).to_be_hidden()
