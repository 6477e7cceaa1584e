"""How the desk shows a comment: escaped, marked, compared, with its author and thread."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain import Explanation, Quote, ReasonCode, Ruling
from service.moderation import Moderation, Wish
from service.web import differences, responses
from tests.app.desk import DEHUMANISING, HATEFUL, text_of
from tests.conftest import BEN, Clock, submit
from tests.pages import Page, Visitor


def test_it_adds_up_the_reasons(
    ana: Visitor, moderation: Moderation, monkeypatch: pytest.MonkeyPatch
) -> None:
    spans = ((0, 4, 0.3), (5, 8, 0.1), (9, 16, 2.0), (17, 36, -0.5))
    fields = (("capitals", 0.2), ("author", -0.1))
    explained = Explanation("dehumanising", 0.731, 1.0, -1.0, spans, fields)
    monkeypatch.setattr(moderation.scorer.current(), "explain", lambda _comment, _labels: (explained,))
    submit(moderation, DEHUMANISING)
    page = ana.get("/")
    rows = re.findall(r'<th scope="row">(.*?)</th>\s*<td class="num">(.*?)</td>', page.html, re.DOTALL)
    values = {re.sub(r"<[^>]+>", "", name): float(v.replace("\N{MINUS SIGN}", "-")) for name, v in rows}
    assert values == {
        "cattle.": 2.0, "They": 0.3, "[dehumanising=0.93]": -0.5, "all other words": 0.1,
        "words in capitals": 0.2, "name and link of the author": -0.1, "base": -1.0, "together": 1.0,
    }  # fmt: skip
    assert sum(v for name, v in values.items() if name != "together") == pytest.approx(values["together"])
    assert '<mark class="d1">They</mark> are <mark class="d3">cattle.</mark>' in page.html
    assert '<mark class="g2">[dehumanising=0.93]</mark>' in page.html
    assert "= score 0.73, held from 0.50" in page.text
    assert "Without what the raising words add, it would be 0.21." in page.text


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</div></article></main><h1>gone</h1>",
    "{{ 7*7 }} {% raw %} ${7*7}",
    "\u202egnirts desrever",
    "'\"><svg/onload=alert(1)>",
    "&lt;b&gt; &amp;",
    "a\u0300" * 500,
    "line\nbreak\r\nand\ttab",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_it_shows_hostile_text_as_text(ana: Visitor, text: str) -> None:
    plain, hostile = (_with_everywhere(ana, t) for t in ("nothing to see", text))
    assert [(tag, sorted(given)) for tag, given in hostile.elements] == [
        (tag, sorted(given)) for tag, given in plain.elements
    ]
    assert text in "".join(hostile.pieces)


def _with_everywhere(ana: Visitor, text: str) -> Page:
    client = ana.moderation.store._db.client
    client.delete(*(client.keys("mq:{p*") or ["none"]))
    submit(
        ana.moderation, f"{text} [dehumanising=0.9]", author=text, post_title=text, parent_text=text,
        parent_id="3", permalink="https://blog.example/", author_shown=text, author_url=text,
    )  # fmt: skip
    return ana.get("/")


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://a.example/x", True),
        ("http://a.example", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)", False),
        ("data:text/html,<b>", False),
        ("//a.example", False),
        ("https:", False),
        ("http://[", False),
        (" javascript:alert(1)", False),
        ("vbscript:x", False),
    ],
)
def test_it_links_only_to_web_addresses(ana: Visitor, moderation: Moderation, url: str, linked: bool) -> None:
    submit(moderation, DEHUMANISING, author_url=url, permalink=url, post_title="A post")
    page = ana.get("/")
    found = [given for given in page.with_attribute("rel") if given.get("href") == url]
    assert len(found) == (2 if linked else 0)
    if linked:
        assert found[1]["rel"] == "nofollow noopener noreferrer ugc"
    own = ("/", "https://", "http://")
    assert all(given["href"].startswith(own) for given in page.with_attribute("href"))


def test_it_has_no_inline_script_or_style(ana: Visitor, ids: dict[str, str]) -> None:
    for path in ("/", f"/?item={ids['second']}", "/account", "/?lane=nope"):
        answer = ana.client.get(path, headers={"Accept": "text/html"})
        assert answer.headers["Content-Security-Policy"] == responses.CSP
        assert answer.headers["Cache-Control"] == "no-store"
        html = answer.get_data(as_text=True)
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]* src=)", html)


def test_it_shows_a_very_long_comment(ana: Visitor, moderation: Moderation) -> None:
    text = "word " * 3990 + "[dehumanising=0.9]"
    for n in range(50):
        submit(moderation, text, str(n))
    page = ana.get("/")
    assert text_of(page) == text
    # The list shows beginnings only.
    assert len(page.html) < 20_000 + 100_000


def test_it_shows_what_an_edit_changed(ana: Visitor, moderation: Moderation) -> None:
    submit(moderation, "They are fine people. [hateful=0.8]")
    submit(moderation, "They are awful people. [hateful=0.8]")
    page = ana.get("/")
    assert "Edited: what changed since revision 1" in page.text
    assert "<del>fine</del><ins>awful</ins>" in page.html


@given(st.text(max_size=200), st.text(max_size=200))
def test_it_shows_every_word_that_came_and_went(before: str, after: str) -> None:
    changes = differences.changes(before, after)
    assert "".join(c.text for c in changes if c.kind != "ins") == before
    assert "".join(c.text for c in changes if c.kind != "del") == after


def test_it_compares_very_long_texts_in_time() -> None:
    started = time.process_time()
    before, after = "a b " * 5000, "b a " * 5000
    changes = differences.changes(before, after)
    assert "".join(c.text for c in changes if c.kind != "ins") == before
    assert time.process_time() - started < 5


def test_it_tells_what_is_known_of_the_author(ana: Visitor, moderation: Moderation, clock: Clock) -> None:
    key = "ab" * 32
    made = []
    for text in ("all is well", "Cheap goods [spam=0.7]", "Wares, cheap [spam=0.72]"):
        clock.move(1)
        made.append(submit(moderation, text, text[:8], author="Iris", author_key=key)["id"])
    moderation.decide(BEN, made[1], Wish(Ruling.REJECT, ReasonCode.SPAM))
    page = ana.get(f"/?item={made[2]}")
    assert "1 approved · 1 rejected · first seen 15 Jan 2027" in page.text
    assert "rejected, spam by ben, 15 Jan 2027 Cheap goods" in page.text
    found = ana.get(f"/?lane=all&author={key}")
    assert [n for n in found.links if n.startswith("row-")] == [f"row-{i}" for i in (made[2], made[1])]


def test_it_shows_where_in_its_thread_a_comment_stands(ana: Visitor, moderation: Moderation) -> None:
    submit(moderation, "What a day", "1", author="Ann")
    submit(moderation, "What a night", "2", author="Bob", parent_id="1")
    last = submit(moderation, HATEFUL, "3", parent_id="2")["id"]
    page = ana.get(f"/?item={last}")
    assert "Level 3 of its thread, in reply to Ann What a day" in page.text
    assert "Bob wrote" in page.text
    assert "What a night" in page.text
    loop = submit(moderation, "me again [hateful=0.7]", "4", parent_id="4")["id"]
    assert "was not sent along" in ana.get(f"/?item={loop}").text


def test_it_shows_a_quote_apart_with_its_own_score(
    ana: Visitor, moderation: Moderation, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "> all of them are <b>vermin</b>\nShame on you. [hateful=0.6]"
    quote = Quote(0, text.index("\n"), 0.93, 2.6, ((2, 5, 3.6),))
    explained = (Explanation("hateful", 0.6, 0.4, -1.0, ((33, 38, 1.4),), (), (quote,)),)
    monkeypatch.setattr(moderation.scorer.current(), "explain", lambda *_: explained)
    item = submit(moderation, text)["id"]
    page = ana.get(f"/?item={item}")
    quoted = re.search(r'<blockquote class="quoted".*?</blockquote>', page.html, re.DOTALL)
    assert quoted
    assert "hateful 0.93 by itself" in quoted[0]
    assert '<mark class="d3">all</mark>' in quoted[0]
    assert "&lt;b&gt;vermin" in quoted[0]
    assert "Shame" not in quoted[0]
    assert "what they quote is not counted" in page.text


def test_it_says_that_a_comment_has_no_text(ana: Visitor, moderation: Moderation) -> None:
    submit(moderation, " \n ")
    page = ana.get("/?lane=all")
    assert re.search(r'class="words"[^>]*>\(no text\)</span>', page.html)
    assert (
        '<p class="soft">(no text)</p>'
        in ana.get(f"/?lane=all&item={page.with_attribute('data-id')[0]['data-id']}").html
    )
