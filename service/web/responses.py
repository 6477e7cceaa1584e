"""What every answer shares: the way to the use cases, errors as JSON or page, and security headers."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from flask import Flask, Request, Response, current_app, jsonify, render_template, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from werkzeug.exceptions import BadHost, HTTPException, InternalServerError

from service.errors import BadSignature, Conflict, Invalid, ModqueueError, NotFound, TooMany, Unavailable
from service.moderation import Moderation
from service.web import words
from service.web.words import gettext, mark

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
STATUS: dict[type[ModqueueError], int] = {
    Invalid: 422,
    NotFound: 404,
    Conflict: 409,
    BadSignature: 401,
    TooMany: 429,
    Unavailable: 503,
}
# What pages say where nobody has said more.
DESCRIPTIONS = {
    400: mark("the service could not read what the browser sent"),
    404: mark("there is no such page"),
    405: mark("this page does not take that"),
    413: mark("that was too much at once"),
    500: mark("the service has met a fault of its own, and has written it down"),
}
LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}
# A sender that is told to wait without a better figure waits this long.
RETRY_AFTER_S = 5
FAULT = b'{"error":"the service has met a fault of its own, and has written it down","status":500}\n'
FAULTY = [
    *HEADERS.items(),
    ("Content-Type", "application/problem+json"),
    ("Content-Length", str(len(FAULT))),
    ("Cache-Control", "no-store"),
]


class Sessions(SecureCookieSessionInterface):
    """Session cookies are Secure everywhere but on plain loopback, where browsers need no TLS to trust."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Read the session; machines bring none, and are not kept waiting for one."""
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the session where anybody has looked at it and there is one, or was."""
        if session.accessed and (session or session.modified):
            super().save_session(app, session, response)

    def get_cookie_secure(self, app: Flask) -> bool:
        """Tell whether to set the Secure flag."""
        host = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
        return request.is_secure or host not in LOOPBACK


def moderation() -> Moderation:
    """Return the use cases of this application."""
    return cast(Moderation, current_app.extensions["moderation"])


def init_app(app: Flask) -> None:
    """Register error handlers and headers."""
    app.session_interface = Sessions()
    app.register_error_handler(ModqueueError, refused)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Exception, crashed)
    app.after_request(_headers)
    # Flask's own writes down the path, which may hold a key.
    app.log_exception = lambda exc_info: _write_down(app, exc_info[1])  # type: ignore[method-assign]


def net(app: Flask) -> WSGIApplication:
    """Answer in place of an application that fails: the server would write down what was asked."""
    inner = app.wsgi_app

    def guarded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return inner(environ, start_response)
        except Exception as error:
            _write_down(app, error)
            start_response("500 Internal Server Error", FAULTY, sys.exc_info())
            return [FAULT]

    return guarded


def wants_page() -> bool:
    """Tell whether a browser asks, who is shown a page, or a program, which is given JSON."""
    machine = ("/api/", "/v1alpha1/", "/senders/", "/webhooks/", "/healthz", "/readyz", "/metrics")
    if isinstance(request.routing_exception, BadHost):
        # No page can be written where nothing has an address, and no browser asks for such a host.
        return False
    return not request.path.startswith(machine) and request.accept_mimetypes.accept_html


def refused(error: ModqueueError) -> Response:
    """Answer one of our own refusals."""
    status = STATUS.get(type(error), 400)
    message = words.said(error) if wants_page() else str(error)
    extra: dict[str, object] = {}
    if isinstance(error, Invalid):
        extra["field"] = error.field
    if isinstance(error, Conflict) and error.by:
        extra |= {"by": error.by, "at": error.at}
    response = answer(status, message, **extra)
    if isinstance(error, TooMany | Unavailable):
        wait = error.retry_after if isinstance(error, TooMany) else RETRY_AFTER_S
        response.headers["Retry-After"] = str(math.ceil(wait))
    return response


def http_error(error: HTTPException) -> Response:
    """Answer an error of the HTTP layer."""
    return with_headers(error, answer(error.code or 500, _description(error)))


def with_headers(error: HTTPException, response: Response) -> Response:
    """Add what goes with an error of the HTTP layer, such as the methods that are allowed."""
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def crashed(error: Exception) -> Response:
    """Answer what should not have happened, and say nothing of its inside."""
    _write_down(current_app, error)
    return http_error(InternalServerError())


def _write_down(app: Flask, error: BaseException | None) -> None:
    app.logger.error("unhandled %s", type(error).__name__, exc_info=error)


def _description(error: HTTPException) -> str:
    # What the framework says by itself is for programs; what we say has been put into words already.
    own = error.description != type(error).description
    if own or not wants_page():
        return error.description or error.name
    return gettext(DESCRIPTIONS.get(error.code or 500, DESCRIPTIONS[500]))


def answer(status: int, message: str, **extra: object) -> Response:
    """Answer an error as a page or as problem+json."""
    if wants_page():
        response = Response(render_template("error.html", status=status, message=message, **extra))
    else:
        response = jsonify({"status": status, "error": message, **extra})
        response.mimetype = "application/problem+json"
    response.status_code = status
    return response


def _headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        if name not in response.headers:
            response.headers.add(name, value)
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response
