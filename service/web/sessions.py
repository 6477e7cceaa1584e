"""Sessions of people: begun by signing in, kept in the store, ended from wherever their owner is."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from flask import request, session
from flask_login import login_user

from service.domain import Person
from service.store import Session
from service.web import doorkeeper
from service.web.responses import moderation
from service.web.words import gettext

# A working day; a decision begins it anew.
SIGNED_IN_FOR = timedelta(hours=12)
# How exactly "last seen" is kept: more would cost a write with every page.
SEEN_EVERY_S = 60.0

# The first that is found names the browser: each later one is also named by those before it.
BROWSERS = {"Edg": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrom": "Chrome", "Safari/": "Safari"}
SYSTEMS = {"Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows",
           "Mac OS X": "macOS", "Linux": "Linux"}  # fmt: skip
UNKNOWN = "A browser"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person as flask-login wants to see one, and the session in which they are here."""

    person: Person
    session: Session
    token: str
    is_authenticated = is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """Return what the cookie remembers."""
        return self.token


def begin(person: Person, kind: str) -> None:
    """Sign a person in, in this browser."""
    # Nothing of the session before, which somebody else may have planted, is carried over.
    session.clear()
    session.permanent = True
    token, now = secrets.token_urlsafe(32), moderation().clock()
    begun = Session("", person.name, person.epoch, _browser(), now, now, _ends(now))
    login_user(SignedIn(person, moderation().store.sessions.begin(token, begun), token))
    doorkeeper.log(kind, person.name)


def load(token: str) -> SignedIn | None:
    """Return who is signed in by the token of a session, if it has not ended."""
    now, sessions = moderation().clock(), moderation().store.sessions
    found = sessions.find(token, now)
    person = doorkeeper.find(found.name) if found else None
    if found is None or person is None or person.epoch != found.epoch:
        return None
    if now - found.seen > SEEN_EVERY_S:
        sessions.seen(found, now, _ends(now))
    return SignedIn(person, found, token)


def _ends(now: float) -> float:
    return now + SIGNED_IN_FOR.total_seconds()


def _browser() -> str:
    agent = request.user_agent.string
    browser = next((name for mark, name in BROWSERS.items() if mark in agent), UNKNOWN)
    system = next((f" on {name}" for mark, name in SYSTEMS.items() if mark in agent), "")
    return browser + system


def browser_words(kept: str) -> str:
    """Name a browser as it was written down, which is in English."""
    browser, on, system = kept.partition(" on ")
    known = gettext(UNKNOWN) if browser == UNKNOWN else browser
    return gettext("%(browser)s on %(system)s", browser=known, system=system) if on else known
