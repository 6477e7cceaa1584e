"""A moderator's whole day by keyboard, and eight moderators at once on one queue."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from service import appeals
from service.moderation import Moderation
from service.store import PENDING
from service.web.appeals import link_key
from tests.app.copies import send
from tests.browser.conftest import Open, claimed
from tests.conftest import ADMIN, ANA, submit
from tests.pages import give_password

pytestmark = pytest.mark.process


def shows(page: Page, text: str) -> None:
    expect(page.locator("#text")).to_contain_text(text)


def test_it_lasts_a_whole_day(open_desk: Open, moderation: Moderation, app: Flask) -> None:
    for n in range(24):
        submit(moderation, f"Comment {n:02} [dehumanising=0.{980 - n}]", f"{n}")
    for n in range(12):
        submit(moderation, f"Wares {n:02} of mine [spam=0.{800 - n}]", f"w{n}")
    page = open_desk()
    shows(page, "Comment 00")
    page.keyboard.press("v")
    expect(page.locator("#text")).to_be_visible()
    for n in range(20):
        shows(page, f"Comment {n:02}")
        page.keyboard.press("ars"[n % 3])
        if n % 3 == 1:
            page.keyboard.press("2")
    shows(page, "Comment 20")
    page.keyboard.press("u")
    shows(page, "Comment 19")
    page.keyboard.press("a")
    shows(page, "Comment 20")
    page.keyboard.press("n")
    shows(page, "Comment 21")
    page.keyboard.press("e")
    page.keyboard.type("Is this ours?")
    page.keyboard.press("Control+Enter")
    shows(page, "Comment 22")
    page.keyboard.press("/")
    page.keyboard.type("wares")
    page.keyboard.press("Enter")
    shows(page, "Wares 00")
    bulk(page)
    campaign(page, moderation)
    appeal(page, moderation, app)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    kinds = [json.loads(e)["kind"] for e in moderation.store.views.log("blog", 1000)]
    assert (kinds.count("decision"), kinds.count("undo"), kinds.count("escalated")) == (
        21 + 12 + 3 + 6 + 1,
        1 + 12 + 6 + 1,
        1,
    )


def campaign(page: Page, moderation: Moderation) -> None:
    send(moderation, 6)
    page.locator("#lane-campaigns").click()
    page.get_by_role("link", name="6 copies").click()
    page.get_by_role("button", name="Spam…").click()
    page.get_by_role("button", name="Yes, reject 6 copies").click()
    page.get_by_text("Rejected as spam: 6 copies.").wait_for()
    page.get_by_role("button", name="Undo for all").click()
    page.get_by_text("Undone for 6 copies.").wait_for()


def appeal(page: Page, moderation: Moderation, app: Flask) -> None:
    decided = moderation.page(ANA, "decided", limit=100).items
    rejected = next(i for i in decided if i.outcome == "reject")
    with app.app_context():
        key = link_key()
    token = appeals.make_link(moderation, ANA, rejected.id, key)[0]
    appeals.submit(moderation, appeals.read_link(token, key, moderation.clock()), "It was about my shed.")
    page.get_by_role("link", name="Queue", exact=True).click()
    page.locator("#lane-appeals").click()
    expect(page.get_by_text("It was about my shed.")).to_be_visible()
    page.get_by_role("button", name="Overturn: approve").click()
    page.get_by_text("Overturned: approved.").wait_for()
    expect(page.locator("#lane-appeals .n")).to_have_text("0")
    assert moderation.item(ANA, rejected.id).outcome == "approve"


def bulk(page: Page) -> None:
    page.locator("#select-all").click()
    expect(page.get_by_text("12 comments to decide at once")).to_be_visible()
    page.get_by_role("button", name="Spam", exact=True).click()
    expect(page.locator(".last")).to_contain_text("12 comments rejected: spam")
    page.reload()
    page.keyboard.press("u")
    expect(page.locator(".last")).to_contain_text("Undone for 12 comments.")
    shows(page, "Wares 00")
    page.keyboard.press("x")
    page.keyboard.press("j")
    shows(page, "Wares 01")
    page.keyboard.press("j")
    shows(page, "Wares 02")
    page.keyboard.press("X")
    expect(page.locator("#chosen-count")).to_have_text(" 3")
    page.locator("#selected").click()
    expect(page.get_by_text("3 comments to decide at once")).to_be_visible()
    page.get_by_role("button", name="Approve 3").click()
    expect(page.locator(".last")).to_contain_text("3 comments approved")


def decide_at_once(pages: list[Page]) -> None:
    """Let each press the key for what it sees, before any of them knows how it ended."""
    seen = {page: page.locator("#item").get_attribute("data-id") for page in pages if comment_is_open(page)}
    for page in seen:
        page.keyboard.press("a")
    for page, item in seen.items():
        page.wait_for_function(
            "item => byId('conflict') || byId('item')?.dataset.id !== item || !byId('approve')", arg=item
        )
    for page in pages:
        if not comment_is_open(page):
            page.goto("/")
        claimed(page)


def comment_is_open(page: Page) -> bool:
    return bool(page.locator("#approve").count() and not page.locator("#conflict").count())


def test_eight_moderators_never_decide_twice(
    open_desk: Open, moderation: Moderation, faults: list[str]
) -> None:
    people = [replace(ANA, name=f"moderator{n}") for n in range(8)]
    for person in people:
        moderation.store.registry.add_person(person)
    give_password(moderation.store, *people)
    for n in range(32):
        submit(moderation, f"Comment {n:02} [spam=0.{700 - n}]", f"{n}")
    pages = [open_desk(person.name) for person in people]
    for _round in range(100):
        if moderation.page(ADMIN, PENDING).items:
            decide_at_once(pages)
    assert moderation.page(ADMIN, PENDING).items == ()
    entries = [json.loads(e) for e in moderation.store.views.log("blog", 1000)]
    decided = [e["item"] for e in entries if e["kind"] == "decision"]
    assert len(decided) == len(set(decided)) == 32
    by = {e["by"] for e in entries if e["kind"] == "decision"}
    assert by == {p.name for p in people}
    for page in pages:
        page.goto("about:blank")
    assert all("409" in fault for fault in faults)
    faults.clear()


def test_it_greys_live_what_others_take(open_desk: Open, moderation: Moderation) -> None:
    ids = [submit(moderation, f"Comment {n} [spam=0.{70 - n}]", str(n))["id"] for n in range(3)]
    page, other = open_desk(), open_desk("ben")
    shows(other, "Comment 1")
    other.keyboard.press("a")
    shows(other, "Comment 2")
    expect(page.locator(f"#row-{ids[1]}")).to_contain_text("approved by ben")
    expect(page.locator(f"#row-{ids[2]}")).to_contain_text("ben is reading")
    expect(page.locator("#rows li.past")).to_have_count(2)
    shows(page, "Comment 0")
