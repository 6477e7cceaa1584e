"""Signing in and out: who may, how often, by which ways, and what ends a session."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient

from service import passwords
from service.errors import Invalid, Unavailable
from service.moderation import Moderation
from service.store import keys
from tests.conftest import ANA, Clock, Sender
from tests.pages import HASH, PASSWORD, Visitor

NEW = "a longer pass phrase"


def logged(moderation: Moderation) -> list[tuple[str, str]]:
    client = moderation.store.registry._db.client
    entries = [json.loads(e["entry"]) for _, e in client.xrange(keys.META + "log")]
    return [(e["kind"], e["by"]) for e in entries]


def test_it_signs_in_and_out(visitor: Visitor, moderation: Moderation) -> None:
    page = visitor.sign_in()
    assert page.status == 200
    assert "Moderator’s desk" in page.text
    page = visitor.send(page.form("/sign-out"))
    assert "You are signed out." in page.text
    assert visitor.get("/").path.startswith("/sign-in")
    assert logged(moderation) == [("sign_in", "ana"), ("sign_out", "ana")]


@pytest.mark.parametrize(
    ("name", "password"), [("ana", "wrong horse battery"), ("nobody", PASSWORD), ("", "")]
)
def test_it_refuses_a_wrong_name_or_password_alike(
    visitor: Visitor, moderation: Moderation, name: str, password: str
) -> None:
    page = visitor.sign_in(name, password)
    assert page.status == 401
    assert "Name or password is wrong." in page.text
    assert visitor.get("/").path.startswith("/sign-in")
    assert logged(moderation) == [("sign_in_failed", "ana" if name == "ana" else "")]


def test_it_refuses_a_person_without_password_or_who_is_disabled(
    visitor: Visitor, moderation: Moderation
) -> None:
    assert visitor.sign_in("admin", "").status == 401
    moderation.store.registry.save_person(replace(ANA, password_hash=HASH, disabled=True))
    assert visitor.sign_in().status == 401


def test_it_works_as_hard_for_a_name_that_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002  argon2's name
            verified.append(str(hash))
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    assert not passwords.verify("", "nobody signs in with this")
    assert passwords.verify(passwords.hash_password(PASSWORD), PASSWORD)
    of_nobody, of_somebody = (h.rsplit("$", 2)[0] for h in verified)
    assert of_nobody == of_somebody
    assert "m=65536" in of_nobody


def test_it_refuses_a_short_password() -> None:
    with pytest.raises(Invalid, match="12 characters"):
        passwords.hash_password("elevenchars")


def test_it_slows_down_guessing_but_locks_nobody_out(visitor: Visitor, app: Flask, clock: Clock) -> None:
    codes = [visitor.sign_in("ana", f"wrong horse {n}").status for n in range(7)]
    assert codes == [401] * 5 + [429] * 2
    assert visitor.sign_in("ben").status == 200
    elsewhere = Visitor(app)
    elsewhere.client.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    assert elsewhere.sign_in("ana").status == 200
    clock.move(31)
    assert Visitor(app).sign_in("ana").status == 200


def test_it_slows_down_an_address_that_tries_many_names(visitor: Visitor) -> None:
    codes = [visitor.sign_in(f"name{n}", "wrong").status for n in range(32)]
    assert codes == [401] * 30 + [429] * 2


def test_it_counts_a_network_of_ipv6_as_one_address(visitor: Visitor) -> None:
    codes = []
    for n in range(7):
        visitor.client.environ_base["REMOTE_ADDR"] = f"2001:db8::{n}"
        codes.append(visitor.sign_in("ana", "wrong").status)
    assert codes == [401] * 5 + [429] * 2


def test_it_keeps_no_address_in_clear(visitor: Visitor, moderation: Moderation) -> None:
    visitor.client.environ_base["REMOTE_ADDR"] = "203.0.113.77"
    visitor.sign_in("ana", "wrong")
    client = moderation.store.registry._db.client
    assert not [k for k in client.keys("*") if "203.0.113" in k]
    assert "203.0.113" not in str(client.xrange(keys.META + "log"))


def test_it_throws_away_the_session_from_before(visitor: Visitor) -> None:
    visitor.get("/sign-in")
    with visitor.client.session_transaction() as session:
        planted = session["csrf_token"]
        session["last"] = "planted"
    visitor.sign_in()
    with visitor.client.session_transaction() as session:
        assert session.get("csrf_token") != planted
        assert "last" not in session


def test_it_signs_in_by_a_link_once(visitor: Visitor, moderation: Moderation) -> None:
    moderation.store.registry.add_link("t0ken", "admin", 60)
    visitor.get("/sign-in/link/t0ken")
    page = visitor.get("/sign-in/link/t0ken")
    assert "Welcome, admin" in page.text
    signed_in = visitor.send(page.form("/sign-in/link/"))
    assert "Set a password" in signed_in.text
    assert visitor.send(page.form("/sign-in/link/")).status in (400, 404)
    late = visitor.get("/sign-in/link/t0ken")
    assert (late.status, "has been used or has expired" in late.text) == (404, True)
    assert logged(moderation) == [("sign_in_link", "admin")]


def test_it_lets_only_one_of_two_use_a_link(app: Flask, moderation: Moderation) -> None:
    moderation.store.registry.add_link("t0ken", "admin", 60)
    one, two = Visitor(app), Visitor(app)
    forms = [v.get("/sign-in/link/t0ken").form("/sign-in/link/") for v in (one, two)]
    assert [one.send(forms[0]).status, two.send(forms[1]).status] == [200, 404]


def test_it_changes_the_password_and_ends_other_sessions(
    visitor: Visitor, app: Flask, moderation: Moderation
) -> None:
    other = Visitor(app)
    other.sign_in()
    visitor.sign_in()
    form = visitor.get("/account").form("/account/password")
    page = visitor.send(form, current=PASSWORD, new=NEW, again=NEW)
    assert "Your password is changed" in page.text
    assert visitor.get("/").path == "/"
    assert other.get("/").path.startswith("/sign-in")
    assert Visitor(app).sign_in("ana", NEW).status == 200
    assert Visitor(app).sign_in("ana", PASSWORD).status == 401
    assert ("password_changed", "ana") in logged(moderation)


@pytest.mark.parametrize(
    ("current", "new", "again", "said"),
    [
        ("wrong horse battery", NEW, NEW, "The current password is wrong."),
        (PASSWORD, "short", "short", "at least 12 characters"),
        (PASSWORD, NEW, NEW + "!", "differ"),
    ],
)
def test_it_refuses_a_wrong_change_of_password(
    visitor: Visitor, current: str, new: str, again: str, said: str
) -> None:
    visitor.sign_in()
    page = visitor.send(
        visitor.get("/account").form("/account/password"), current=current, new=new, again=again
    )
    assert (page.status, said in page.text) == (422, True)
    assert visitor.moderation.store.registry.person("ana").password_hash == HASH


def test_it_ends_the_session_of_a_person_who_is_disabled(visitor: Visitor, moderation: Moderation) -> None:
    visitor.sign_in()
    moderation.store.registry.save_person(replace(ANA, password_hash=HASH, disabled=True))
    assert visitor.get("/").path.startswith("/sign-in")


def test_it_ends_a_session_after_twelve_hours(visitor: Visitor) -> None:
    page = visitor.get("/sign-in")
    fields = page.form("/sign-in").fields | {"name": "ana", "password": PASSWORD}
    cookie = visitor.post("/sign-in", fields).headers["Set-Cookie"]
    for flag in ("Expires=", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert flag in cookie


@pytest.mark.parametrize(
    ("host", "secure"), [("localhost", False), ("127.0.0.1:8080", False), ("desk.example", True)]
)
def test_it_marks_the_cookie_secure_but_on_loopback(visitor: Visitor, host: str, secure: bool) -> None:
    cookie = visitor.client.get("/sign-in", headers={"Host": host}).headers["Set-Cookie"]
    assert ("; Secure" in cookie) == secure


@pytest.mark.parametrize(
    ("target", "led_to"),
    [
        ("/?lane=spam", "/?lane=spam"),
        ("/account", "/account"),
        ("//evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("account", "/"),
    ],
)
def test_it_leads_only_to_its_own_pages(visitor: Visitor, target: str, led_to: str) -> None:
    fields = visitor.get("/sign-in").form("/sign-in").fields
    fields |= {"name": "ana", "password": PASSWORD, "next": target}
    answer = visitor.post("/sign-in", fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, led_to)


def test_it_comes_back_to_where_one_was(visitor: Visitor) -> None:
    page = visitor.get("/?lane=spam&site=blog")
    assert page.path.startswith("/sign-in")
    back = visitor.send(page.form("/sign-in"), name="ana", password=PASSWORD)
    assert back.path == "/?lane=spam&site=blog"


@pytest.mark.parametrize(
    "path", ["/sign-in", "/sign-out", "/account/password", "/sign-in/link/x", "/items/00/decision"]
)
def test_it_takes_no_form_that_is_not_its_own(visitor: Visitor, path: str) -> None:
    visitor.sign_in()
    for token in ({}, {"csrf_token": "forged"}):
        answer = visitor.post(path, {"name": "ana", "password": PASSWORD, **token})
        assert answer.status_code == 400
        assert "form is out of date" in answer.get_data(as_text=True)
    assert visitor.get("/").path == "/"


def test_it_lets_machines_send_without_a_form_token(sender: Sender, client: FlaskClient) -> None:
    assert sender.comment("hello")["verdict"] == "approve"
    assert client.post("/api/v1/decisions", json={}).status_code == 401


def test_it_shows_a_page_when_the_store_is_away(
    visitor: Visitor, moderation: Moderation, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.sign_in()

    def away(_name: str) -> None:
        raise Unavailable("the store cannot be reached or refuses writes; try again")

    monkeypatch.setattr(moderation.store.registry, "person", away)
    page = visitor.get("/")
    assert (page.status, "Not just now" in page.text) == (503, True)


READERS: list[Callable[[FlaskClient], int]] = [
    lambda c: c.get("/").status_code,
    lambda c: c.get("/counts.json").status_code,
    lambda c: c.get("/account").status_code,
]


@pytest.mark.parametrize("reader", READERS)
def test_it_tells_programs_to_sign_in(client: FlaskClient, reader: Callable[[FlaskClient], int]) -> None:
    assert reader(client) == 401
