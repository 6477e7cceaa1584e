"""Signing in, in all its modes and refusals: nothing for axe to find, in German, too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from service import second_factor
from service.moderation import Moderation
from service.people import People
from service.store import Store
from tests.browser.axe import violations
from tests.browser.conftest import PATIENCE_MS
from tests.conftest import ANA, build_app, lent
from tests.pages import HASH, PASSWORD

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def built_with_provider() -> Flask:
    """Build an app whose provider does not answer."""
    return build_app(oidc_issuer="http://127.0.0.1:1", oidc_client_id="m", oidc_client_secret="s")


@pytest.fixture
def app(built_with_provider: Flask, moderation: Moderation) -> Iterator[Flask]:
    with lent(built_with_provider, moderation) as app:
        yield app


def sign_in(page: Page, name: str, password: str) -> None:
    page.goto("/sign-in")
    page.locator("#name").fill(name)
    page.locator("#password").fill(password)
    page.locator("main .main").click()


def with_second_factor(store: Store) -> None:
    person = replace(ANA, password_hash=HASH, totp_secret=second_factor.new_secret())
    store.registry.save_person(person)


@pytest.mark.parametrize(
    ("locale", "scheme"), [("en-GB", "light"), ("de-DE", "dark")], ids=["english-light", "german-dark"]
)
def test_axe_finds_nothing_where_one_signs_in(
    browser: Browser, address: str, moderation: Moderation, locale: str, scheme: str
) -> None:
    with_second_factor(moderation.store)
    token = People(moderation.store, "admin", moderation.clock()).invite("zoë", "moderator", ["blog"], "")
    context = browser.new_context(base_url=address, locale=locale, color_scheme=scheme)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE_MS)
    page, found = context.new_page(), {}

    def judge(name: str, sees: str) -> None:
        page.locator(sees).first.wait_for()
        found[name] = violations(page)
        assert page.evaluate("document.documentElement.lang") == locale[:2]

    page.goto("/sign-in")
    judge("sign-in", 'a[href^="/sign-in/provider"]')
    page.locator('a[href^="/sign-in/provider"]').click()
    judge("provider down", ".notice.bad")
    sign_in(page, "ana", "wrong")
    judge("wrong password", ".notice.bad")
    sign_in(page, "ana", PASSWORD)
    judge("second factor", "#code")
    page.locator("#code").fill("000000")
    page.locator("main .main").click()
    judge("wrong code", ".notice.bad")
    page.goto(f"/sign-in/link/{token}")
    judge("link", "main .main")
    page.locator("main .main").click()
    judge("first sign-in", ".notice.good a")
    context.clear_cookies()
    for _ in range(6):
        sign_in(page, "eve", "wrong")
    judge("too many tries", "#problem")
    context.close()
    assert {name: v for name, v in found.items() if v} == {}
