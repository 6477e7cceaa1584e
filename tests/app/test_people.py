"""The people page: who may see it, what it changes, what it never lets happen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from service.domain import Person, Role
from service.errors import Conflict, Invalid
from service.moderation import Moderation
from service.people import People
from tests.app.test_accounts import NEW, logged
from tests.conftest import ADMIN, ANA, Clock
from tests.pages import HASH, PASSWORD, Page, Visitor, give_password


@pytest.fixture
def admin(visitor: Visitor, app: Flask, moderation: Moderation) -> Visitor:
    give_password(moderation.store, ADMIN)
    admin = Visitor(app)
    admin.enter("admin")
    return admin


@pytest.fixture
def people(moderation: Moderation, clock: Clock) -> People:
    return People(moderation.store, "admin", clock())


def person(moderation: Moderation, name: str) -> Person:
    return moderation.store.registry.person(name)


def link_of(page: Page) -> str:
    return next(given["value"] for given in page.with_attribute("readonly"))


@pytest.mark.parametrize("path", ["/people", "/people/person?name=ben", "/log"])
def test_it_is_for_admins_alone(admin: Visitor, visitor: Visitor, path: str) -> None:
    assert Visitor(admin.client.application).get(path).path.startswith("/sign-in")
    visitor.enter()
    assert visitor.get(path).status == 403
    assert admin.get(path).status == 200


@pytest.mark.parametrize("path", ["", "/person", "/reset", "/disable", "/sign-out"])
def test_it_takes_no_form_of_a_moderator(visitor: Visitor, moderation: Moderation, path: str) -> None:
    visitor.enter()
    fields = visitor.get("/account").form("/account/password").fields
    answer = visitor.post(f"/people{path}", fields | {"name": "ana", "role": "admin"})
    assert answer.status_code == 403
    assert person(moderation, "ana").role is Role.MODERATOR


def test_an_admin_of_one_site_cannot_make_themself_one_of_all(admin: Visitor, moderation: Moderation) -> None:
    moderation.store.registry.change_person("admin", lambda p: replace(p, sites=("blog",)))
    assert admin.get("/people").status == 403
    assert admin.get("/log").status == 200


def test_it_invites_by_a_link_that_works_once(admin: Visitor, app: Flask, moderation: Moderation) -> None:
    page = admin.send(
        admin.get("/people").form("/people"),
        name="zoë",
        role="moderator",
        site="blog",
        email="Zoe@Blog.example ",
    )
    link = link_of(page)
    invited = person(moderation, "zoë")
    assert (invited.role, invited.sites, invited.email) == (Role.MODERATOR, ("blog",), "zoe@blog.example")
    assert link not in admin.get("/people").html
    zoe = Visitor(app)
    path = link.removeprefix("http://localhost")
    assert "Set a password" in zoe.send(zoe.get(path).form(path)).text
    assert Visitor(app).get(path).status == 404
    form = zoe.get("/account").form("/account/password")
    zoe.send(form, new=NEW, again=NEW)
    assert Visitor(app).sign_in("zoë", NEW).path == "/"
    assert ("moderator_added", "admin") in logged(moderation)


def test_a_newer_link_ends_the_earlier_one(admin: Visitor, app: Flask) -> None:
    forms = [admin.get("/people/person?name=ben").form("/people/reset") for _ in range(2)]
    first, second = (link_of(admin.send(f)).removeprefix("http://localhost") for f in forms)
    assert Visitor(app).get(first).status == 404
    assert Visitor(app).get(second).status == 200


def test_it_changes_role_sites_and_address(admin: Visitor, moderation: Moderation) -> None:
    form = admin.get("/people/person?name=ben").form("/people/person")
    saved = admin.send(form, role="admin", site="other", email="ben@blog.example")
    assert "Saved." in saved.text
    ben = person(moderation, "ben")
    assert (ben.role, ben.sites, ben.email) == (Role.ADMIN, ("other",), "ben@blog.example")
    assert ben.password_hash == HASH


def test_it_disables_and_lets_in_again(admin: Visitor, visitor: Visitor, app: Flask) -> None:
    visitor.enter()
    page = admin.send(admin.get("/people/person?name=ana").form("/people/disable"))
    assert "let in no more" in page.text
    assert visitor.get("/").path.startswith("/sign-in")
    assert visitor.sign_in().status == 401
    link = link_of(admin.send(page.form("/people/reset"))).removeprefix("http://localhost")
    assert visitor.send(visitor.get(link).form("/sign-in/link/")).path == "/"


def test_a_reset_forgets_both_factors(admin: Visitor, moderation: Moderation) -> None:
    moderation.store.registry.change_person("ana", lambda p: replace(p, totp_secret="JBSWY3DPEHPK3PXP"))
    moderation.store.sessions.set_codes("ana", ["x"])
    admin.send(admin.get("/people/person?name=ana").form("/people/reset"))
    ana = person(moderation, "ana")
    assert (ana.password_hash, ana.totp_secret, ana.epoch) == ("", "", ANA.epoch + 1)
    assert moderation.store.sessions.codes_left("ana") == 0


def test_it_signs_somebody_out_everywhere(admin: Visitor, visitor: Visitor) -> None:
    visitor.enter()
    page = admin.get("/people/person?name=ana")
    assert "A browser" in page.text
    assert "Nowhere now." in admin.send(page.form("/people/sign-out")).text
    assert visitor.get("/").path.startswith("/sign-in")


def test_the_last_admin_stays_one(people: People, moderation: Moderation) -> None:
    for role, sites in (("moderator", ()), ("admin", ("blog",))):
        with pytest.raises(Conflict, match="last admin"):
            people.change("admin", role, sites, "")
    with pytest.raises(Conflict, match="yourself"):
        people.disable("admin")
    with pytest.raises(Conflict, match="last admin"):
        People(moderation.store, "ben", 0.0).disable("admin")
    people.change("ben", "admin", (), "")
    people.change("admin", "moderator", (), "")
    assert person(moderation, "admin").role is Role.MODERATOR


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        (("", "moderator", [], ""), "name"),
        (("x" * 65, "moderator", [], ""), "name"),
        (("a\nb", "moderator", [], ""), "name"),
        (("zoe", "owner", [], ""), "role"),
        (("zoe", "moderator", ["nowhere"], ""), "site"),
        (("zoe", "moderator", [], "not an address"), "email"),
    ],
)
def test_it_names_what_is_wrong(
    people: People, moderation: Moderation, asked: tuple[str, str, list[str], str], wrong: str
) -> None:
    before = [p.name for p in moderation.store.registry.people()]
    with pytest.raises(Invalid) as refused:
        people.invite(*asked)
    assert refused.value.field == wrong
    assert [p.name for p in moderation.store.registry.people()] == before


def test_it_refuses_a_name_or_address_that_is_taken(people: People) -> None:
    with pytest.raises(Conflict):
        people.invite("ana", "moderator", ())
    people.change("ana", "moderator", (), "ana@blog.example")
    with pytest.raises(Conflict, match="e-mail"):
        people.invite("zoe", "moderator", (), "ANA@blog.example")


def test_names_may_hold_anything_that_prints(admin: Visitor) -> None:
    name = 'a/b?c=<b>&"d" %2F'
    admin.send(admin.get("/people").form("/people"), name=name, role="moderator")
    page = admin.get("/people")
    assert name in page.text
    assert "<b>&" not in page.html
    href = next(given["href"] for given in page.with_attribute("href") if "name=a" in given["href"])
    assert admin.get(href).status == 200


def test_it_loses_no_change_that_was_made_meanwhile(moderation: Moderation) -> None:
    registry = moderation.store.registry
    turns = iter([lambda: registry.save_person(replace(ANA, password_hash="new")), lambda: None])

    def change(found: Person) -> Person:
        next(turns)()
        return replace(found, email="ana@blog.example")

    registry.change_person("ana", change)
    assert person(moderation, "ana") == replace(ANA, password_hash="new", email="ana@blog.example")


def test_it_lists_where_one_is_signed_in(visitor: Visitor, app: Flask, clock: Clock) -> None:
    phone = Visitor(app)
    phone.client.environ_base["HTTP_USER_AGENT"] = (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1"
    )
    phone.sign_in()
    clock.move(3600)
    visitor.client.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"
    visitor.sign_in()
    text = visitor.get("/account").text
    assert "Firefox on Linux this one" in text
    assert "Safari on iPhone seen 1 h ago" in text
    page = visitor.send(visitor.get("/account").form("/account/sessions"))
    assert "Safari on iPhone" not in page.text
    assert phone.get("/").path.startswith("/sign-in")


def test_it_signs_out_everywhere_else(visitor: Visitor, app: Flask) -> None:
    others = [Visitor(app), Visitor(app)]
    for v in (*others, visitor):
        v.enter()
    form = visitor.get("/account").form("/account/sessions")
    form.fields.pop("session")
    visitor.send(form)
    assert [v.get("/").path.startswith("/sign-in") for v in (*others, visitor)] == [True, True, False]


def test_it_ends_no_session_of_somebody_else(visitor: Visitor, app: Flask, moderation: Moderation) -> None:
    ben = Visitor(app)
    ben.enter("ben")
    theirs = moderation.store.sessions.of("ben", moderation.clock())[0]
    Visitor(app).enter()
    visitor.enter()
    visitor.send(visitor.get("/account").form("/account/sessions"), session=theirs.id)
    assert ben.get("/").path == "/"


def test_a_session_ends_on_the_server_too(visitor: Visitor, moderation: Moderation, clock: Clock) -> None:
    visitor.enter()
    cookie = visitor.client.get_cookie("modqueue")
    assert cookie
    visitor.send(visitor.get("/").form("/sign-out"))
    visitor.client.set_cookie("modqueue", cookie.value)
    assert visitor.get("/").path.startswith("/sign-in")
    visitor.enter()
    clock.move(12 * 3600 + 1)
    assert moderation.store.sessions.of("ana", clock()) == []
    assert visitor.get("/").path.startswith("/sign-in")


def test_a_session_lives_on_while_it_is_used(visitor: Visitor, moderation: Moderation, clock: Clock) -> None:
    visitor.enter()
    for _ in range(3):
        clock.move(6 * 3600)
        assert visitor.get("/").path == "/"
    (kept,) = moderation.store.sessions.of("ana", clock())
    assert (kept.seen, kept.began) == (clock(), clock() - 18 * 3600)


def test_the_store_keeps_no_token_of_a_session(visitor: Visitor, moderation: Moderation) -> None:
    visitor.enter()
    with visitor.client.session_transaction() as session:
        token = session["_user_id"]
    client = moderation.store.registry._db.client
    assert not [k for k in client.keys("*") if token in k]
    assert token not in str([client.get(k) for k in client.keys("*session:*")])


def test_a_session_that_was_ended_is_not_brought_back(visitor: Visitor, moderation: Moderation) -> None:
    visitor.enter()
    sessions = moderation.store.sessions
    (mine,) = sessions.of("ana", moderation.clock())
    sessions.end("ana", [mine.id])
    sessions.seen(mine, moderation.clock(), moderation.clock() + 100)
    assert sessions.of("ana", moderation.clock()) == []
    assert PASSWORD not in visitor.get("/").html
