"""Hundreds of hostile comments, each opened on the desk: all of them stay text."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from service.moderation import Moderation
from tests.browser.conftest import Open
from tests.browser.hostile import corpus
from tests.conftest import submit

pytestmark = pytest.mark.process

# In parts, for as many processes.
PARTS = 4
# Links and handlers that no comment may bring about, and whether the page keeps within its width.
SHAPE = """() => [
  document.querySelectorAll('a[href^="javascript"], a[href^="data"], [onload], [onerror]').length,
  document.querySelectorAll('main iframe, main base, main meta, main style, main img, main script').length,
  document.documentElement.scrollWidth <= innerWidth]"""


def test_its_corpus_is_large() -> None:
    assert len(corpus()) >= 200


@pytest.mark.parametrize("part", range(PARTS))
def test_it_keeps_a_corpus_of_hostile_comments_as_text(
    open_desk: Open, moderation: Moderation, part: int
) -> None:
    """The faults of `open_desk` fail this on any dialog, console message, CSP report or outside request."""
    texts = corpus()[part::PARTS]
    ids = {}
    for n, text in enumerate(texts):
        said = f"{text} [spam=0.{n + 600}]"
        answer = submit(
            moderation, said, str(n), author=text[:200], author_url=text[:500], post_title=text[:200],
            permalink=text[:500], parent_text=text, parent_id=f"p{n}", post_id=text[:50],
        )  # fmt: skip
        ids[answer["id"]] = said
    page = open_desk()
    for item_id, said in ids.items():
        # Beside a list that is empty; lists follow.
        page.goto(f"/?lane=errors&item={item_id}")
        # A browser reads every line break as one and the same.
        lines = said.replace("\r\n", "\n").replace("\r", "\n")
        assert page.evaluate(f"[byId('text').textContent, ({SHAPE})()]") == [lines, [0, 0, True]]
    # Where everything waits, copies of one comment are one row.
    assert 0 < listed(page, "/") <= len(texts)
    assert listed(page, "/?lane=all") == len(texts)


def listed(page: Page, path: str) -> int:
    """Count the rows of a list, over all its pages."""
    page.goto(path)
    found = 0
    while True:
        found += page.locator("#rows a").count()
        assert page.evaluate(SHAPE) == [0, 0, True]
        more = page.get_by_role("link", name="More", exact=True)
        if not more.count():
            return found
        page.goto(more.get_attribute("href") or "")
