"""axe looks at a page, in whatever look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.browser.conftest import DESKTOP, PHONE

SCRIPT = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The only one of the rules that colours make a difference to.
COLOURS = ["color-contrast"]
# Only what is wrong is told in full, and nothing is fetched again.
RUN = """async ([part, rules]) => (await axe.run(part || document,
  {runOnly: rules, resultTypes: ["violations"], preload: false})).violations"""
NARROW = "document.documentElement.scrollWidth <= innerWidth"
LOOKS = {
    "desktop-light": (DESKTOP, "light"),
    "desktop-dark": (DESKTOP, "dark"),
    "phone-light": (PHONE, "light"),
    "phone-dark": (PHONE, "dark"),
}


def comes_along(page: Page) -> None:
    """Let every page that is opened from now on bring axe along: to send it to each takes thrice as long."""
    page.context.add_init_script(path=SCRIPT)


def violations(page: Page, rules: list[str] = RULES, part: str = "") -> list[str]:
    """Return what axe finds on a page, or a part of it, as it looks."""
    # A page without its style yet would be judged for what nobody sees.
    page.wait_for_load_state("load")
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(SCRIPT.read_text())
    found: Any = page.evaluate(RUN, [part, rules])
    return [f"{v['id']}: {n['target']} {n['failureSummary']}" for v in found for n in v["nodes"]]


def faults_in_every_look(page: Page, *looks: str, part: str = "") -> list[str]:
    """Return what axe finds in each of the looks, or all; everything that can be unfolded is."""
    page.locator("main details").evaluate_all("all => all.forEach(details => details.open = true)")
    found: list[str] = []
    judged = []
    for look in looks or LOOKS:
        viewport, scheme = LOOKS[look]
        page.set_viewport_size(viewport)
        # A colour that is on its way to another is none of the page's.
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        rules = COLOURS if viewport in judged else RULES
        judged.append(viewport)
        found += [f"{look}: {fault}" for fault in [*violations(page, rules, part), *too_wide(page)]]
    return found


def too_wide(page: Page) -> list[str]:
    """Tell whether a page must be moved sideways to be read."""
    return [] if page.evaluate(NARROW) else ["wider than the screen"]
