"""What admins do with people: invite, change, disable, reset; the last admin stays one."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import replace

from service.domain import Person, Role
from service.errors import Conflict, Invalid
from service.store import Store

Change = Callable[[Person], Person]

NAME_LIMIT, EMAIL_LIMIT = 64, 254


class People:
    """The people of a store, as one admin changes them; everything is logged."""

    def __init__(self, store: Store, by: str, now: float) -> None:
        self._store, self._by, self._now = store, by, now

    def invite(self, name: str, role: str, sites: Iterable[str], email: str = "") -> str:
        """Register a person; returns the token of a sign-in link that works once."""
        person = self._checked(
            Person(check_name(name), Role.MODERATOR, created_at=self._now), role, sites, email
        )
        self._store.registry.add_person(person)
        self._log("moderator_added", person)
        return self._link(name)

    def change(self, name: str, role: str, sites: Iterable[str], email: str) -> None:
        """Change what a person may do, and how a provider names them."""
        sites = tuple(sites)
        changed = self._change(name, lambda p: self._checked(p, role, sites, email))
        self._log("moderator_changed", changed)

    def disable(self, name: str) -> None:
        """Sign a person out everywhere and let them in no more."""
        if name == self._by:
            raise Conflict("you cannot disable yourself")
        self._log("moderator_disabled", self._change(name, lambda p: replace(_out(p), disabled=True)))

    def reset(self, name: str) -> str:
        """Forget a person's factors, sign them out everywhere; returns the token of a sign-in link."""
        reset = self._change(name, forgotten)
        self._store.sessions.set_codes(name, [])
        self._log("moderator_reset", reset)
        return self._link(name)

    def sign_out(self, name: str) -> None:
        """Sign a person out everywhere."""
        self._log("moderator_signed_out", self._change(name, _out))

    def _checked(self, person: Person, role: str, sites: Iterable[str], email: str) -> Person:
        if role not in list(Role):
            raise Invalid("role", "one of %(these)s", these=", ".join(Role))
        known, wanted = {s.id for s in self._store.registry.sites()}, tuple(sorted(set(sites)))
        if missing := set(wanted) - known:
            raise Invalid("site", "no such site: %(site)s", site=", ".join(sorted(missing)))
        return replace(person, role=Role(role), sites=wanted, email=self._email(person.name, email))

    def _email(self, name: str, email: str) -> str:
        email = email.strip().casefold()
        if email and (email.count("@") != 1 or not email.isprintable() or len(email) > EMAIL_LIMIT):
            raise Invalid("email", "not an e-mail address")
        if email and any(p.email == email and p.name != name for p in self._store.registry.people()):
            raise Conflict("somebody else has this e-mail address")
        return email

    def _change(self, name: str, change: Change) -> Person:
        others = [p for p in self._store.registry.people() if p.name != name]

        def keeping_an_admin(person: Person) -> Person:
            changed = change(person)
            if not any(map(_rules, [changed, *others])) and any(map(_rules, [person])):
                raise Conflict("this is the last admin of every site; make somebody else one first")
            return changed

        return self._store.registry.change_person(name, keeping_an_admin)

    def _link(self, name: str) -> str:
        token = secrets.token_urlsafe(32)
        self._store.registry.add_link(token, name)
        return token

    def _log(self, kind: str, person: Person) -> None:
        facts = {"role": person.role, "sites": person.sites, "email": bool(person.email)}
        self._store.registry.log(
            {"at": self._now, "kind": kind, "by": self._by, "person": person.name, **facts}
        )


def check_name(name: str) -> str:
    """Refuse what cannot be a person's name; return it otherwise."""
    if not 1 <= len(name) <= NAME_LIMIT or not name.isprintable() or name != name.strip():
        raise Invalid(
            "name", "1 to %(most)s printable characters, without blanks around them", most=NAME_LIMIT
        )
    return name


def forgotten(person: Person) -> Person:
    """Return a person without password and second factor, signed out everywhere and let in again."""
    return replace(_out(person), password_hash="", totp_secret="", disabled=False)


def _out(person: Person) -> Person:
    return replace(person, epoch=person.epoch + 1)


def _rules(person: Person) -> bool:
    return person.role is Role.ADMIN and not person.sites and not person.disabled
