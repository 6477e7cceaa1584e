"""A person's own account: the password, the second factor, and where one is signed in."""

from __future__ import annotations

from dataclasses import replace

import segno
from flask import Blueprint, Response, flash, render_template, request, session, url_for
from markupsafe import Markup

from service import passwords, second_factor
from service.domain import Person
from service.errors import Invalid
from service.web import accounts, doorkeeper, sessions, words
from service.web.accounts import me, my_session, see
from service.web.responses import moderation
from service.web.words import gettext

blueprint = Blueprint("account", __name__)
accounts.guard(blueprint)


@blueprint.get("/account")
def page() -> str:
    """Show who is signed in, where, and by which factors."""
    return _show()


@blueprint.post("/account/password")
def change_password() -> tuple[str, int] | Response:
    """Set a new password; every other session of this person ends."""
    person, new = me(), request.form.get("new", "")
    doorkeeper.throttle(person.name)
    wrong = _what_is_wrong(person, request.form.get("current", ""), new, request.form.get("again", ""))
    if wrong:
        return _refuse(wrong)
    _save("password_changed", password_hash=passwords.hash_password(new))
    flash(gettext("Your password is changed; your other sessions have ended."), "good")
    return see(url_for("account.page"))


@blueprint.post("/account/language")
def choose_language() -> Response:
    """Remember in which language this person wants to read; none means as the browser asks."""
    chosen = request.form.get("language", "")
    if chosen and chosen not in words.LANGUAGES:
        raise Invalid("language", "one of %(these)s", these=", ".join(words.LANGUAGES))
    moderation().store.registry.change_person(me().name, lambda p: replace(p, language=chosen))
    words.speak(chosen)
    flash(gettext("Saved."), "good")
    return see(url_for("account.page"))


@blueprint.post("/account/sessions")
def end_sessions() -> Response:
    """End one session, or all but this one."""
    chosen, store = request.form.get("session", ""), moderation().store.sessions
    others = [s.id for s in doorkeeper.sessions_of(me()) if s.id != my_session()]
    store.end(me().name, [chosen] if chosen else others)
    doorkeeper.log("session_ended", me().name)
    flash(gettext("Signed out there.") if chosen else gettext("Signed out everywhere but here."), "good")
    return see(url_for("account.page"))


@blueprint.get("/account/two-factor")
def two_factor_page() -> str:
    """Show what an authenticator app has to read."""
    secret = session.setdefault("totp", second_factor.new_secret())
    return _offer(secret)


@blueprint.post("/account/two-factor")
def turn_on() -> tuple[str, int] | str | Response:
    """Turn two-factor on, once a code shows that the app has the secret; show the recovery codes once."""
    secret, now = session.get("totp", ""), moderation().clock()
    if not secret:
        return see(url_for("account.two_factor_page"))
    doorkeeper.throttle(me().name)
    step = second_factor.step_of(secret, request.form.get("code", ""), now)
    if not _knows_password() or step is None:
        flash(gettext("The code or the password is wrong."), "bad")
        return _offer(secret), 422
    moderation().store.sessions.use_step(me().name, step)
    return _show_codes(_save("two_factor_on", totp_secret=secret))


@blueprint.post("/account/two-factor/codes")
def new_codes() -> tuple[str, int] | str:
    """Replace the recovery codes."""
    if not doorkeeper.code_is_right(me(), request.form.get("code", "")[:64]):
        return _refuse(gettext("This code is wrong, or was used before."))
    doorkeeper.log("recovery_codes_made", me().name)
    return _show_codes(me())


@blueprint.post("/account/two-factor/off")
def turn_off() -> tuple[str, int] | Response:
    """Turn two-factor off."""
    if not doorkeeper.code_is_right(me(), request.form.get("code", "")[:64]):
        return _refuse(gettext("This code is wrong, or was used before."))
    _save("two_factor_off", totp_secret="")
    moderation().store.sessions.set_codes(me().name, [])
    flash(gettext("Two-factor is off."), "good")
    return see(url_for("account.page"))


def _save(kind: str, **changes: str) -> Person:
    # With another way to sign in, what was signed in before is so no more.
    def change(person: Person) -> Person:
        return replace(person, epoch=person.epoch + 1, **changes)  # type: ignore[arg-type]  # texts only

    changed = moderation().store.registry.change_person(me().name, change)
    sessions.begin(changed, kind)
    return changed


def _show() -> str:
    return render_template(
        "account.html", me=me(), now=moderation().clock(), min_length=passwords.MIN_LENGTH, mine=my_session(),
        sessions=doorkeeper.sessions_of(me()), codes_left=moderation().store.sessions.codes_left(me().name),
        languages=words.LANGUAGES,
    )  # fmt: skip


def _refuse(wrong: str) -> tuple[str, int]:
    flash(wrong, "bad")
    return _show(), 422


def _offer(secret: str) -> str:
    address = second_factor.address(secret, me().name)
    drawn = segno.make(address, error="m").svg_inline(scale=5, border=3, svgclass="qr", lineclass=None)
    groups = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
    # It is drawn here, of squares alone.
    qr = Markup(drawn)  # noqa: S704  # see above
    return render_template("two_factor.html", me=me(), qr=qr, secret=groups, address=address)


def _show_codes(person: Person) -> str:
    codes = second_factor.new_codes()
    moderation().store.sessions.set_codes(person.name, [doorkeeper.code_digest(person, c) for c in codes])
    return render_template("recovery_codes.html", me=person, codes=codes)


def _knows_password() -> bool:
    person = me()
    return not person.password_hash or passwords.verify(person.password_hash, request.form.get("current", ""))


def _what_is_wrong(person: Person, current: str, new: str, again: str) -> str:
    if person.password_hash and not passwords.verify(person.password_hash, current):
        return gettext("The current password is wrong.")
    if len(new) < passwords.MIN_LENGTH:
        return gettext("The new password needs at least %(n)s characters.", n=passwords.MIN_LENGTH)
    return "" if new == again else gettext("The two new passwords differ.")
