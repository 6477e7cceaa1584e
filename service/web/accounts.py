"""Signing in and out: by name and password or by a one-time link, and the page to change the password."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import cast

from flask import Blueprint, Flask, Response, flash, redirect, render_template, request, session, url_for
from flask_login import LoginManager, current_user, login_user
from flask_wtf.csrf import CSRFError, CSRFProtect

from service import passwords
from service.domain import NotFound, Person
from service.web import doorkeeper
from service.web.responses import answer, moderation, wants_page

blueprint = Blueprint("accounts", __name__)

# A working day; a decision begins it anew.
SIGNED_IN_FOR = timedelta(hours=12)

_csrf = CSRFProtect()
_manager = LoginManager()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person as flask-login wants to see one; the id changes when the password does."""

    person: Person
    is_authenticated = is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """Return what the session remembers."""
        return f"{self.person.epoch}:{self.person.name}"


def init_app(app: Flask) -> None:
    """Register sessions, and CSRF protection for the pages alone: machines sign their requests."""
    app.config.update(
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        PERMANENT_SESSION_LIFETIME=SIGNED_IN_FOR,
        # The desk asks for counts in the background; its answers must not bring back an older session.
        SESSION_REFRESH_EACH_REQUEST=False,
    )
    _csrf.init_app(app)
    # The error page must not look anybody up: the store may be what has failed.
    _manager.init_app(app, add_context_processor=False)
    _manager.session_protection = None
    _manager.user_loader(_load)
    _manager.unauthorized_handler(_ask_to_sign_in)
    app.register_error_handler(CSRFError, _form_is_old)


def guard(pages: Blueprint) -> None:
    """Let only people who are signed in, and forms that we made, reach the pages of a blueprint."""
    pages.before_request(_require_person)
    pages.before_request(check_form)


def check_form() -> None:
    """Refuse a form that did not come from our pages."""
    _csrf.protect()


def me() -> Person:
    """Return who is signed in; only for guarded pages."""
    return cast(Person, current_user.person)


blueprint.before_request(check_form)


@blueprint.get("/sign-in")
def sign_in_page() -> str:
    """Ask for name and password."""
    return render_template("sign_in.html", next=doorkeeper.own_path(request.args.get("next", "")))


@blueprint.post("/sign-in")
def sign_in() -> tuple[str, int] | Response:
    """Check name and password."""
    name, password = request.form.get("name", "").strip(), request.form.get("password", "")
    target = doorkeeper.own_path(request.form.get("next", ""))
    doorkeeper.throttle(name)
    person = doorkeeper.find(name)
    if not passwords.verify(person.password_hash if person else "", password) or not person:
        doorkeeper.log("sign_in_failed", person.name if person else "")
        flash("Name or password is wrong.", "bad")
        return render_template("sign_in.html", next=target, name=name[:64]), 401
    _begin(person, "sign_in")
    return _see(target)


@blueprint.get("/sign-in/link/<token>")
def link_page(token: str) -> str:
    """Offer to sign in; only the button uses the link up, so that a preview of it does not."""
    name = moderation().store.registry.link_name(token)
    return render_template("link.html", name=_invited(name).name)


@blueprint.post("/sign-in/link/<token>")
def use_link(token: str) -> Response:
    """Sign in by a link, once."""
    person = _invited(moderation().store.registry.use_link(token))
    _begin(person, "sign_in_link")
    if not person.password_hash:
        flash("You have no password yet: set one, to sign in without a link next time.", "password")
    return _see("/")


@blueprint.get("/account")
def account_page() -> str | Response:
    """Show who is signed in, and the form for a new password."""
    if not current_user.is_authenticated:
        return _ask_to_sign_in()
    return render_template("account.html", me=me(), min_length=passwords.MIN_LENGTH)


@blueprint.post("/account")
def change_password() -> tuple[str, int] | Response:
    """Set a new password; every other session of this person ends."""
    if not current_user.is_authenticated:
        return _ask_to_sign_in()
    person, new = me(), request.form.get("new", "")
    doorkeeper.throttle(person.name)
    wrong = _what_is_wrong(person, request.form.get("current", ""), new, request.form.get("again", ""))
    if wrong:
        flash(wrong, "bad")
        return render_template("account.html", me=person, min_length=passwords.MIN_LENGTH), 422
    changed = replace(person, password_hash=passwords.hash_password(new), epoch=person.epoch + 1)
    moderation().store.registry.save_person(changed)
    _begin(changed, "password_changed")
    flash("Your password is changed; your other sessions have ended.", "good")
    return _see(url_for("accounts.account_page"))


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End this session."""
    if current_user.is_authenticated:
        doorkeeper.log("sign_out", me().name)
    session.clear()
    flash("You are signed out.", "good")
    return _see(url_for("accounts.sign_in_page"))


def _begin(person: Person, kind: str) -> None:
    # Nothing of the session before, which somebody else may have planted, is carried over.
    session.clear()
    session.permanent = True
    login_user(SignedIn(person))
    doorkeeper.log(kind, person.name)


def _load(remembered: str) -> SignedIn | None:
    epoch, _, name = remembered.partition(":")
    person = doorkeeper.find(name)
    return SignedIn(person) if person and str(person.epoch) == epoch else None


def _invited(name: str | None) -> Person:
    person = doorkeeper.find(name) if name else None
    if person is None:
        raise NotFound("this sign-in link has been used or has expired; ask an admin for a new one")
    return person


def _what_is_wrong(person: Person, current: str, new: str, again: str) -> str:
    if person.password_hash and not passwords.verify(person.password_hash, current):
        return "The current password is wrong."
    if len(new) < passwords.MIN_LENGTH:
        return f"The new password needs at least {passwords.MIN_LENGTH} characters."
    return "" if new == again else "The two new passwords differ."


def _ask_to_sign_in() -> Response:
    if not wants_page():
        return answer(401, "sign in first")
    target = request.full_path if request.method == "GET" else doorkeeper.origin()
    return _see(url_for("accounts.sign_in_page", next=doorkeeper.own_path(target)))


def _require_person() -> Response | None:
    return None if current_user.is_authenticated else _ask_to_sign_in()


def _form_is_old(_error: CSRFError) -> Response:
    return answer(400, "this form is out of date or not ours: go back, reload the page and try again")


def _see(path: str) -> Response:
    return cast(Response, redirect(path, 303))
