"""Every text of the pages is in the catalogue, and German says all of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from jinja2 import Environment

from classifier import encoding, evidence, site, structure
from service.errors import Conflict, Invalid
from service.web import sums, words
from tests.words import ROOT, found, kept

TEMPLATES = sorted((ROOT / "service" / "web" / "templates").glob("*.html"))
# What is the same in every language: our name, keys, a protocol's words.
NAMES = {"modqueue", "Modqueue", "UTC"}
PARTS = re.compile(r"%\(\w+\)s|\{\w+\}|%%|</?\w+[^>]*>")
LANGUAGES = sorted(set(words.LANGUAGES) - {"en"})


def forms(text: str | tuple[str, ...] | list[str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def messages(language: str) -> list[Message]:
    return [m for m in kept(language) if m.id]


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_holds_every_text_and_no_other(language: str) -> None:
    said, written = {m.id for m in found() if m.id}, {m.id for m in messages(language)}
    assert said - written == set(), "run python -m tests.words, and translate"
    assert written - said == set(), "run python -m tests.words"


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_everything(language: str) -> None:
    assert [m.id for m in messages(language) if not all(forms(m.string)) or m.fuzzy] == []
    plurals = [m for m in messages(language) if isinstance(m.id, tuple)]
    assert {len(m.string) for m in plurals} == {kept(language).num_plurals}


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_keeps_places_and_elements(language: str) -> None:
    wrong = []
    for message in messages(language):
        one, many = forms(message.id)[0], forms(message.id)[-1]
        for n, text in enumerate(forms(message.string)):
            if sorted(PARTS.findall(text)) != sorted(PARTS.findall(many if n else one)):
                wrong.append(text)
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_breaks_out_of_an_attribute(language: str) -> None:
    for message in messages(language):
        for text in (*forms(message.id), *forms(message.string)):
            plain = re.sub(r"</?\w+[^>]*>", "", text)
            assert '"' not in plain
            assert "<" not in plain


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_no_template_says_anything_past_the_catalogue(path: Path) -> None:
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    kept_back, translated, block = [], False, False
    for _, kind, value in environment.lex(path.read_text()):
        block = kind == "block_begin" or (block and kind != "block_end")
        if block and kind == "name" and value in ("trans", "endtrans"):
            translated = value == "trans"
        elif kind == "data" and not translated:
            kept_back.append(value)
        elif kind == "variable_begin":
            kept_back.append("0")
    source = "".join(kept_back)
    source = re.sub(r"<(kbd|code)\b[^>]*>[^<]*</\1>", "", source)
    shown = re.findall(r'\b(?:aria-label|title|placeholder|alt|data-name)="([^"]*)"', source)
    shown.append(re.sub(r"<!?[\w/][^<>]*>", " ", source))
    assert {w for text in shown for w in re.findall(r"[^\W\d_]{2,}", text)} - NAMES == set()


def test_it_names_every_field_that_the_model_measures() -> None:
    whole = {evidence.AS_A_WHOLE, evidence.NOT_READ, evidence.OTHER_BIAS, site.OF_SITE}
    assert set(sums.FIELDS) == {*structure.FIELDS, encoding.AUTHOR_FIELD, "no words", *whole}


def test_outside_of_a_request_it_speaks_english() -> None:
    assert words.gettext("at most %(most)s characters", most=3) == "at most 3 characters"
    assert words.ngettext("%(n)s copy", "%(n)s copies", 1, n=1) == "1 copy"
    assert words.gettext("") == ""


def test_what_we_refuse_is_said_with_its_facts() -> None:
    assert str(Invalid("note", "at most %(most)s characters", most=3)) == "note: at most 3 characters"
    assert words.said(Invalid("note", "at most %(most)s characters", most=3)) == "note: at most 3 characters"
    assert words.said(Invalid("hold_spam", "must be 0 or more")) == "threshold for spam: must be 0 or more"
    assert words.said(Conflict("%(by)s is reading", by="100 % Ana", at=1.0)) == "100 % Ana is reading"
