"""Appeals as authors write them and moderators settle them."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from flask import Flask

from service import appeals
from service.moderation import Moderation
from tests.app import appealing
from tests.app.appealing import KEY
from tests.conftest import ANA, BEN, BLOG, Clock, submit
from tests.pages import Page, Visitor

TOKEN = "token-of-the-blog"


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


def test_moderators_are_shown_the_hardest_texts_veiled(ana: Visitor, moderation: Moderation) -> None:
    item_id = submit(moderation, "[hateful=0.95]")["id"]
    moderation.decide(ANA, item_id, appealing.REJECT)
    token, _ = appeals.make_link(moderation, ANA, item_id, KEY)
    appeals.submit(moderation, appeals.read_link(token, KEY, moderation.clock()), "Why?")
    assert "Veiled: hateful 0.95" in ana.get("/appeals/").text
    moderation.store.personal.prefer("ana", {"veil": False})
    assert "Veiled" not in ana.get("/appeals/").text
