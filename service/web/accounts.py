"""Signing in and out: by password or by a one-time link, with a second factor where there is one."""

from __future__ import annotations

from typing import cast

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_login import LoginManager, current_user
from flask_wtf.csrf import CSRFError, CSRFProtect

from service import passwords
from service.domain import Person, Role
from service.errors import NotFound
from service.web import doorkeeper, sessions, words
from service.web.responses import answer, moderation, wants_page
from service.web.words import gettext

blueprint = Blueprint("accounts", __name__)

# Between the first and the second factor.
HALF_WAY_S = 300.0

_csrf = CSRFProtect()
_manager = LoginManager()


def init_app(app: Flask) -> None:
    """Register sessions, and CSRF protection for the pages alone: machines sign their requests."""
    app.config.update(
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        PERMANENT_SESSION_LIFETIME=sessions.SIGNED_IN_FOR,
        # The desk asks for counts in the background; its answers must not bring back an older session.
        SESSION_REFRESH_EACH_REQUEST=False,
    )
    _csrf.init_app(app)
    # The error page must not look anybody up: the store may be what has failed.
    _manager.init_app(app, add_context_processor=False)
    _manager.session_protection = None
    _manager.user_loader(sessions.load)
    _manager.unauthorized_handler(ask_to_sign_in)
    app.register_error_handler(CSRFError, _form_is_old)
    app.add_template_global(sessions.browser_words)


def guard(pages: Blueprint) -> None:
    """Let only people who are signed in, and forms that we made, reach the pages of a blueprint."""
    pages.before_request(_require_person)
    pages.before_request(check_form)


def guard_for_admins(pages: Blueprint) -> None:
    """Let only admins, and forms that we made, reach the pages of a blueprint."""
    guard(pages)
    pages.before_request(_require_admin)


def check_form() -> None:
    """Refuse a form that did not come from our pages."""
    _csrf.protect()


def me() -> Person:
    """Return who is signed in; only for guarded pages."""
    return cast(Person, current_user.person)


def my_session() -> str:
    """Return the id of the session that asks; only for guarded pages."""
    return cast(sessions.SignedIn, current_user).session.id


def see(path: str) -> Response:
    """Lead on to a page after a form."""
    return cast(Response, redirect(path, 303))


blueprint.before_request(check_form)


@blueprint.get("/sign-in")
def sign_in_page() -> str:
    """Ask for name and password."""
    return _ask(doorkeeper.own_path(request.args.get("next", "")))


@blueprint.post("/sign-in")
def sign_in() -> tuple[str, int] | Response:
    """Check name and password."""
    name, password = request.form.get("name", "").strip(), request.form.get("password", "")
    target = doorkeeper.own_path(request.form.get("next", ""))
    doorkeeper.throttle(name)
    person = doorkeeper.find(name)
    if not passwords.verify(person.password_hash if person else "", password) or not person:
        doorkeeper.log("sign_in_failed", person.name if person else "")
        flash(gettext("Name or password is wrong."), "bad")
        return _ask(target, name[:64]), 401
    return admit(person, "sign_in", target)


@blueprint.get("/sign-in/code")
def code_page() -> str | Response:
    """Ask for the second factor."""
    if _half_way() is None:
        return see(url_for("accounts.sign_in_page"))
    return render_template("code.html")


@blueprint.post("/sign-in/code")
def give_code() -> tuple[str, int] | str | Response:
    """Check the second factor."""
    person = _half_way()
    if person is None:
        flash(gettext("That took too long: sign in again."), "bad")
        return see(url_for("accounts.sign_in_page"))
    if not doorkeeper.code_is_right(person, request.form.get("code", "")[:64]):
        doorkeeper.log("sign_in_failed", person.name, factor="code")
        flash(gettext("This code is wrong, or was used before."), "bad")
        return render_template("code.html"), 401
    half = session["half"]
    sessions.begin(person, half["kind"])
    return see(half["target"])


@blueprint.get("/sign-in/link/<token>")
def link_page(token: str) -> str:
    """Offer to sign in; only the button uses the link up, so that a preview of it does not."""
    name = moderation().store.registry.link_name(token)
    return render_template("link.html", name=_invited(name).name)


@blueprint.post("/sign-in/link/<token>")
def use_link(token: str) -> Response:
    """Sign in by a link, once."""
    person = _invited(moderation().store.registry.use_link(token))
    led = admit(person, "sign_in_link", "/")
    if not person.password_hash:
        flash(gettext("You have no password yet: set one, to sign in without a link next time."), "password")
    return led


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End this session."""
    if current_user.is_authenticated:
        moderation().store.sessions.end(me().name, [my_session()])
        doorkeeper.log("sign_out", me().name)
    session.clear()
    flash(gettext("You are signed out."), "good")
    return see(url_for("accounts.sign_in_page"))


def admit(person: Person, kind: str, target: str) -> Response:
    """Sign in a person whose first factor was right, or ask for the second."""
    if not person.totp_secret:
        sessions.begin(person, kind)
        return see(target)
    session.clear()
    until = moderation().clock() + HALF_WAY_S
    session["half"] = {
        "name": person.name,
        "epoch": person.epoch,
        "kind": kind,
        "target": target,
        "until": until,
    }
    return see(url_for("accounts.code_page"))


def ask_to_sign_in() -> Response:
    """Lead whoever is not signed in to where one does that, and back afterwards."""
    if not wants_page():
        return answer(401, "sign in first")
    lost = request.method == "POST"
    target = doorkeeper.own_path(doorkeeper.origin() if lost else request.full_path)
    return see(url_for("accounts.sign_in_page", next=target, unwritten=1 if lost else None))


def _ask(target: str, name: str = "") -> str:
    return render_template("sign_in.html", next=target, name=name)


def _half_way() -> Person | None:
    half = session.get("half")
    if half is None or half["until"] < moderation().clock():
        return None
    person = doorkeeper.find(half["name"])
    return person if person and person.totp_secret and person.epoch == half["epoch"] else None


def _invited(name: str | None) -> Person:
    person = doorkeeper.find(name) if name else None
    if person is None:
        raise NotFound("this sign-in link has been used or has expired; ask an admin for a new one")
    return person


def _require_person() -> Response | None:
    if not current_user.is_authenticated:
        return ask_to_sign_in()
    words.speak(me().language)
    return None


def _require_admin() -> None:
    if me().role is not Role.ADMIN:
        abort(403, gettext("only admins may see this page"))


def _form_is_old(_error: CSRFError) -> Response:
    return answer(
        400, gettext("this form is out of date or not ours: go back, reload the page and try again")
    )
