"""A visitor who uses the pages as a browser without scripts does: follows links, fills in forms."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any

from argon2 import PasswordHasher
from flask import Flask
from werkzeug.http import parse_cookie
from werkzeug.test import TestResponse

from service.domain import Person
from service.moderation import Moderation
from service.store import Store
from service.web import sessions

PASSWORD = "correct horse battery"
# Argon2 is slow on purpose; how slow is written in each hash.
FAST = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
HASH = FAST.hash(PASSWORD)
COOKIE = "modqueue"


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[str] = field(default_factory=list)


class Page(HTMLParser):
    """What a page shows: its status, text, links, elements and forms."""

    def __init__(self, response: TestResponse) -> None:
        super().__init__()
        self.status, self.path = response.status_code, response.request.full_path.rstrip("?")
        self.html = response.get_data(as_text=True)

    def __getattr__(self, name: str) -> Any:
        """Read the page when it is first asked what is on it."""
        if name not in ("forms", "links", "elements", "pieces"):
            raise AttributeError(name)
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.pieces: list[str] = []
        self.feed(self.html)
        return getattr(self, name)

    @property
    def text(self) -> str:
        return " ".join("".join(self.pieces).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {k: v or "" for k, v in attrs}
        self.elements.append((tag, given))
        if tag == "form":
            self.forms.append(Form(given.get("action", self.path), given.get("method", "get")))
        elif tag == "input" and "name" in given:
            self.forms[-1].fields[given["name"]] = given.get("value", "")
        elif tag == "button" and "value" in given:
            self.forms[-1].buttons.append(given["value"])
        elif tag == "a" and "id" in given:
            self.links[given["id"]] = given["href"]

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    def form(self, action: str) -> Form:
        found = [f for f in self.forms if action in f.action]
        assert found, f"no form for {action} among {[f.action for f in self.forms]}"
        return found[0]

    def with_attribute(self, name: str) -> list[dict[str, str]]:
        return [given for _, given in self.elements if name in given]


class Visitor:
    """A browser without scripts."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()
        self.moderation: Moderation = app.extensions["moderation"]

    def get(self, path: str) -> Page:
        return self._page(self.client.get(path, headers={"Accept": "text/html"}, follow_redirects=True))

    def send(self, form: Form, **fields: str) -> Page:
        return self._page(self.post(form.action, form.fields | fields, follow_redirects=True))

    def post(self, path: str, fields: dict[str, str], **kwargs: Any) -> TestResponse:
        return self.client.post(path, data=fields, headers={"Accept": "text/html"}, **kwargs)

    def sign_in(self, name: str = "ana", password: str = PASSWORD) -> Page:
        return self.send(self.get("/sign-in").form("/sign-in"), name=name, password=password)

    def enter(self, name: str = "ana") -> None:
        """Be signed in, past the page that asks for it: most tests are not about that."""
        self.client.set_cookie(COOKIE, session_of(self.client.application, name))

    def _page(self, response: TestResponse) -> Page:
        return Page(response)


def session_of(app: Flask, name: str) -> str:
    """Begin a session as signing in does; return its cookie."""
    with app.test_request_context():
        sessions.begin(app.extensions["moderation"].store.registry.person(name), "sign_in")
        answer = app.process_response(app.response_class())
    return parse_cookie(answer.headers["Set-Cookie"])[COOKIE]


def give_password(store: Store, *people: Person) -> None:
    for person in people:
        store.registry.save_person(replace(person, password_hash=HASH))
