"""The running service: create_app wires settings, moderation and pages together, and does no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from service.config import Settings
    from service.moderation import Moderation

BODY_LIMIT = 64 * 1024


def create_app(settings: Settings, moderation: Moderation | None = None) -> Flask:
    """Build the WSGI application."""
    # Imported here, since every command imports this package and few of them need the pages.
    from flask import Flask
    from werkzeug.middleware.proxy_fix import ProxyFix

    from service.moderation import connect
    from service.web import accounts, compressing, oidc, responses, rooms, words
    from service.web.incoming import WholeRequest

    app = Flask(__name__, template_folder="web/templates", static_folder="web/static")
    app.request_class = WholeRequest
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=BODY_LIMIT,
        PUBLIC_URL=settings.public_url,
        ALLOW_PRIVATE_CALLBACKS=settings.allow_private_callbacks,
        SESSION_COOKIE_NAME="modqueue",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    app.extensions["moderation"] = moderation or connect(settings)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        # Not of the host: proxies pass on `Host`, and with it whatever X-Forwarded-Host a client made up.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]  # Flask's own way
    for part in (words, responses, compressing, rooms, accounts):
        part.init_app(app)
    oidc.init_app(app, settings)
    _open_to_machines(app)
    _open_to_people(app)
    app.wsgi_app = responses.net(app)  # type: ignore[method-assign, assignment]  # Flask's own way
    return app


def _open_to_machines(app: Flask) -> None:
    from service.web import akismet, akismet_figures, api, feedback, intake, ops, perspective, senders

    app.wsgi_app = intake.door(app)  # type: ignore[method-assign, assignment]  # Flask's own way
    for room in (intake, feedback, api, perspective, senders, ops, akismet, akismet_figures):
        app.register_blueprint(room.blueprint)
    for room in (akismet, akismet_figures):
        # For clients that can be given an address but not a host for each key.
        app.register_blueprint(room.blueprint, url_prefix="/<key>", name=f"{room.blueprint.name}_by_path")


def _open_to_people(app: Flask) -> None:
    from service.web import (
        account,
        accounts,
        appeals,
        audit,
        bulks,
        campaigns,
        desk,
        drift,
        figures,
        log,
        models,
        people,
        second_look,
        thresholds,
    )
    from service.web import settings as site_settings

    rooms = (accounts, account, people, log, desk, bulks, campaigns, figures)
    for room in (*rooms, audit, second_look, drift, thresholds, models, site_settings, appeals):
        app.register_blueprint(room.blueprint)
    app.register_blueprint(appeals.public)
