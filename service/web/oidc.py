"""Signing in by an OpenID provider, for moderators who are registered here already (extra `[oidc]`)."""

from __future__ import annotations

from typing import Any

import structlog
from flask import Blueprint, Flask, Response, current_app, flash, request, session, url_for

from service.config import Settings
from service.domain import Person
from service.errors import Invalid
from service.web import accounts, doorkeeper
from service.web.accounts import see
from service.web.responses import moderation
from service.web.words import gettext

blueprint = Blueprint("oidc", __name__)

# A provider that is slow must not hold a thread of ours for long.
TIMEOUT_S = 5.0

_log = structlog.get_logger(__name__)


def init_app(app: Flask, settings: Settings) -> None:
    """Register the provider that the settings name, if they do; its keys are read when first needed."""
    app.add_template_global(lambda: "oidc" in app.extensions, "with_provider")
    if not settings.oidc_issuer:
        return
    app.extensions["oidc"] = _client(app, settings)
    app.config["OIDC_CALLBACK"] = settings.public_url.rstrip("/")
    app.register_blueprint(blueprint)


@blueprint.get("/sign-in/provider")
def go() -> Response:
    """Lead to the provider."""
    target = doorkeeper.own_path(request.args.get("next", ""))
    doorkeeper.throttle_visitor("provider")
    # What an earlier try left would fill the cookie.
    for left in [name for name in session if name.startswith("_state_")]:
        session.pop(left)
    try:
        # State, nonce and the PKCE verifier wait in the session.
        led: Response = current_app.extensions["oidc"].authorize_redirect(_callback())
    except Exception as error:
        return _failed(error)
    session["target"] = target
    return led


@blueprint.get("/sign-in/provider/callback")
def come_back() -> Response:
    """Sign in whom the provider names."""
    target = doorkeeper.own_path(session.pop("target", ""))
    try:
        # Checks state, redeems the code with its verifier; checks signature, issuer, audience and nonce.
        claims = current_app.extensions["oidc"].authorize_access_token()["userinfo"]
    except Exception as error:
        return _failed(error)
    person = match(dict(claims))
    if person is None:
        doorkeeper.log("sign_in_failed", "", factor="provider")
        flash(
            gettext("The provider knows you, but you are not registered here: ask an admin to invite you."),
            "bad",
        )
        return see(url_for("accounts.sign_in_page"))
    return accounts.admit(person, "sign_in_provider", target)


def match(claims: dict[str, Any]) -> Person | None:
    """Return who is meant by a provider's claims: by verified e-mail, else by name.

    Whoever has an e-mail address here is known by it alone: names can be chosen freely at many providers.
    """
    email, name = claims.get("email"), claims.get("preferred_username")
    if isinstance(email, str) and email and claims.get("email_verified") is True:
        known = [p for p in moderation().store.registry.people() if p.email == email.casefold()]
        if known:
            return None if known[0].disabled else known[0]
    person = doorkeeper.find(name) if isinstance(name, str) and name else None
    return None if person is None or person.email else person


def _client(app: Flask, settings: Settings) -> Any:
    try:
        from authlib.integrations.flask_client import OAuth
    except ImportError:
        raise Invalid("MODQUEUE_OIDC_ISSUER", "needs the extra: pip install 'modqueue[oidc]'") from None
    return OAuth(app).register(
        "provider",
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        server_metadata_url=f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid email profile",
            "code_challenge_method": "S256",
            "default_timeout": TIMEOUT_S,
        },
    )


def _callback() -> str:
    own = current_app.config["OIDC_CALLBACK"]
    return f"{own}{url_for('oidc.come_back')}" if own else url_for("oidc.come_back", _external=True)


def _failed(error: Exception) -> Response:
    # Whatever a provider, a network or a forged answer does: nobody is signed in, and the kind is logged.
    _log.warning("provider failed", error=type(error).__name__)
    flash(gettext("Signing in by the provider did not work. Try again, or use your password."), "bad")
    return see(url_for("accounts.sign_in_page"))
