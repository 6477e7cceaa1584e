"""axe finds nothing on any page of the desk in any state; everything can be done by keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from service.domain import ReasonCode, Ruling
from service.moderation import Moderation, Wish
from tests.browser.axe import comes_along, faults_in_every_look
from tests.browser.conftest import DESKTOP, Open
from tests.conftest import ANA, BEN, Clock, submit

pytestmark = pytest.mark.process

DESKTOPS = ("desktop-light", "desktop-dark")


@pytest.fixture
def ids(moderation: Moderation, clock: Clock) -> list[str]:
    """Comments in every state: veiled, edited, escalated, taken, decided, with parent and history."""
    key = {
        "author_key": "ab" * 32,
        "author": "Iris",
        "post_title": "A post",
        "permalink": "https://blog.example/",
    }
    texts = [
        "[dehumanising=0.97] one",
        "[hateful=0.8] two",
        "[spam=0.7] three",
        "[spam=0.66] four",
        "[spam=0.6] five",
    ]
    made = [submit(moderation, t, str(n), **key, parent_id=str(n - 1))["id"] for n, t in enumerate(texts)]
    clock.move(60)
    submit(moderation, "[hateful=0.82] two, edited", "1", **key, parent_id="0")
    moderation.escalate(BEN, made[2], "Is this ours?")
    moderation.claim(BEN, made[3])
    moderation.decide(ANA, made[4], Wish(Ruling.REJECT, ReasonCode.SPAM, note="rule 3"))
    return [str(i) for i in made]


def test_axe_finds_nothing(open_desk: Open, ids: list[str], faults: list[str]) -> None:
    """In states that a moderator brings about; those that have an address are in test_every_page."""
    page = open_desk("admin")
    found = {}
    comes_along(page)
    for path in ("/?lane=decided", "/?lane=escalated", "/?lane=audit", *(f"/?item={i}" for i in ids)):
        page.goto(path)
        # The list is the same beside each comment.
        part = "#item" if path.endswith(tuple(ids[1:])) else ""
        found[path] = faults_in_every_look(page, part=part)
    page.set_viewport_size(DESKTOP)
    page.goto(f"/?item={ids[0]}")
    page.locator("#help summary").click()
    found["help"] = faults_in_every_look(page)
    page.set_viewport_size(DESKTOP)
    page.goto("/")
    page.locator("#select-all").click()
    expect(page.get_by_text("comments to decide at once")).to_be_visible()
    found["selection"] = faults_in_every_look(page)
    page.set_viewport_size(DESKTOP)
    page.get_by_role("button", name="Hateful").click()
    page.wait_for_selector("#undo")
    found["after a selection"] = faults_in_every_look(page)
    page.goto("/?item=" + "0" * 26)
    found["error"] = faults_in_every_look(page)
    assert faults
    assert all("404" in fault or "409" in fault for fault in faults)
    faults.clear()
    assert {path: v for path, v in found.items() if v} == {}


def test_axe_finds_what_is_wrong(open_desk: Open, ids: list[str]) -> None:
    page = open_desk()
    page.evaluate("""() => {
      const pale = document.createElement("p");
      pale.textContent = "Pale";
      Object.assign(pale.style, {color: "#ddd", background: "#fff"});
      byId("item").append(pale, document.createElement("img"));
    }""")
    found = [fault.split(":")[:2] for fault in faults_in_every_look(page, *DESKTOPS, part="#item")]
    pale = [[look, " color-contrast"] for look in DESKTOPS]
    assert sorted(found) == sorted([*pale, [DESKTOPS[0], " image-alt"]])


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until something has the focus, and see that the focus is visible on every way."""
    for _ in range(120):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            "s => [document.activeElement.matches(s), getComputedStyle(document.activeElement).outlineStyle,"
            " document.activeElement === document.body]",
            selector,
        )
        # Beyond the last control, and while a part of the page gives way to another, nothing has it.
        assert seen[1] != "none" or seen[2], page.evaluate("document.activeElement.outerHTML.slice(0, 300)")
        if seen[0]:
            return
    raise AssertionError(f"never came to {selector}")


def test_it_is_usable_by_keyboard_with_single_keys_off(
    open_desk: Open, ids: list[str], moderation: Moderation
) -> None:
    page = open_desk()
    tab_to(page, ".help summary")
    page.keyboard.press("Enter")
    tab_to(page, "#keys")
    with page.expect_response("**/preferences"):
        page.keyboard.press("Space")
    page.goto(f"/?item={ids[1]}")
    tab_to(page, "#noted summary")
    page.keyboard.press("Enter")
    tab_to(page, "#note")
    page.keyboard.type("a r s n u x")
    assert moderation.store.views.item(ids[1]).pending
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    tab_to(page, "#escalate")
    page.keyboard.press("Enter")
    expect(page.locator("#announce")).to_contain_text("Escalated")
    escalation = moderation.store.views.item(ids[1]).escalation
    assert escalation
    assert escalation.note == "a r s n u x"


def test_it_announces_what_happens(open_desk: Open, ids: list[str]) -> None:
    page = open_desk(path=f"/?item={ids[0]}")
    page.keyboard.press("a")
    expect(page.locator("#announce")).to_contain_text("Approved.")
    assert page.evaluate("document.activeElement.id") == "item"
