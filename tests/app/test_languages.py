"""The pages in another language: the one that a person has chosen, else the one that a browser asks for."""

from __future__ import annotations

import pytest
from flask import Flask

from service import site_settings
from service.domain import Policy, ReasonCode, Ruling, Thresholds
from service.moderation import Moderation, Wish
from service.web import words
from tests.conftest import ADMIN, ANA, BEN, submit
from tests.pages import Page, Visitor, give_password

GERMAN = {"Accept": "text/html", "Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


@pytest.fixture
def ana(app: Flask, moderation: Moderation) -> Visitor:
    give_password(moderation.store, ANA, BEN, ADMIN)
    return Visitor(app)


def read(visitor: Visitor, path: str, **headers: str) -> Page:
    return Page(visitor.client.get(path, headers=GERMAN | headers, follow_redirects=True))


def lang(page: Page) -> str:
    return page.with_attribute("lang")[0]["lang"]


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [("de", "de"), ("de-CH", "de"), ("fr, de;q=0.8", "de"), ("fr", "en"), ("en-GB, de;q=0.9", "en"),
     ("*", "en"), ("", "en"), ("x" * 500, "en")],
)  # fmt: skip
def test_it_speaks_as_the_browser_asks(ana: Visitor, asked: str, spoken: str) -> None:
    page = read(ana, "/sign-in", **{"Accept-Language": asked})
    assert lang(page) == spoken
    assert {"en": "Password", "de": "Passwort"}[spoken] in page.text


def test_what_a_person_chose_counts_more(ana: Visitor, moderation: Moderation) -> None:
    ana.enter()
    assert lang(ana.get("/")) == "en"
    page = ana.send(ana.get("/account").form("/language"), language="de")
    assert (lang(page), "Gespeichert." in page.text) == ("de", True)
    submit(moderation, "[hateful=0.8]")
    desk = ana.get("/")
    assert lang(desk) == "de"
    assert "er erreicht 0,80 für hasserfüllt; zurückgehalten ab 0,50" in desk.text
    assert moderation.store.registry.person("ana").language == "de"
    ana.send(ana.get("/account").form("/language"), language="")
    assert (lang(ana.get("/")), lang(read(ana, "/"))) == ("en", "de")


def test_it_knows_no_other_language(ana: Visitor, moderation: Moderation) -> None:
    ana.enter()
    page = ana.send(ana.get("/account").form("/language"), language="tlh")
    assert page.status == 422
    assert moderation.store.registry.person("ana").language == ""


def test_decisions_and_refusals_are_said_in_it(ana: Visitor, moderation: Moderation) -> None:
    ana.enter()
    ana.send(ana.get("/account").form("/language"), language="de")
    first = submit(moderation, "[hateful=0.8] eins", "1")["id"]
    submit(moderation, "[spam=0.7] zwei", "2")
    page = ana.get("/")
    moderation.decide(BEN, first, Wish(Ruling.REJECT, ReasonCode.OFF_TOPIC))
    late = ana.send(page.form("/decision"), decision="approve")
    assert late.status == 409
    assert "ben war schneller." in late.text
    assert "abgelehnt, am Thema vorbei" in late.text
    assert "Gewählt war: freigeben." in late.text
    after = ana.send(ana.get("/").form("/decision"), decision="reject:spam")
    assert "Abgelehnt: Spam" in after.text


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/nowhere", 404, "Diese Seite gibt es nicht."),
        ("/?lane=nope", 404, "Diese Spur gibt es nicht: nope."),
        ("/?low=2", 422, "Wert von: ein Wert zwischen 0 und 1."),
        ("/people", 403, "Diese Seite ist nur für Admins."),
        ("/items/" + "0" * 26 + "/decision", 405, "Diese Seite nimmt das nicht an."),
    ],
)
def test_errors_are_told_in_it(ana: Visitor, path: str, status: int, said: str) -> None:
    ana.enter()
    page = read(ana, path)
    assert (page.status, said in page.text) == (status, True)


def test_programs_are_answered_in_english(ana: Visitor) -> None:
    answer = ana.client.get("/api/v1/comments", headers={"Accept-Language": "de"})
    assert answer.get_json()["error"].isascii()
    assert "token" in answer.get_json()["error"]


def test_every_page_is_shown_in_it(ana: Visitor, moderation: Moderation) -> None:
    submit(moderation, "[hateful=0.8]")
    ana.enter("admin")
    for path in ("/", "/campaigns/", "/appeals/", "/figures/", "/settings/", "/settings/blog", "/people",
                 "/people/person?name=ana", "/log?kind=all", "/account", "/account/two-factor"):  # fmt: skip
        page = read(ana, path)
        assert (path, page.status, lang(page)) == (path, 200, "de")
        assert "Abmelden" in page.text


def test_fields_hold_numbers_as_their_reader_writes_them(admin: Visitor, moderation: Moderation) -> None:
    site_settings.set_policy(moderation, "blog", Policy(thresholds={"spam": Thresholds(0.35)}), "admin")
    admin.send(admin.get("/account").form("/language"), language="de")
    form = admin.get("/settings/blog").form("/policy")
    assert form.fields["hold_spam"] == "0,35"
    assert admin.get("/thresholds/?site=blog").form("/thresholds/").fields["hold_spam"] == "0,35"
    admin.send(form, hold_spam="0,45")
    assert moderation.store.registry.site("blog").policy.thresholds["spam"].hold == pytest.approx(0.45)


def test_it_names_every_language_by_its_own_name(ana: Visitor) -> None:
    ana.enter()
    page = ana.get("/account")
    assert {given["lang"] for given in page.with_attribute("lang")} == {*words.LANGUAGES}


def test_errors_of_pages_that_do_not_exist_are_told_in_the_chosen_one(ana: Visitor) -> None:
    ana.enter()
    ana.send(ana.get("/account").form("/language"), language="de")
    assert lang(ana.get("/nowhere")) == "de"
    ana.send(ana.get("/account").form("/language"), language="")
    assert lang(ana.get("/nowhere")) == "en"
