"""Every page in every state: nothing for axe to find, nothing wider than the screen, all in reach."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, ViewportSize

from service.moderation import Moderation
from service.store import Store
from tests.browser import states
from tests.browser.axe import comes_along, faults_in_every_look, too_wide
from tests.browser.conftest import PATIENCE_MS, PHONE, Open
from tests.conftest import Clock

pytestmark = pytest.mark.process

# A desktop of 1440 × 900, at 200 %.
ZOOMED: ViewportSize = {"width": 720, "height": 450}
# As narrow as WCAG's reflow asks for.
NARROWEST: ViewportSize = {"width": 320, "height": 640}
# What these show beside the comment, the desk and the list of all show already.
BESIDE_OTHERS = {f"desk-{state}" for state in ("veiled", "escalated", "taken", "edited", "quote", "good")}
# The controls that somebody sees, but cannot get at with a pointer.
OUT_OF_REACH = """() => {
  const out = [];
  for (const control of document.querySelectorAll("a, button, input, select, textarea, summary")) {
    if (!control.checkVisibility({visibilityProperty: true}) || control.closest(".unseen")) continue;
    control.scrollIntoView({block: "center", inline: "center", behavior: "instant"});
    const box = control.getClientRects()[0];
    if (!box || !box.width) continue;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const hit = document.elementFromPoint(x, y);
    const near = hit && [control.contains(hit), hit.contains(control), control.labels?.[0]?.contains(hit)];
    if (!near?.some(Boolean)) out.push(control.outerHTML);
  }
  return out;
}"""


@pytest.fixture
def moderation(store: Store, tmp_path: Path, clock: Clock) -> Iterator[Moderation]:
    """Give the use cases with the shipped model, in place of the stub."""
    with states.cast(store, tmp_path, clock) as moderation:
        yield moderation


@pytest.fixture
def paths(moderation: Moderation, app: Flask, clock: Clock) -> dict[str, str]:
    return states.fill(moderation, app, clock)


def walk(
    open_desk: Open, browser: Browser, paths: dict[str, str], language: str = "en", **look: Any
) -> Iterator[tuple[str, Page]]:
    """Open each state: those of the outside as a visitor, the others as an admin."""
    page = open_desk("admin", **look)
    comes_along(page)
    page.goto("/account")
    page.locator("#language").select_option(language)
    page.locator("#languages button").click()
    page.locator(".notice.good").wait_for()
    outside = browser.new_context(base_url=page.url, locale=language, **look)
    outside.set_default_timeout(PATIENCE_MS)
    visitor = outside.new_page()
    comes_along(visitor)
    for name, path in paths.items():
        shown = visitor if name in states.OUTSIDE else page
        shown.goto(path)
        shown.wait_for_load_state("load")
        assert shown.evaluate("document.documentElement.lang") == language, name
        yield name, shown
    outside.close()


def forgive_refusals(faults: list[str]) -> None:
    # A browser reports an error page in its console.
    assert all("404" in fault or "409" in fault or "422" in fault for fault in faults)
    faults.clear()


def part(name: str) -> str:
    """Return what of a state axe has not seen in another."""
    return "#item" if name in BESIDE_OTHERS else ""


def out_of_reach(page: Page, viewport: ViewportSize) -> list[str]:
    """Return the controls that a pointer does not get at on a screen of this size; everything is unfolded."""
    page.set_viewport_size(viewport)
    found: list[str] = page.evaluate(OUT_OF_REACH)
    return found + too_wide(page)


def test_every_page_is_accessible(
    open_desk: Open, browser: Browser, paths: dict[str, str], faults: list[str]
) -> None:
    """Nothing for axe to find on a desktop; every control within reach at 200 %; a phone wide enough."""
    found = {}
    for name, page in walk(open_desk, browser, paths):
        found[name] = faults_in_every_look(page, "desktop-light", "desktop-dark", part=part(name))
        found[name] += out_of_reach(page, ZOOMED)
        for narrow in (PHONE, NARROWEST):
            page.set_viewport_size(narrow)
            found[name] += too_wide(page)
    forgive_refusals(faults)
    assert {name: v for name, v in found.items() if v} == {}


def test_every_page_is_accessible_in_german_on_a_phone(
    open_desk: Open, browser: Browser, paths: dict[str, str], faults: list[str]
) -> None:
    """The words of German are long, and a phone is narrow."""
    found = {}
    for name, page in walk(open_desk, browser, paths, "de", viewport=PHONE, color_scheme="dark"):
        found[name] = faults_in_every_look(page, "phone-dark", "phone-light", part=part(name))
        page.set_viewport_size(NARROWEST)
        found[name] += too_wide(page)
    forgive_refusals(faults)
    assert {name: v for name, v in found.items() if v} == {}
