"""The plugin's pages in a real browser: pictures to look at, and no fault in the console."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import DESKTOP, PHONE
from tests.wordpress.conftest import FINE, HELD, SPAM, Pair
from tests.wordpress.site import PASSWORD

pytestmark = pytest.mark.process

PICTURES = Path(__file__).parents[2] / ".screenshots"


@pytest.fixture
def admin(browser: Browser, pair: Pair) -> Iterator[Page]:
    """Give a browser whose admin is signed in; no page may complain in its console."""
    faults: list[str] = []
    context = browser.new_context(viewport=DESKTOP, base_url=pair.wordpress.url)
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    # By request: the sign-in page moves the focus by itself, between two keys of whoever fills it.
    entered = context.request.post("/wp-login.php", form={"log": "admin", "pwd": PASSWORD})
    assert "/wp-admin/" in entered.url
    yield page
    context.close()
    assert faults == []


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / f"wordpress-{name}.png", full_page=True)


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_the_settings_page_is_used_by_hand(pair: Pair, admin: Page) -> None:
    admin.goto("/wp-admin/options-general.php?page=modqueue")
    admin.get_by_label("Secret").fill("whsec_wrong")
    admin.get_by_label("go to the Trash").check()
    admin.get_by_role("button", name="Save and test the connection").click()
    admin.get_by_text("The secret is not complete").wait_for()
    picture(admin, "settings-wrong")
    admin.get_by_label("Secret").fill(pair.service.secret)
    admin.get_by_role("button", name="Save and test the connection").click()
    admin.get_by_text("The connection works, both ways.").wait_for()
    assert admin.get_by_label("go to the Trash").is_checked()
    picture(admin, "settings")
    admin.set_viewport_size(PHONE)
    assert fits(admin)
    picture(admin, "settings-phone")


def test_the_comments_screen_is_read_and_leads_to_the_desk(pair: Pair, admin: Page) -> None:
    pair.wordpress.comment(pair.text(FINE))
    pair.wordpress.comment(pair.text(SPAM))
    held = pair.wordpress.comment(pair.text(HELD))
    decided = pair.wordpress.comment(pair.text(HELD))
    pair.decide(decided.id, "approve")
    pair.wordpress.wait_for_status(decided.id, "approved")
    admin.goto("/wp-admin/edit-comments.php")
    row = admin.locator(f"#comment-{held.id}")
    assert "score for dehumanising" in row.locator(".column-modqueue").inner_text()
    picture(admin, "comments")
    # A moderator approves with WordPress's own link, and the service knows.
    row.hover()
    row.get_by_role("button", name="Approve this comment").click()
    pair.wordpress.wait_for_status(held.id, "approved")
    assert pair.item(held.id)["decision"]["by"] == "wordpress:admin"
    admin.goto(f"/wp-admin/comment.php?action=editcomment&c={held.id}")
    box = admin.locator("#modqueue")
    assert "approve, decided in WordPress by admin" in box.inner_text()
    picture(admin, "box")
    assert pair.answer(held.id)["id"] in (box.get_by_role("link").get_attribute("href") or "")
