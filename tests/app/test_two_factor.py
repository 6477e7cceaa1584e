"""The second factor: turned on and off, asked for at every way in, no code twice."""

from __future__ import annotations

import re
from dataclasses import replace

import pyotp
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from service import second_factor
from service.moderation import Moderation
from tests.app.test_accounts import NEW, logged
from tests.conftest import ANA, Clock
from tests.pages import HASH, PASSWORD, Page, Visitor

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code(clock: Clock, secret: str = SECRET) -> str:
    return pyotp.TOTP(secret).at(int(clock()))


@pytest.fixture
def protected(visitor: Visitor, moderation: Moderation) -> Visitor:
    """Give a visitor to whom two-factor applies."""
    moderation.store.registry.save_person(replace(ANA, password_hash=HASH, totp_secret=SECRET))
    return visitor


def turn_on(visitor: Visitor, clock: Clock) -> tuple[Page, str]:
    visitor.sign_in()
    page = visitor.get("/account/two-factor")
    found = re.search(r"secret=([A-Z2-7]+)", page.html)
    assert found
    form = page.form("/account/two-factor")
    return visitor.send(form, code=code(clock, found[1]), current=PASSWORD), found[1]


def codes_of(page: Page) -> list[str]:
    return re.findall(r"<code>([a-z0-9-]{19})</code>", page.html)


def test_it_turns_on_and_shows_recovery_codes_once(
    visitor: Visitor, moderation: Moderation, clock: Clock
) -> None:  # fmt: skip
    page, secret = turn_on(visitor, clock)
    assert len(set(codes_of(page))) == 10
    assert moderation.store.registry.person("ana").totp_secret == secret
    account = visitor.get("/account")
    assert "Recovery codes left: 10" in account.text
    assert secret not in account.html
    assert "two_factor_on" in dict(logged(moderation))


def test_it_draws_the_secret_as_a_picture_of_its_own(visitor: Visitor) -> None:
    visitor.sign_in()
    html = visitor.get("/account/two-factor").html
    drawn = html[html.index("<svg") : html.index("</svg>")]
    assert 'd="M' in drawn
    assert "style" not in drawn


def test_it_stores_no_recovery_code_in_clear(
    visitor: Visitor, moderation: Moderation, clock: Clock
) -> None:  # fmt: skip
    page, _ = turn_on(visitor, clock)
    kept = moderation.store.registry._db.client.smembers("mq:{meta}:codes:ana")
    assert len(kept) == 10
    assert not kept & {second_factor.plain(c) for c in codes_of(page)}
    assert all(re.fullmatch(r"[0-9a-f]{64}", k) for k in kept)


@pytest.mark.parametrize(("given_code", "password"), [("000000", PASSWORD), ("right", "wrong horse battery")])
def test_it_stays_off_without_code_and_password(
    visitor: Visitor, moderation: Moderation, clock: Clock, given_code: str, password: str
) -> None:  # fmt: skip
    visitor.sign_in()
    page = visitor.get("/account/two-factor")
    secret = re.search(r"secret=([A-Z2-7]+)", page.html)
    assert secret
    offered = code(clock, secret[1]) if given_code == "right" else given_code
    again = visitor.send(page.form("/account/two-factor"), code=offered, current=password)
    assert (again.status, secret[1] in again.html) == (422, True)
    assert moderation.store.registry.person("ana").totp_secret == ""


def test_it_asks_for_the_code_after_the_password(
    protected: Visitor, moderation: Moderation, clock: Clock
) -> None:
    page = protected.get("/?lane=spam")
    page = protected.send(page.form("/sign-in"), name="ana", password=PASSWORD)
    assert page.path == "/sign-in/code"
    assert protected.get("/account").path.startswith("/sign-in?")
    assert logged(moderation) == []
    protected.sign_in()
    page = protected.get("/sign-in/code")
    assert protected.send(page.form("/sign-in/code"), code=code(clock)).path == "/"
    assert logged(moderation) == [("sign_in", "ana")]


def test_it_asks_for_the_code_after_a_link(protected: Visitor, moderation: Moderation, clock: Clock) -> None:
    moderation.store.registry.add_link("t0ken", "ana")
    page = protected.send(protected.get("/sign-in/link/t0ken").form("/sign-in/link/"))
    assert page.path == "/sign-in/code"
    assert protected.get("/account").path.startswith("/sign-in")


def test_it_takes_no_code_twice(protected: Visitor, app: Flask, clock: Clock) -> None:
    first, second = Visitor(app), Visitor(app)
    pages = [first.sign_in(), second.sign_in()]
    assert first.send(pages[0].form("/code"), code=code(clock)).path == "/"
    refused = second.send(pages[1].form("/code"), code=code(clock))
    assert (refused.status, "was used before" in refused.text) == (401, True)
    clock.move(30)
    assert second.send(refused.form("/code"), code=code(clock)).path == "/"


def test_it_takes_each_recovery_code_once(visitor: Visitor, app: Flask, clock: Clock) -> None:
    page, _ = turn_on(visitor, clock)
    one = codes_of(page)[0]
    first, second = Visitor(app), Visitor(app)
    assert first.send(first.sign_in().form("/code"), code=f" {one.upper()} ").path == "/"
    assert second.send(second.sign_in().form("/code"), code=one).status == 401
    assert "Recovery codes left: 9" in first.get("/account").text


def test_it_makes_the_half_way_end(protected: Visitor, clock: Clock) -> None:
    page = protected.sign_in()
    clock.move(301)
    late = protected.send(page.form("/code"), code=code(clock))
    assert (late.path, "took too long" in late.text) == ("/sign-in", True)
    assert protected.get("/sign-in/code").path == "/sign-in"


def test_it_forgets_the_half_way_when_the_password_changes(
    protected: Visitor, moderation: Moderation, clock: Clock
) -> None:
    page = protected.sign_in()
    moderation.store.registry.change_person("ana", lambda p: replace(p, epoch=p.epoch + 1))
    assert protected.send(page.form("/code"), code=code(clock)).path == "/sign-in"


def test_it_slows_down_guessing_of_codes_from_everywhere(
    protected: Visitor, app: Flask, clock: Clock
) -> None:
    statuses = []
    for n in range(12):
        visitor = Visitor(app)
        visitor.client.environ_base["REMOTE_ADDR"] = f"203.0.113.{n}"
        statuses.append(visitor.send(visitor.sign_in().form("/code"), code=f"{n:06}").status)
    assert statuses == [401] * 10 + [429] * 2


def test_it_makes_new_codes_and_turns_off_by_a_code(
    visitor: Visitor, app: Flask, moderation: Moderation, clock: Clock
) -> None:  # fmt: skip
    page, secret = turn_on(visitor, clock)
    old = codes_of(page)
    fields = visitor.get("/account").form("/account/password").fields
    wrong = visitor.post("/account/two-factor/off", fields | {"code": "000000"})
    assert wrong.status_code == 422
    clock.move(60)
    made = Page(visitor.post("/account/two-factor/codes", fields | {"code": code(clock, secret)}))
    assert not set(codes_of(made)) & set(old)
    off = visitor.post("/account/two-factor/off", fields | {"code": codes_of(made)[0]})
    assert off.status_code == 303
    assert moderation.store.registry.person("ana").totp_secret == ""
    assert moderation.store.sessions.codes_left("ana") == 0
    assert Visitor(app).sign_in().path == "/"


@pytest.mark.parametrize("path", ["codes", "off"])
def test_where_it_is_off_no_code_is_right(
    visitor: Visitor, moderation: Moderation, path: str,
) -> None:  # fmt: skip
    visitor.sign_in()
    fields = visitor.get("/account").form("/account/password").fields
    answer = visitor.post(f"/account/two-factor/{path}", fields | {"code": "000000"})
    assert answer.status_code == 422
    assert moderation.store.sessions.codes_left("ana") == 0


def test_it_ends_other_sessions_when_it_is_turned_on(
    visitor: Visitor, app: Flask, clock: Clock
) -> None:  # fmt: skip
    other = Visitor(app)
    other.sign_in()
    turn_on(visitor, clock)
    assert other.get("/").path.startswith("/sign-in")
    assert visitor.get("/").path == "/"


@given(st.text(max_size=40), st.integers(60, 2**33))
def test_it_reads_any_text_as_a_code(text: str, now: int) -> None:
    right = {pyotp.TOTP(SECRET).at(now + d) for d in (-30, 0, 30)}
    step = second_factor.step_of(SECRET, text, now)
    assert (step is not None) == ("".join(text.split()) in right)


def test_it_knows_the_codes_of_the_neighbouring_steps() -> None:
    now = 1_800_000_000
    for offset in (-1, 0, 1):
        given_code = pyotp.TOTP(SECRET).at(now + 30 * offset)
        assert second_factor.step_of(SECRET, given_code, now) == now // 30 + offset
    assert second_factor.step_of(SECRET, pyotp.TOTP(SECRET).at(now + 60), now) is None


def test_a_new_password_still_asks_for_the_code(protected: Visitor, clock: Clock) -> None:
    page = protected.send(protected.sign_in().form("/code"), code=code(clock))
    form = protected.get("/account").form("/account/password")
    page = protected.send(form, current=PASSWORD, new=NEW, again=NEW)
    assert "Your password is changed" in page.text
    assert protected.sign_in("ana", NEW).path == "/sign-in/code"
