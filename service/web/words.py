"""The words of the pages, in the language of whoever reads them.

They are written in English where they are used; `languages/*.po` holds them in other languages.
"""

from __future__ import annotations

import gettext as _gettext
import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import cast

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, g, has_request_context, request, session

from service.domain import LABELS
from service.errors import Invalid, ModqueueError

DIRECTORY = Path(__file__).parent / "languages"
# Each by its own name, the one that texts are written in first.
LANGUAGES = {"en": "English", "de": "Deutsch"}
ENGLISH = "en"


def init_app(app: Flask) -> None:
    """Let templates speak, and read every catalogue before the first visitor comes."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # the extension adds it
        gettext, ngettext, newstyle=True
    )
    app.jinja_env.filters["upfirst"] = upfirst
    app.jinja_env.globals.update(decimal=decimal, language=language, refusal=said)
    for name in LANGUAGES:
        _catalogue(name)


def speak(chosen: str) -> None:
    """Answer in the language that somebody has chosen, if one is, also where nobody is looked up."""
    if chosen in LANGUAGES:
        g.language = chosen
    if session.get("language", "") != chosen:
        session["language"] = chosen


def language() -> str:
    """Return the language of this request: the chosen one, else what the browser asks for."""
    if not has_request_context():
        return ENGLISH
    if "language" not in g:
        asked = (tag.partition("-")[0].lower() for tag in request.accept_languages.values())
        wanted = (session.get("language", ""), *asked)
        g.language = next((name for name in wanted if name in LANGUAGES), ENGLISH)
    return cast(str, g.language)


def gettext(text: str, /, **facts: object) -> str:
    """Return a text in the language of this request, with facts in its places."""
    # The empty text would be the head of the catalogue.
    found = _catalogue(language()).gettext(text) if text else ""
    return found % facts if facts else found


def ngettext(one: str, many: str, n: int, /, **facts: object) -> str:
    """Return the form of a text that goes with a number."""
    found = _catalogue(language()).ngettext(one, many, n)
    return found % facts if facts else found


def mark(text: str) -> str:
    """Mark a text that is translated where it is shown."""
    return text


def table(words: Mapping[str, str]) -> dict[str, str]:
    """Return a table of marked texts in the language of this request."""
    return {name: gettext(text) for name, text in words.items()}


def said(error: ModqueueError) -> str:
    """Say what we refuse, and for a form, of which field."""
    message = gettext(error.template, **error.facts)
    if not isinstance(error, Invalid):
        return message
    return f"{_field(error.field)}: {message}"


def upfirst(text: str) -> str:
    """Begin a text with a capital letter, and leave the rest as it is."""
    return text[:1].upper() + text[1:]


def decimal(written: str) -> str:
    """Write the point of a number as this language does."""
    return written.replace(".", locale().number_symbols["latn"]["decimal"])


def locale() -> Locale:
    """Return what is known of the language of this request: names of months and the like."""
    # Where people write English in the British way, so do dates.
    return Locale("en", "GB") if language() == ENGLISH else Locale(language())


def _field(name: str) -> str:
    label = next((label for label in LABELS if label in name), "")
    if label:
        return gettext("threshold for %(label)s", label=gettext(label))
    return gettext(FIELDS.get(name, name))


@cache
def _catalogue(name: str) -> _gettext.NullTranslations:
    if name == ENGLISH:
        return _gettext.NullTranslations()
    compiled = io.BytesIO()
    with (DIRECTORY / f"{name}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=name))
    compiled.seek(0)
    return _gettext.GNUTranslations(compiled)


# What forms call the fields that are refused by name.
FIELDS = {
    "callback_url": mark("address"),
    "current": mark("current password"),
    "email": mark("e-mail address"),
    "blocked_words, blocked_domains": mark("blocked words or domains"),
    "high": mark("score to"),
    "label": mark("label"),
    "language": mark("language"),
    "low": mark("score from"),
    "max_links": mark("number of links"),
    "name": mark("name"),
    "note": mark("note"),
    "overlap": mark("time"),
    "password": mark("password"),
    "reason": mark("reason"),
    "role": mark("role"),
    "since": mark("from"),
    "site": mark("site"),
    "sort": mark("order"),
    "text": mark("text"),
    "to": mark("until"),
    "until": mark("until"),
}
