"""The desk without scripts: what it shows, how it decides, undoes, refuses and escapes."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from service import bulk
from service.domain import Comment, Explanation, Item, Judgement, Quote, ReasonCode, Ruling, Verdict
from service.errors import Unavailable
from service.moderation import Moderation, Wish
from service.web import differences, onward, panes, responses
from tests.conftest import ADMIN, ANA, BEN, BLOG, Clock, submit
from tests.pages import PASSWORD, Page, Visitor, give_password

DEHUMANISING = "They are cattle. [dehumanising=0.93]"
HATEFUL = "I hate them all. [hateful=0.8]"
SPAM = "Cheap watches here. [spam=0.7]"


@pytest.fixture
def ana(app: Flask, moderation: Moderation) -> Visitor:
    give_password(moderation.store, ANA, BEN, ADMIN)
    visitor = Visitor(app)
    visitor.enter("ana")
    return visitor


@pytest.fixture
def ids(moderation: Moderation) -> dict[str, str]:
    """Three comments wait, the most severe first."""
    texts = {"first": DEHUMANISING, "second": HATEFUL, "third": SPAM}
    return {name: submit(moderation, text, name)["id"] for name, text in texts.items()}


def text_of(page: Page) -> str:
    """Return the comment that a page shows, as a reader sees it."""
    found = re.search(r'<div class="text" dir="auto" id="text">(.*?)</div>', page.html, re.DOTALL)
    assert found, page.text
    return re.sub(r"</?mark[^>]*>", "", found[1])


def decide(visitor: Visitor, page: Page, choice: str, **fields: str) -> Page:
    return visitor.send(page.form("/decision"), decision=choice, **fields)


def test_it_shows_lanes_list_and_the_first_comment(
    ana: Visitor, ids: dict[str, str], moderation: Moderation, clock: Clock
) -> None:
    clock.move(25 * 60)
    page = ana.get("/")
    assert "All waiting 3 oldest 25 min" in page.text
    assert "Dehumanising 1 oldest 25 min" in page.text
    assert "Campaigns 0" in page.text
    rows = [name for name in page.links if name.startswith("row-")]
    assert rows == [f"row-{i}" for i in ids.values()]
    assert text_of(page) == DEHUMANISING
    assert "it scores 0.93 for dehumanising; held from 0.50" in page.text


def test_it_shows_one_lane_of_one_site(ana: Visitor, ids: dict[str, str]) -> None:
    page = ana.get("/?lane=spam&site=blog")
    assert text_of(page) == SPAM
    assert [n for n in page.links if n.startswith("row-")] == [f"row-{ids['third']}"]


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


@pytest.mark.parametrize(
    ("text", "policy", "said"),
    [
        ("hello [broken]", {}, "it could not be scored, so a person decides: the model failed: StubError"),
        ("some gadgets", {"blocked_words": ("gadgets",)}, "it contains the blocked word gadgets"),
        ("http://a.b.example/", {"blocked_domains": ("b.example",)}, "the blocked domain b.example"),
        ("http://a.example/", {"max_links": 0}, "it has more links than are allowed: 1, not 0"),
        ("hello", {"hold_new_authors": True}, "this author has no approved comment here yet"),
        ("hallo [language=de]", {}, "the model has not learnt its language: German"),
        ("привет [language=Cyrl]", {}, "the model has not learnt its language: Cyrillic"),
    ],
)
def test_it_says_every_reason_in_words(
    ana: Visitor, moderation: Moderation, text: str, policy: dict[str, Any], said: str
) -> None:
    moderation.store.registry.save_site(replace(BLOG, policy=replace(BLOG.policy, **policy)))
    submit(moderation, text)
    assert said in ana.get("/").text


def test_it_says_that_an_edit_followed_a_rejection(ana: Visitor, moderation: Moderation) -> None:
    item_id = submit(moderation, DEHUMANISING)["id"]
    moderation.decide(ANA, item_id, Wish(Ruling.REJECT, ReasonCode.OTHER))
    submit(moderation, "They are fine people.")
    page = ana.get("/")
    assert "it was edited after it had been rejected" in page.text
    assert "revision 2" in page.text


@pytest.mark.parametrize(
    ("choice", "decided", "said"),
    [
        ("approve", (Ruling.APPROVE, None), "Approved"),
        ("reject:dehumanising", (Ruling.REJECT, ReasonCode.DEHUMANISING), "Rejected: dehumanising"),
        ("reject:off_topic", (Ruling.REJECT, ReasonCode.OFF_TOPIC), "Rejected: off topic"),
        ("reject:spam", (Ruling.REJECT, ReasonCode.SPAM), "Rejected: spam"),
    ],
)
def test_it_decides_and_goes_on(
    ana: Visitor, ids: dict[str, str], choice: str, decided: tuple[Ruling, ReasonCode | None], said: str
) -> None:
    page = ana.get("/")
    assert choice in page.form("/decision").buttons
    after = decide(ana, page, choice)
    assert text_of(after) == HATEFUL
    assert after.path == f"/?lane=pending&item={ids['second']}"
    assert said in after.text
    assert "on its way to the blog" in after.text
    decision = ana.moderation.store.views.item(ids["first"]).decision
    assert decision
    assert (decision.ruling, decision.reason, decision.by) == (*decided, "ana")


def test_the_script_is_given_the_next_comment_alone(
    ana: Visitor, ids: dict[str, str], moderation: Moderation
) -> None:
    def send(page: Page, choice: str = "approve") -> TestResponse:
        form = page.form("/decision")
        fields = form.fields | {"decision": choice}
        return ana.client.post(form.action, data=fields, headers={panes.ALONE: "1"})

    first = ana.get("/")
    answer = send(first)
    second = Page(answer)
    assert (answer.status_code, answer.headers["Content-Location"]) == (
        200,
        f"/?lane=pending&item={ids['second']}",
    )
    assert text_of(second) == HATEFUL
    assert "Approved" in second.text
    assert second.with_attribute("data-counts") == []
    moderation.decide(BEN, ids["third"], Wish(Ruling.APPROVE))
    # A conflict is shown with all of the desk; at the end of the list it is read anew.
    stale, last = send(first, "reject:spam"), send(second)
    assert (stale.status_code, "Content-Location" in stale.headers) == (409, False)
    assert Page(stale).with_attribute("data-counts")
    assert (last.status_code, last.headers["Location"]) == (303, "/?lane=pending")
    assert moderation.item(ANA, ids["second"]).outcome == "approve"


def test_it_suggests_the_gravest_label(ana: Visitor, ids: dict[str, str]) -> None:
    for name, label in (("first", "dehumanising"), ("second", "hateful"), ("third", "spam")):
        buttons = ana.get(f"/?item={ids[name]}").form("/decision").buttons
        assert buttons[1] == f"reject:{label}"


def test_it_stays_in_the_lane(ana: Visitor, moderation: Moderation) -> None:
    for n in (1, 2):
        submit(moderation, f"Spam {n} [spam=0.{7 + n}]", str(n))
    submit(moderation, DEHUMANISING, "3")
    after = decide(ana, ana.get("/?lane=spam"), "reject:spam")
    assert after.path.startswith("/?lane=spam&item=")
    assert text_of(after) == "Spam 1 [spam=0.8]"
    assert "All done here." in decide(ana, after, "reject:spam").text


def test_it_skips_what_somebody_else_reads(
    ana: Visitor, ids: dict[str, str], moderation: Moderation, clock: Clock
) -> None:
    moderation.claim(BEN, ids["second"])
    page = ana.get("/")
    assert "ben is reading" in page.text
    assert text_of(decide(ana, page, "approve")) == SPAM
    clock.move(301)
    assert text_of(ana.get("/")) == HATEFUL


def test_it_goes_past_what_was_decided_or_taken_meanwhile(
    ana: Visitor, ids: dict[str, str], moderation: Moderation
) -> None:
    last = submit(moderation, "More [spam=0.65]", "4")["id"]
    page = ana.get("/")
    moderation.decide(BEN, ids["second"], Wish(Ruling.APPROVE))
    moderation.claim(BEN, ids["third"])
    assert decide(ana, page, "approve").path.endswith(last)


def test_it_undoes_the_last_decision_also_later(
    ana: Visitor, ids: dict[str, str], moderation: Moderation
) -> None:
    decide(ana, ana.get("/"), "reject:hateful")
    page = ana.get("/?lane=spam")
    after = ana.send(page.form(f"{ids['first']}/undo"))
    assert text_of(after) == DEHUMANISING
    assert "Undone" in after.text
    item = moderation.store.views.item(ids["first"])
    assert (item.decision, item.pending) == (None, True)
    assert not [f for f in ana.get("/").forms if "/undo" in f.action]


def test_it_does_not_undo_the_decision_of_somebody_who_came_later(
    ana: Visitor, ids: dict[str, str], moderation: Moderation, clock: Clock
) -> None:
    decide(ana, ana.get("/"), "approve")
    form = ana.get("/").form(f"{ids['first']}/undo")
    clock.move(5)
    moderation.undo(BEN, ids["first"])
    moderation.decide(BEN, ids["first"], Wish(Ruling.REJECT, ReasonCode.HATEFUL))
    after = ana.send(form)
    assert after.status == 409
    assert "ben was faster. Decided" in after.text
    decision = moderation.store.views.item(ids["first"]).decision
    assert decision
    assert decision.by == "ben"


def test_it_tells_kindly_who_was_faster(ana: Visitor, ids: dict[str, str], moderation: Moderation) -> None:
    page = ana.get("/")
    moderation.decide(BEN, ids["first"], Wish(Ruling.REJECT, ReasonCode.HATEFUL))
    after = decide(ana, page, "approve")
    assert after.status == 409
    assert "ben was faster. Decided 08:00 UTC: rejected, hateful. Your choice was: approve." in after.text
    assert text_of(after) == DEHUMANISING
    assert text_of(ana.get(after.links["skip"])) == HATEFUL


def test_it_tells_who_reads_and_keeps_the_choice(
    ana: Visitor, ids: dict[str, str], moderation: Moderation
) -> None:
    page = ana.get("/")
    moderation.claim(BEN, ids["first"])
    after = decide(ana, page, "reject:off_topic")
    assert (after.status, "ben is reading this comment" in after.text) == (409, True)
    assert "Your choice was: reject, off topic." in after.text
    assert moderation.store.views.item(ids["first"]).pending


def test_it_asks_again_when_the_comment_was_edited(
    ana: Visitor, ids: dict[str, str], moderation: Moderation
) -> None:
    page = ana.get("/")
    submit(moderation, "They are people. [dehumanising=0.6]", "first")
    after = decide(ana, page, "reject:hateful")
    assert (after.status, "the comment was edited since" in after.text) == (409, True)
    assert text_of(after) == "They are people. [dehumanising=0.6]"
    assert 'class="chosen" name="decision" value="reject:hateful"' in after.html
    assert decide(ana, after, "reject:hateful").status == 200


def test_it_refuses_a_stale_lease_then_takes_the_choice_again(
    ana: Visitor, ids: dict[str, str], moderation: Moderation, clock: Clock
) -> None:
    page = ana.get("/")
    lease = moderation.claim(ANA, ids["first"])
    clock.move(301)
    after = decide(ana, page, "approve", lease_token=lease.token)
    assert (after.status, "Press it again" in after.text) == (409, True)
    assert decide(ana, after, "approve").status == 200


def test_it_claims_renews_and_releases(ana: Visitor, ids: dict[str, str], moderation: Moderation) -> None:
    token = ana.get("/").form("/decision").fields["csrf_token"]
    path = f"/items/{ids['first']}"
    lease = ana.client.post(f"{path}/claim", data={"csrf_token": token}).get_json()
    assert lease["seconds"] == 300
    renewed = ana.client.post(
        f"{path}/claim", data={"csrf_token": token, "lease_token": lease["lease_token"]}
    )
    assert moderation.store.views.item(ids["first"]).lease
    ana.client.post(f"{path}/release", data={"csrf_token": token, **renewed.get_json()})
    assert moderation.store.views.item(ids["first"]).lease is None
    moderation.claim(BEN, ids["first"])
    refused = ana.client.post(f"{path}/claim", data={"csrf_token": token})
    assert (refused.status_code, refused.get_json()["by"]) == (409, "ben")


@pytest.mark.parametrize(
    ("choice", "field"),
    [("", "decision"), ("delete", "decision"), ("reject", "reason"), ("reject:x", "reason")],
)
def test_it_refuses_what_is_no_decision(
    ana: Visitor, ids: dict[str, str], moderation: Moderation, choice: str, field: str
) -> None:
    after = decide(ana, ana.get("/"), choice)
    assert (after.status, f"{field.capitalize()}:" in after.text) == (422, True)
    assert moderation.store.views.item(ids["first"]).pending


@pytest.mark.parametrize("path", ["/?lane=nope", "/?item=" + "0" * 26, "/?site=nowhere", "/?item=../x"])
def test_it_says_that_there_is_no_such_place(ana: Visitor, path: str) -> None:
    page = ana.get(path)
    assert (page.status, "Not here" in page.text) == (404, True)


def test_it_refuses_a_cursor_that_it_did_not_give_out(ana: Visitor) -> None:
    assert ana.get("/?cursor=x").status == 422


def test_it_hides_the_sites_of_others(ana: Visitor, moderation: Moderation) -> None:
    item_id = submit(moderation, DEHUMANISING, site="other")["id"]
    assert "cattle" not in ana.get("/").html
    assert ana.get(f"/?item={item_id}").status == 404
    token = ana.get("/").form("/sign-out").fields["csrf_token"]
    for verb in ("decision", "undo", "claim", "release"):
        fields = {"csrf_token": token, "decision": "approve"}
        assert ana.post(f"/items/{item_id}/{verb}", fields).status_code == 404
    admin = Visitor(ana.client.application)
    admin.enter("admin")
    assert text_of(admin.get("/")) == DEHUMANISING


def test_it_asks_to_sign_in_again_and_leads_back(ana: Visitor, ids: dict[str, str]) -> None:
    form = ana.get("/").form("/decision")
    ana.client.delete_cookie("modqueue")
    where = f"http://localhost/?lane=pending&item={ids['first']}"
    answer = ana.client.post(
        form.action,
        data=form.fields,
        headers={"Accept": "text/html", "Referer": where},
        follow_redirects=True,
    )
    page = Page(answer)
    assert page.path.startswith("/sign-in")
    assert ana.send(page.form("/sign-in"), name="ana", password=PASSWORD).path == where[16:]


def test_it_changes_nothing_by_looking(ana: Visitor, ids: dict[str, str], moderation: Moderation) -> None:
    client = moderation.store.views._db.client

    def everything() -> dict[str, bytes | None]:
        # What was sent lately is forgotten by the server's clock.
        return {k: client.dump(k) for k in client.keys("*") if ":bucket:" not in k}

    before = everything()
    for path in ("/", f"/?item={ids['second']}", "/?lane=decided", "/?lane=all", "/counts.json", "/account"):
        ana.get(path)
    assert everything() == before


def test_it_pages_through_a_lane(ana: Visitor, moderation: Moderation) -> None:
    for n in range(55):
        submit(moderation, f"Number {n} [spam=0.{70 + n % 20}]", str(n))
    first = ana.get("/?lane=spam")
    more = re.search(r'href="(/\?lane=spam&amp;cursor=[^"]+)"', first.html)
    assert more
    second = ana.get(more[1].replace("&amp;", "&"))
    seen = [n for page in (first, second) for n in page.links if n.startswith("row-")]
    assert (len(seen), len(set(seen))) == (55, 55)
    assert "Back to the top" in second.text


def test_it_shows_what_was_decided_and_what_the_machine_did(
    ana: Visitor, ids: dict[str, str], moderation: Moderation
) -> None:
    decide(ana, ana.get("/"), "approve")
    assert "approved by ana" in ana.get("/?lane=decided").text
    through = submit(moderation, "A fine day.", "fine")["id"]
    page = ana.get(f"/?lane=all&item={through}")
    assert "The machine let it through" in page.text
    decide(ana, page, "reject:off_topic")
    assert moderation.store.views.item(through).outcome == "reject"


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ("confirmed", "the blog confirmed 08:00 UTC"),
        ("retry", "the blog did not confirm after 1 try (HTTP 500); retrying, next 08:05 UTC"),
        ("dead", "dead letter: given up after 1 try (HTTP 500) 08:00 UTC"),
    ],
)
def test_it_shows_what_became_of_the_callback(
    ana: Visitor, ids: dict[str, str], clock: Clock, result: str, said: str
) -> None:
    decide(ana, ana.get("/"), "approve")
    outbox = ana.moderation.store.outbox
    (delivery,) = outbox.lease_due(clock(), 10, 10)
    error = "" if result == "confirmed" else "HTTP 500"
    outbox.settle(delivery, result, clock(), next_at=clock() + 300, error=error)
    assert said in ana.get("/").text
    assert said in ana.get(f"/?item={ids['first']}").text
    assert said in re.sub(r"<[^>]+>", "", ana.client.get("/counts.json").get_json()["delivery"])


def test_it_says_that_a_callback_is_switched_off(ana: Visitor, moderation: Moderation) -> None:
    moderation.store.registry.save_site(replace(BLOG, callback_disabled="HTTP 410"))
    assert "Decisions do not reach blog: its callback is switched off. HTTP 410" in ana.get("/").text


def test_it_counts_what_came_since(
    ana: Visitor, ids: dict[str, str], moderation: Moderation, clock: Clock
) -> None:
    (where,) = ana.get("/?lane=hateful").with_attribute("data-counts")
    clock.move(60)
    submit(moderation, "More. [hateful=0.85]", "4")
    submit(moderation, "Else. [spam=0.7]", "5")
    news = ana.client.get(where["data-counts"]).get_json()
    assert news["new"] == 1
    assert news["lanes"]["hateful"] == {"count": 2, "oldest": "oldest 1 min"}
    assert news["lanes"]["pending"]["count"] == 5


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


def press(ana: Visitor, page: Page, what: str, **fields: str) -> Page:
    """Press a button of the decision's form that leads elsewhere."""
    form = page.form("/decision")
    return ana.send(replace(form, action=form.action.replace("/decision", f"/{what}")), **fields)


def test_it_skips_for_me_alone(ana: Visitor, ids: dict[str, str], app: Flask, clock: Clock) -> None:
    after = press(ana, ana.get("/"), "skip")
    assert text_of(after) == HATEFUL
    assert "skipped dehumanising 0.93" in after.text
    assert text_of(ana.get("/")) == HATEFUL
    ben = Visitor(app)
    ben.enter("ben")
    assert text_of(ben.get("/")) == DEHUMANISING
    for _ in range(2):
        after = press(ana, ana.get("/"), "skip")
    assert "All done here." in after.text or "Choose a comment." in after.text
    assert text_of(ana.send(after.form("/skips/forget"))) == DEHUMANISING
    press(ana, ana.get("/"), "skip")
    clock.move(8 * 3600 + 1)
    assert text_of(ana.get("/")) == DEHUMANISING


def test_it_escalates_to_an_admin_with_a_note(ana: Visitor, ids: dict[str, str], app: Flask) -> None:
    after = press(ana, ana.get("/"), "escalation", note="is this <ours>?")
    assert text_of(after) == HATEFUL
    assert "Escalated: an admin will decide." in after.text
    assert "lane-escalated" not in after.links
    assert text_of(ana.get("/")) == HATEFUL
    admin = Visitor(app)
    admin.enter("admin")
    page = admin.get("/?lane=escalated")
    assert "Escalated 1" in page.text
    assert "Escalated by ana 08:00 UTC: is this <ours>?" in page.text
    assert text_of(page) == DEHUMANISING
    decide(admin, page, "reject:dehumanising")
    assert "Nothing waits here." in admin.get("/?lane=escalated").text


def test_it_keeps_a_note_with_the_decision(ana: Visitor, ids: dict[str, str], moderation: Moderation) -> None:
    decide(ana, ana.get("/"), "reject:other", note="  rule 3\x00  ")
    decision = moderation.store.views.item(ids["first"]).decision
    assert decision
    assert decision.note == "rule 3"
    assert "rule 3" in ana.get(f"/?item={ids['first']}").text
    assert decide(ana, ana.get("/"), "approve", note="x" * 2001).status == 422


def test_it_keeps_the_note_when_somebody_was_faster(
    ana: Visitor, ids: dict[str, str], moderation: Moderation
) -> None:
    page = ana.get("/")
    moderation.decide(BEN, ids["first"], Wish(Ruling.APPROVE))
    after = press(ana, page, "escalation", note="look at this")
    assert (after.status, "Your note: look at this." in after.text) == (409, True)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("q=watches", ["third"]),
        ("q=hate+them", ["second"]),
        ("q=nothing", []),
        ("label=dehumanising", ["first"]),
        ("low=0.75&high=0.9", ["second"]),
        ("since=2027-01-15", ["first", "second", "third"]),
        ("until=2027-01-14", []),
        ("until=2027-01-15", ["first", "second", "third"]),
        ("sort=uncertainty", ["third", "second", "first"]),
    ],
)
def test_it_searches_by_address(ana: Visitor, ids: dict[str, str], query: str, names: list[str]) -> None:
    page = ana.get(f"/?{query}")
    assert [n for n in page.links if n.startswith("row-")] == [f"row-{ids[n]}" for n in names]
    assert ("Nothing was found." in page.text) == (not names)
    if names:
        # The search goes with the decision.
        assert query.split("&", maxsplit=1)[0] in decide(ana, page, "approve").path


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("since=tomorrow", "from"),
        ("low=2", "score from"),
        ("high=x", "score to"),
        ("sort=best", "order"),
        ("label=x", "label"),
    ],
)
def test_it_names_the_part_of_a_search_that_is_wrong(ana: Visitor, query: str, field: str) -> None:
    page = ana.get(f"/?{query}")
    assert (page.status, f"{field.capitalize()}:" in page.text) == (422, True)


def test_it_shows_hostile_searches_as_text(ana: Visitor) -> None:
    page = ana.get("/?q=%3Cscript%3Ealert(1)%3C/script%3E%22%3E&author=%22onload%3D1")
    assert "script" not in [tag for tag, given in page.elements if "src" not in given]
    assert "<script>alert(1)</script>" in "".join(page.pieces)


def test_it_decides_a_selection_and_undoes_all_of_it(
    ana: Visitor, ids: dict[str, str], moderation: Moderation
) -> None:
    form = ana.get("/").form("/selections/")
    preview = ana.send(form, chosen=ids["second"])
    assert "1 comment to decide at once" in preview.text
    assert "I hate them all." in preview.text
    assert moderation.store.views.item(ids["second"]).pending
    after = ana.send(preview.form("/decision"), decision="reject:hateful")
    assert "1 comment rejected: hateful" in after.text
    assert moderation.store.views.item(ids["second"]).outcome == "reject"
    page = ana.get("/")
    assert "1 comment rejected: hateful" in page.text
    assert "Undone for 1 comment." in ana.send(page.form("/undo")).text
    assert moderation.store.views.item(ids["second"]).pending


def test_it_decides_all_that_a_search_finds(ana: Visitor, moderation: Moderation, clock: Clock) -> None:
    wares = [submit(moderation, f"Wares {n} [spam=0.{60 + n % 30}]", str(n))["id"] for n in range(60)]
    other = submit(moderation, "Something else [spam=0.8]", "other")["id"]
    preview = ana.send(ana.get("/?q=wares").form("/selections/"), all="1")
    assert "60 comments to decide at once" in preview.text
    assert preview.text.count(" · score ") == 5
    clock.move(5)
    moderation.claim(BEN, wares[3])
    submit(moderation, "Wares edited [spam=0.7]", "4")
    moderation.decide(BEN, wares[5], Wish(Ruling.APPROVE))
    after = ana.send(preview.form("/decision"), decision="reject:spam")
    assert "57 comments rejected: spam" in after.text
    assert (
        "3 comments left as before: ben is reading this comment; the comment was edited since" in after.text
    )
    assert moderation.store.views.item(other).pending
    clock.move(5)
    moderation.undo(BEN, wares[7])
    moderation.decide(BEN, wares[7], Wish(Ruling.APPROVE))
    assert "Undone for 56 comments." in ana.send(ana.get("/?lane=decided").form("/undo")).text
    items = moderation.store.views.items(wares)
    assert [n for n, i in enumerate(items) if not i.pending] == [5, 7]


def test_it_does_the_rest_of_a_selection_when_asked_again(
    ana: Visitor, ids: dict[str, str], moderation: Moderation, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    preview = ana.send(ana.get("/").form("/selections/"), all="1")
    decide_one = moderation.decide

    def broken(*args: Any) -> Any:
        if args[1] == ids["second"]:
            raise Unavailable("gone")
        return decide_one(*args)

    monkeypatch.setattr(moderation, "decide", broken)
    assert ana.send(preview.form("/decision"), decision="reject:spam").status == 503
    monkeypatch.setattr(moderation, "decide", decide_one)
    clock.move(9)
    assert ana.send(preview.form("/decision"), decision="approve").status == 409
    assert "3 comments rejected: spam" in ana.send(preview.form("/decision"), decision="reject:spam").text
    assert moderation.store.views.totals(["blog"])["decision:reject"] == 3


def test_it_keeps_selections_to_their_maker(ana: Visitor, ids: dict[str, str], app: Flask) -> None:
    preview = ana.send(ana.get("/").form("/selections/"), all="1")
    ben = Visitor(app)
    ben.enter("ben")
    assert ben.get(preview.path).status == 404
    foreign = submit(ana.moderation, SPAM, site="other")["id"]
    assert ana.send(ana.get("/").form("/selections/"), chosen=foreign).status == 400


def test_it_samples_the_first_the_mildest_and_the_least_alike() -> None:
    judged = Judgement(Verdict.HOLD, (), {}, "m", 1)

    def item(n: int, text: str) -> Item:
        return Item(
            str(n), Comment("blog", str(n), text), 1, replace(judged, severity=1 - n / 100), 0.0, True
        )

    items = [item(n, "buy these cheap watches now") for n in range(20)]
    items[11] = item(11, "my grandmother baked bread")
    chosen = bulk.sample(items)
    assert [i.id for i in chosen[:3]] == ["0", "1", "19"]
    assert "11" in [i.id for i in chosen]
    assert len(chosen) == 5


def test_it_remembers_what_a_person_switches_off(ana: Visitor, ids: dict[str, str], app: Flask) -> None:
    assert "Veiled: dehumanising 0.93." in ana.get("/").text
    form = ana.get("/").form("/preferences")
    page = ana.send(replace(form, fields={k: v for k, v in form.fields.items() if k not in onward.SWITCHES}))
    assert "Veiled" not in page.text
    assert "veil" not in [given.get("class") for given in page.with_attribute("class")]
    again = Visitor(app)
    again.enter("ana")
    switched = {
        g["name"]: "checked" in g
        for g in again.get("/").with_attribute("name")
        if g.get("type") == "checkbox"
    }
    assert (switched["keys"], switched["veil"], switched["blur"]) == (False, False, False)
    ben = Visitor(app)
    ben.enter("ben")
    assert "Veiled" in ben.get("/").text


def test_it_counts_hard_texts_for_their_reader_alone(
    ana: Visitor, moderation: Moderation, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panes, "BREAK_AFTER", 3)
    for n in range(4):
        submit(moderation, f"{DEHUMANISING} {n}", str(n))
    page = ana.get("/")
    for n in range(1, 4):
        page = decide(ana, page, "reject:dehumanising")
        assert f"{n} hard text" in page.text
        assert ("A short break does good" in page.text) == (n == 3)
    clock.move(3601)
    page = ana.get("/")
    assert "A short break" not in page.text
    assert "3 hard texts within a day" in page.text
    clock.move(86400)
    ana.enter()
    assert "0 hard texts within a day" in ana.get("/").text


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


@pytest.mark.parametrize("result", ["retry", "dead"])
def test_it_sends_again_when_asked(ana: Visitor, ids: dict[str, str], clock: Clock, result: str) -> None:
    decide(ana, ana.get("/"), "approve")
    outbox = ana.moderation.store.outbox
    (delivery,) = outbox.lease_due(clock(), 10, 10)
    outbox.settle(delivery, result, clock(), next_at=clock() + 300, error="HTTP 500")
    page = ana.send(ana.get(f"/?item={ids['first']}").form("/resend"))
    assert "On its way to the blog again." in page.text
    assert [d.id for d in outbox.lease_due(clock(), 10, 10)] == [delivery.id]


def test_it_greys_rows_that_others_took(ana: Visitor, ids: dict[str, str], moderation: Moderation) -> None:
    (where,) = ana.get("/").with_attribute("data-counts")
    foreign = submit(moderation, SPAM, site="other")["id"]
    moderation.claim(BEN, ids["second"])
    moderation.decide(BEN, ids["third"], Wish(Ruling.APPROVE))
    asked = "+".join([*ids.values(), foreign])
    rows = ana.client.get(f"{where['data-counts']}&rows={asked}").get_json()["rows"]
    shown = {i: (row["past"], re.sub(r"<[^>]+>", "", row["tag"])) for i, row in rows.items()}
    assert shown == {
        ids["first"]: (False, "dehumanising 0.93"),
        ids["second"]: (True, "ben is reading"),
        ids["third"]: (True, "approved by ben"),
    }


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
