"""What visitors of the desk read and do there."""

from __future__ import annotations

import re

from tests.pages import Page, Visitor

DEHUMANISING = "They are cattle. [dehumanising=0.93]"
HATEFUL = "I hate them all. [hateful=0.8]"
SPAM = "Cheap watches here. [spam=0.7]"


def text_of(page: Page) -> str:
    """Return the comment that a page shows, as a reader sees it."""
    found = re.search(r'<div class="text" dir="auto" id="text">(.*?)</div>', page.html, re.DOTALL)
    assert found, page.text
    return re.sub(r"</?mark[^>]*>", "", found[1])


def decide(visitor: Visitor, page: Page, choice: str, **fields: str) -> Page:
    return visitor.send(page.form("/decision"), decision=choice, **fields)
