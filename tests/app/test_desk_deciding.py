"""The desk without scripts: how it decides, undoes and refuses, and what it says of others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from service.domain import ReasonCode, Ruling
from service.moderation import Moderation, Wish
from service.web import panes
from tests.app.desk import DEHUMANISING, HATEFUL, SPAM, decide, text_of
from tests.conftest import ANA, BEN, Clock, submit
from tests.pages import PASSWORD, Page, Visitor


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
    assert "You were signed out; what you pressed last was not written." in page.text
    assert "not written" not in ana.get("/").text
    assert ana.send(page.form("/sign-in"), name="ana", password=PASSWORD).path == where[16:]


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
