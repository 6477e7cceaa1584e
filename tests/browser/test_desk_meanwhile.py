"""The desk in a real browser while others go on, sessions end, and the next comment is opened."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from service.domain import ReasonCode, Ruling
from service.moderation import Moderation, Wish
from tests.browser.conftest import Open, expect_fault, held, shows
from tests.conftest import ANA, BEN, submit
from tests.pages import COOKIE, session_of

pytestmark = pytest.mark.process


def look(page: Page) -> None:
    """Let the desk look at the service now, not within the next seconds."""
    with page.expect_response("**/counts.json*"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_it_frees_an_open_comment_when_its_reader_goes_on(
    open_desk: Open, ids: list[str], moderation: Moderation
) -> None:
    lease = moderation.claim(BEN, ids[1])
    page = open_desk(path=f"/?item={ids[1]}")
    expect(page.locator("#lease")).to_contain_text("ben is reading this until")
    expect(page.locator("#approve")).to_have_count(0)
    look(page)
    expect(page.locator("#lease")).to_contain_text("ben is reading this until")
    moderation.release(BEN, ids[1], lease.token)
    look(page)
    expect(page.locator("#announce")).to_have_text("Nobody else reads it any more: you can decide.")
    expect(page.locator("#lease")).to_contain_text("Yours until")
    page.keyboard.press("a")
    shows(page, "Comment 2")
    assert held(moderation, ids[1]).outcome == "approve"


def test_it_shows_what_its_reader_decided_about_an_open_comment(
    open_desk: Open, ids: list[str], moderation: Moderation
) -> None:
    moderation.claim(BEN, ids[1])
    page = open_desk(path=f"/?item={ids[1]}")
    moderation.decide(BEN, ids[1], Wish(Ruling.REJECT, ReasonCode.HATEFUL))
    look(page)
    expect(page.locator("#announce")).to_have_text("rejected by ben")
    expect(page.locator(".decided")).to_contain_text("Rejected: hateful by ben")
    expect(page.locator(f"#row-{ids[1]} .tag")).to_have_text("rejected by ben")


def test_it_keeps_the_choice_and_note_of_somebody_who_was_too_late(
    open_desk: Open, ids: list[str], moderation: Moderation, faults: list[str]
) -> None:
    page = open_desk(path=f"/?item={ids[1]}")
    lease = held(moderation, ids[1]).lease
    assert lease
    moderation.release(ANA, ids[1], lease.token)
    lease = moderation.claim(BEN, ids[1])
    page.keyboard.press("e")
    page.locator("#note").fill("Rule 3.")
    page.locator("#approve").click()
    expect(page.locator("#conflict")).to_contain_text("ben is reading this comment.")
    expect_fault(page, faults, "409")
    moderation.release(BEN, ids[1], lease.token)
    look(page)
    expect(page.locator("#note")).to_have_value("Rule 3.")


def test_it_keeps_the_page_when_the_session_ends_within_a_decision(
    open_desk: Open, ids: list[str], moderation: Moderation, app: Flask, faults: list[str]
) -> None:
    page = open_desk()
    page.keyboard.press("e")
    page.locator("#note").fill("Rule 3.")
    page.context.clear_cookies()
    page.locator("#spam").click()
    said = page.locator(".strip .notice.bad")
    expect(said).to_contain_text("You were signed out; what you pressed last was not written.")
    expect(said.get_by_role("link", name="Sign in")).to_have_attribute("href", re.compile("/sign-in"))
    expect(page.locator("#note")).to_have_value("Rule 3.")
    assert held(moderation, ids[0]).pending
    page.context.add_cookies([{"name": COOKIE, "value": session_of(app, "ana"), "url": page.url}])
    look(page)
    expect(said).to_have_count(0)
    page.locator("#spam").click()
    shows(page, "Comment 1")
    decision = held(moderation, ids[0]).decision
    assert decision
    assert (decision.reason, decision.note) == (ReasonCode.SPAM, "Rule 3.")
    faults.clear()


def test_it_announces_what_is_open_next(open_desk: Open, moderation: Moderation) -> None:
    for n, name in enumerate(("Ann", "Bo", "Cy")):
        submit(moderation, f"Comment {n} [dehumanising=0.{95 - n}]", str(n), author=name)
    page = open_desk()
    page.keyboard.press("a")
    expect(page.locator("#announce")).to_have_text("Approved. Comment by Bo")
    page.keyboard.press("n")
    expect(page.locator("#announce")).to_have_text("Comment by Cy")
