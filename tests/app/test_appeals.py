"""Appeals: links that only we can make, one appeal a decision, and what uphold and overturn do."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from service import appeals
from service.domain import ReasonCode, Ruling
from service.errors import Conflict, Invalid, NotFound
from service.moderation import Moderation, Wish
from tests.conftest import ANA, BEN, BLOG, Clock, submit
from tests.pages import Page, Visitor, give_password

KEY = b"k" * 32
REJECT = Wish(Ruling.REJECT, ReasonCode.HATEFUL)
APPROVE = Wish(Ruling.APPROVE)
TOKEN = "token-of-the-blog"


@pytest.fixture
def rejected(moderation: Moderation) -> str:
    item_id: str = submit(moderation, "I hate it when <b>it</b> rains. [hateful=0.8]", author="Ola")["id"]
    moderation.decide(ANA, item_id, REJECT)
    return item_id


def link(m: Moderation, item_id: str) -> appeals.Link:
    token, _ = appeals.make_link(m, ANA, item_id, KEY)
    return appeals.read_link(token, KEY, m.clock())


def appeal(m: Moderation, item_id: str, text: str = "It was about the weather.") -> None:
    appeals.submit(m, link(m, item_id), text)


def state(m: Moderation, item_id: str) -> str:
    found = m.store.appeals.of(item_id)
    return found.state if found else "none"


def test_a_link_says_what_it_was_made_for(moderation: Moderation, rejected: str, clock: Clock) -> None:
    token, expires_at = appeals.make_link(moderation, ANA, rejected, KEY)
    found = appeals.read_link(token, KEY, clock())
    assert found == appeals.Link(rejected, appeals.reference(moderation.item(ANA, rejected)), expires_at)
    assert appeals.read_link(token, KEY, expires_at - 1) == found
    with pytest.raises(NotFound):
        appeals.read_link(token, KEY, expires_at)
    with pytest.raises(NotFound):
        appeals.read_link(token, b"other" * 8, clock())


def test_a_link_that_was_changed_is_refused(moderation: Moderation, rejected: str, clock: Clock) -> None:
    token, _ = appeals.make_link(moderation, ANA, rejected, KEY)

    @given(st.integers(0, len(token) - 1), st.sampled_from("0123456789abcdef-. é\n"))
    def run(place: int, other: str) -> None:
        changed = token[:place] + other + token[place + 1 :]
        if changed != token:
            with pytest.raises(NotFound):
                appeals.read_link(changed, KEY, clock())

    run()


@given(st.text(max_size=120))
def test_whatever_is_no_link_is_refused(token: str) -> None:
    with pytest.raises(NotFound):
        appeals.read_link(token, KEY, 0.0)


def test_there_is_no_link_to_what_is_not_rejected(moderation: Moderation, rejected: str) -> None:
    waiting = submit(moderation, "[spam=0.7]", "2")["id"]
    published = submit(moderation, "fine", "3")["id"]
    for item_id in (waiting, published):
        with pytest.raises(Conflict, match="only a rejected"):
            appeals.make_link(moderation, ANA, item_id, KEY)
    with pytest.raises(NotFound):
        appeals.make_link(moderation, replace(ANA, sites=("other",)), rejected, KEY)


def test_there_is_one_appeal_for_each_decision(moderation: Moderation, rejected: str, clock: Clock) -> None:
    appeal(moderation, rejected)
    with pytest.raises(Conflict, match="already"):
        appeal(moderation, rejected, "Once more.")
    moderation.undo(BEN, rejected)
    clock.move(5)
    moderation.decide(BEN, rejected, REJECT)
    appeal(moderation, rejected, "Another decision, another appeal.")
    (found,) = moderation.store.appeals.open(["blog"])
    assert found.text == "Another decision, another appeal."


def test_a_link_dies_with_its_decision(moderation: Moderation, rejected: str, clock: Clock) -> None:
    old = link(moderation, rejected)
    moderation.undo(ANA, rejected)
    with pytest.raises(Conflict, match="not in force"):
        appeals.submit(moderation, old, "please")
    clock.move(1)
    moderation.decide(ANA, rejected, APPROVE)
    with pytest.raises(Conflict, match="not in force"):
        appeals.submit(moderation, old, "please")
    assert moderation.store.appeals.count(["blog"]) == 0


@pytest.mark.parametrize("text", ["", "  \n ", "\x00\x07", "x" * 2001])
def test_it_refuses_no_text_and_too_much(moderation: Moderation, rejected: str, text: str) -> None:
    with pytest.raises(Invalid, match="text"):
        appeal(moderation, rejected, text)
    assert moderation.store.appeals.of(rejected) is None


def test_upheld_stays_rejected(moderation: Moderation, rejected: str) -> None:
    appeal(moderation, rejected)
    appeals.uphold(moderation, BEN, rejected)
    assert moderation.item(ANA, rejected).outcome == "reject"
    assert state(moderation, rejected) == "upheld"
    assert moderation.store.appeals.count(["blog"]) == 0
    with pytest.raises(Conflict, match="settled already"):
        appeals.overturn(moderation, ANA, rejected)
    assert moderation.item(ANA, rejected).outcome == "reject"


def test_overturned_is_an_ordinary_approval(moderation: Moderation, rejected: str, clock: Clock) -> None:
    appeal(moderation, rejected)
    clock.move(60)
    appeals.overturn(moderation, BEN, rejected)
    item = moderation.item(ANA, rejected)
    assert item.decision
    assert (item.decision.ruling, item.decision.by) == (Ruling.APPROVE, "ben")
    assert state(moderation, rejected) == "overturned"
    last = moderation.store.outbox.lease_due(clock() + 100, 30, 10)[-1]
    assert json.loads(last.body)["data"]["outcome"] == "approve"
    kinds = [json.loads(e)["kind"] for e in reversed(moderation.store.views.log("blog"))]
    assert kinds == ["verdict", "decision", "appeal", "undo", "decision", "appeal overturned"]
    with pytest.raises(Conflict):
        appeals.uphold(moderation, ANA, rejected)


def test_what_the_machine_rejected_can_be_appealed_too(moderation: Moderation) -> None:
    item_id = submit(moderation, "[spam=0.99]")["id"]
    appeal(moderation, item_id)
    appeals.overturn(moderation, BEN, item_id)
    assert moderation.item(ANA, item_id).outcome == "approve"


def test_it_finishes_overturning_that_a_crash_interrupted(
    moderation: Moderation, rejected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(Exception):
        pass

    def die(*_args: object, **_kwargs: object) -> None:
        raise Killed

    appeal(moderation, rejected)
    with monkeypatch.context() as patch:
        patch.setattr(moderation, "decide", die)
        with pytest.raises(Killed):
            appeals.overturn(moderation, ANA, rejected)
    assert moderation.item(ANA, rejected).pending
    assert moderation.store.appeals.count(["blog"]) == 1
    with pytest.raises(Conflict):
        appeals.uphold(moderation, BEN, rejected)
    appeals.overturn(moderation, BEN, rejected)
    assert moderation.item(ANA, rejected).outcome == "approve"
    assert state(moderation, rejected) == "overturned"


def test_an_edit_ends_the_appeal(moderation: Moderation, rejected: str) -> None:
    appeal(moderation, rejected)
    submit(moderation, "They are cattle. [dehumanising=0.9]", author="Ola")
    assert moderation.store.appeals.count(["blog"]) == 0
    with pytest.raises(NotFound):
        appeals.overturn(moderation, ANA, rejected)
    assert moderation.item(ANA, rejected).pending


# The pages.


@pytest.fixture
def ana(app: Flask, moderation: Moderation) -> Visitor:
    give_password(moderation.store, ANA, BEN)
    visitor = Visitor(app)
    visitor.enter("ana")
    return visitor


@pytest.fixture
def path(app: Flask, moderation: Moderation, rejected: str) -> str:
    """Ask the API for a link, as a blog does."""
    moderation.store.registry.add_token(TOKEN, "blog", ("blog",))
    answer = app.test_client().post(
        f"/api/v1/comments/{rejected}/appeal-link", headers={"Authorization": f"Bearer {TOKEN}"}
    )
    assert answer.status_code == 200
    assert set(answer.get_json()) == {"url", "expires_at"}
    return urlsplit(answer.get_json()["url"]).path


def test_the_api_makes_links_to_rejected_comments_alone(app: Flask, moderation: Moderation) -> None:
    moderation.store.registry.add_token(TOKEN, "blog", ("blog",))
    waiting = submit(moderation, "[spam=0.7]")["id"]
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    client = app.test_client()
    assert client.post(f"/api/v1/comments/{waiting}/appeal-link", headers=bearer).status_code == 409
    assert client.post(f"/api/v1/comments/{'0' * 26}/appeal-link", headers=bearer).status_code == 404
    assert client.post(f"/api/v1/comments/{waiting}/appeal-link").status_code == 401


def author(app: Flask, path: str) -> tuple[Visitor, Page]:
    visitor = Visitor(app)
    return visitor, visitor.get(path)


def test_an_author_appeals_without_signing_in(app: Flask, moderation: Moderation, path: str) -> None:
    visitor, page = author(app, path)
    assert "hateful" in page.text
    assert "&lt;b&gt;it&lt;/b&gt;" in page.html
    after = visitor.send(page.form(path), text="<script>alert(1)</script> It was\r\nabout the weather.")
    assert "A moderator will read this." in after.text
    assert "<script>" not in after.html
    assert not [f for f in visitor.get(path).forms if f.method == "post"]
    (found,) = moderation.store.appeals.open(["blog"])
    assert found.text == "<script>alert(1)</script> It was\nabout the weather."
    # Nothing about the moderators.
    assert "ana" not in visitor.get(path).text


def test_an_author_is_told_what_became_of_it(
    app: Flask, moderation: Moderation, path: str, rejected: str
) -> None:
    visitor, page = author(app, path)
    visitor.send(page.form(path), text="It was about the weather.")
    appeals.overturn(moderation, BEN, rejected)
    assert "the comment is approved" in visitor.get(path).text


def test_an_author_cannot_appeal_twice(app: Flask, moderation: Moderation, path: str) -> None:
    visitor, page = author(app, path)
    visitor.send(page.form(path), text="Once.")
    twice = visitor.send(page.form(path), text="Twice.")
    assert twice.status == 409
    assert [a.text for a in moderation.store.appeals.open(["blog"])] == ["Once."]


def test_an_author_is_told_that_nothing_was_written(app: Flask, moderation: Moderation, path: str) -> None:
    visitor, page = author(app, path)
    assert visitor.send(page.form(path), text=" ").status == 422
    moderation.undo(ANA, moderation.store.views.page("decided", ["blog"]).items[0].id)
    gone = visitor.get(path)
    assert "not in force any more" in gone.text
    assert "It was about" not in gone.text
    assert "rains" not in gone.text


def test_the_page_is_shown_to_nobody_without_a_link(app: Flask, path: str, clock: Clock) -> None:
    assert author(app, path[:-1] + ("0" if path[-1] != "0" else "1"))[1].status == 404
    assert author(app, "/appeal/none")[1].status == 404
    assert app.test_client().get(path).headers["X-Robots-Tag"] == "noindex"
    clock.move(31 * 86_400)
    assert author(app, path)[1].status == 404


def test_tries_are_limited(app: Flask, path: str) -> None:
    visitor, page = author(app, path)
    answers = [visitor.post(path, {"text": ""}).status_code for _ in range(40)]
    assert answers[0] == 422
    assert answers[-1] == 429
    assert page.status == 200


def test_moderators_settle_in_a_view_of_its_own(
    ana: Visitor, app: Flask, moderation: Moderation, path: str, rejected: str
) -> None:
    visitor, page = author(app, path)
    visitor.send(page.form(path), text="It was <i>about</i> the weather.")
    assert "Appeals 1" in ana.get("/").text
    shown = ana.get("/appeals/")
    assert "&lt;i&gt;about&lt;/i&gt;" in shown.html
    assert "rejected as hateful by ana (you)" in shown.text
    form = shown.form("/settle")
    assert form.buttons == ["overturn", "uphold"]
    after = ana.send(form, answer="overturn")
    assert "Overturned: approved." in after.text
    assert "No open appeals." in after.text
    assert moderation.item(ANA, rejected).outcome == "approve"
    late = ana.send(form, answer="uphold")
    assert "Not done: the rejection is not in force any more" in late.text
    assert ana.send(form, answer="burn").status == 422


def test_moderators_see_appeals_of_their_sites(app: Flask, ana: Visitor, moderation: Moderation) -> None:
    item_id = submit(moderation, "[spam=0.99]", site="other")["id"]
    admin = replace(ANA, sites=())
    token, _ = appeals.make_link(moderation, admin, item_id, KEY)
    appeals.submit(moderation, appeals.read_link(token, KEY, moderation.clock()), "secret words")
    assert "secret words" not in ana.get("/appeals/").text
    form = replace(ana.get("/account").form("/sign-out"), action=f"/appeals/{item_id}/settle")
    assert ana.send(form, answer="overturn").status == 404
    assert BLOG.id not in moderation.item(admin, item_id).comment.site
