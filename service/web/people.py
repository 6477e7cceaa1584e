"""The people page, for admins of every site: who may decide, invitations, resets."""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app, flash, render_template, request, url_for

from service.domain import Role
from service.people import People
from service.web import accounts, doorkeeper
from service.web.accounts import me, see
from service.web.responses import moderation
from service.web.words import gettext, mark

blueprint = Blueprint("people", __name__)
accounts.guard_for_admins(blueprint)

ROLES: dict[str, str] = {Role.MODERATOR: mark("moderator"), Role.ADMIN: mark("admin")}


@blueprint.before_request
def of_every_site() -> None:
    """Refuse an admin of some sites, who could otherwise make themself one of all."""
    if me().sites:
        abort(403, gettext("only admins of every site may see this page"))


@blueprint.get("/people")
def index() -> str:
    """List the people."""
    registry, now = moderation().store.registry, moderation().clock()
    rows = [(p, next(iter(doorkeeper.sessions_of(p)), None)) for p in registry.people()]
    return render_template("people.html", me=me(), rows=rows, now=now, sites=_sites())


@blueprint.post("/people")
def invite() -> str:
    """Register a person and show the link that invites them, once."""
    name, form = request.form.get("name", "").strip(), request.form
    token = _people().invite(name, form.get("role", ""), form.getlist("site"), form.get("email", ""))
    return _show_link(name, token)


@blueprint.get("/people/person")
def person() -> str:
    """Show one person."""
    found = moderation().store.registry.person(request.args.get("name", ""))
    return render_template(
        "person.html", me=me(), person=found, now=moderation().clock(), sites=_sites(),
        sessions=doorkeeper.sessions_of(found),
    )  # fmt: skip


@blueprint.post("/people/person")
def change() -> Response:
    """Change role, sites and e-mail address."""
    form = request.form
    _people().change(_name(), form.get("role", ""), form.getlist("site"), form.get("email", ""))
    return _done(gettext("Saved."))


@blueprint.post("/people/reset")
def reset() -> str:
    """Forget a person's password and second factor, and show a new sign-in link, once."""
    return _show_link(_name(), _people().reset(_name()))


@blueprint.post("/people/disable")
def disable() -> Response:
    """Let a person in no more."""
    _people().disable(_name())
    return _done(gettext("Disabled: signed out everywhere, and let in no more."))


@blueprint.post("/people/sign-out")
def sign_out() -> Response:
    """End every session of a person."""
    _people().sign_out(_name())
    return _done(gettext("Signed out everywhere."))


def _people() -> People:
    return People(moderation().store, me().name, moderation().clock())


def _name() -> str:
    return request.form.get("name", "")


def _sites() -> list[str]:
    return [s.id for s in moderation().store.registry.sites()]


def _show_link(name: str, token: str) -> str:
    base: str = current_app.config["PUBLIC_URL"] or request.url_root
    link = base.rstrip("/") + url_for("accounts.link_page", token=token)
    return render_template("invitation.html", me=me(), name=name, link=link)


def _done(text: str) -> Response:
    flash(text, "good")
    return see(url_for("people.person", name=_name()))


def roles() -> list[tuple[str, str]]:
    """Return the roles with what they may do."""
    return [
        (Role.MODERATOR, gettext("decides on comments")),
        (Role.ADMIN, gettext("also sees people, log and settings")),
    ]


def role_name(name: str) -> str:
    """Name a role."""
    return gettext(ROLES.get(name, name))


blueprint.add_app_template_global(role_name)
blueprint.add_app_template_global(roles)
