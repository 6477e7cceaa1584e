"""The settings of a site, for admins: its policy in plain words, its callback, its secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for

from service import policy as policies
from service import signing, site_settings
from service.domain import LABELS, Policy, Site, Thresholds
from service.errors import Conflict, Invalid, NotFound
from service.web import accounts, words
from service.web.accounts import me
from service.web.histograms import of_site
from service.web.responses import moderation
from service.web.versions import changes as policy_changes
from service.web.words import gettext, mark

blueprint = Blueprint("settings", __name__, url_prefix="/settings")
accounts.guard_for_admins(blueprint)

OVERLAPS = {"24": mark("24 hours"), "168": mark("7 days"), "0": mark("no time: it ends now")}


@blueprint.get("/")
def index() -> str:
    """List the sites."""
    sites = [s for s in moderation().store.registry.sites() if me().may_see(s.id)]
    return render_template("settings.html", me=me(), sites=sites)


@blueprint.get("/<site_id>")
def show(site_id: str) -> str:
    """Show the settings of a site."""
    return _page(_site(site_id))


@blueprint.post("/<site_id>/policy")
def set_policy(site_id: str) -> Response | tuple[str, int]:
    """Set a new version of the policy, unless somebody else did meanwhile."""
    site, instead_of = _site(site_id), request.form.get("version", 0, type=int)
    try:
        new = site_settings.set_policy(moderation(), site_id, _policy(site.policy), me().name, instead_of)
    except (Invalid, Conflict) as error:
        return _page(site, error, said=request.form), 409 if isinstance(error, Conflict) else 422
    flash(gettext("Policy version %(n)s is in force.", n=new.version), "good")
    return _back(site_id, "policy")


@blueprint.post("/<site_id>/revert")
def revert(site_id: str) -> Response:
    """Set an earlier version anew."""
    _site(site_id)
    wanted = request.form.get("version", 0, type=int)
    new = site_settings.revert(moderation(), site_id, wanted, me().name)
    said = gettext("Version %(old)s is in force again, as version %(new)s.", old=wanted, new=new.version)
    flash(said, "good")
    return _back(site_id, "versions")


@blueprint.post("/<site_id>/callback")
def set_callback(site_id: str) -> Response | tuple[str, int]:
    """Set where decisions are sent, and enable it again."""
    site, url = _site(site_id), request.form.get("callback_url", "").strip()
    allow_private: bool = current_app.config["ALLOW_PRIVATE_CALLBACKS"]
    try:
        site_settings.set_callback(moderation(), site_id, url, allow_private, me().name)
    except Invalid as error:
        return _page(site, error, callback_url=url), 422
    there, nowhere = (
        gettext("Decisions are sent there from now on."),
        gettext("Decisions are not sent any more."),
    )
    flash(there if url else nowhere, "good")
    return _back(site_id, "callback")


@blueprint.post("/<site_id>/test")
def send_test(site_id: str) -> Response:
    """Send a test the way that decisions go."""
    _site(site_id)
    delivery = site_settings.send_test(moderation(), site_id, me().name)
    return cast(Response, redirect(url_for("settings.test_result", site_id=site_id, delivery=delivery), 303))


@blueprint.get("/<site_id>/test/<delivery>")
def test_result(site_id: str, delivery: str) -> Response:
    """Show what became of a test; asks again by itself while it is on its way."""
    site = _site(site_id)
    state = moderation().store.outbox.state(site_id, delivery)
    response = Response(render_template("callback_test.html", me=me(), site=site, delivery=state))
    if state.state == "queued":
        response.headers["Refresh"] = "1"
    return response


@blueprint.post("/<site_id>/secret")
def rotate(site_id: str) -> str:
    """Make a new secret and show it, this once."""
    site, overlap = _site(site_id), request.form.get("overlap", "")
    if overlap not in OVERLAPS:
        raise Invalid("overlap", "one of %(these)s", these=", ".join(OVERLAPS))
    secret = site_settings.rotate(moderation(), site_id, float(overlap) * 3600, me().name)
    return render_template(
        "secret.html", me=me(), site=site, secret=secret, overlap=overlap, overlaps=words.table(OVERLAPS)
    )


@blueprint.post("/<site_id>/api-key")
def rotate_key(site_id: str) -> str:
    """Make a new API key and show it, this once."""
    site, key = _site(site_id), site_settings.rotate_api_key(moderation(), site_id, me().name)
    return render_template("secret.html", me=me(), site=site, secret=key, api_key=True)


@blueprint.post("/<site_id>/api-key/revoke")
def revoke_key(site_id: str) -> Response:
    """Let nobody in by the API key any more."""
    _site(site_id)
    site_settings.revoke_api_key(moderation(), site_id, me().name)
    flash(gettext("The API key is revoked."), "good")
    return _back(site_id, "api-key")


def _site(site_id: str) -> Site:
    if not me().may_see(site_id):
        raise NotFound("no such site")
    return moderation().store.registry.site(site_id)


def _page(
    site: Site,
    error: Invalid | Conflict | None = None,
    said: Mapping[str, str] | None = None,
    callback_url: str | None = None,
) -> str:
    m = moderation()
    recommended = m.scorer.current().recommended
    versions = m.store.policies.versions(site.id)
    earlier = [v.policy for v in versions[1:]]
    effective = policies.effective(site.policy, recommended)
    scored, histograms = of_site(site.id, effective)
    return render_template(
        "site_settings.html", me=me(), site=site, policy=site.policy, error=error, said=said,
        callback_url=site.callback_url if callback_url is None else callback_url,
        recommended=recommended, effective=effective, scored=scored, histograms=histograms, zip=zip,
        labels=LABELS, overlaps=words.table(OVERLAPS), secrets=signing.valid(site.secrets, m.clock()),
        versions=[(v, policy_changes(o, v.policy)) for v, o in zip(versions, earlier, strict=False)],
        first=versions[-1] if versions else None,
    )  # fmt: skip


def _policy(before: Policy) -> Policy:
    form = request.form
    named = {k: Thresholds(_number(f"hold_{k}"), _number(f"reject_{k}")) for k in LABELS}
    return replace(
        before,
        thresholds={k: t for k, t in named.items() if t != Thresholds()},
        reject_labels=tuple(label for label in LABELS if f"may_reject_{label}" in form),
        blocked_words=_lines("blocked_words"),
        blocked_domains=_lines("blocked_domains"),
        max_links=_whole("max_links"),
        hold_new_authors="hold_new_authors" in form,
        pass_other_languages="pass_other_languages" in form,
        shadow="shadow" in form,
        adapt="adapt" in form,
        audit=(_number("audit") or 0.0) / 100,
    )


def _number(name: str) -> float | None:
    given = request.form.get(name, "").strip().replace(",", ".")
    try:
        return float(given) if given else None
    except ValueError:
        raise Invalid(name, "must be a number, or empty") from None


def _whole(name: str) -> int | None:
    number = _number(name)
    if number is not None and not number.is_integer():
        raise Invalid(name, "must be a whole number, or empty")
    return None if number is None else int(number)


def _lines(name: str) -> tuple[str, ...]:
    lines = (line.strip() for line in request.form.get(name, "").splitlines())
    return tuple(dict.fromkeys(line for line in lines if line))


def _back(site_id: str, part: str) -> Response:
    return cast(Response, redirect(url_for("settings.show", site_id=site_id, _anchor=part), 303))
