"""Text answers in gzip where a browser takes it.

Pages hold no secret that a guess could find out by the length of an answer (BREACH): another site cannot make
a browser ask with its session but by leading it here for all to see (SameSite=Lax), the session lies in a
cookie, and the forms' token is worth nothing without it.
"""

from __future__ import annotations

import gzip

from flask import Flask, Response, request

LEAST, LEVEL = 1000, 5
TYPES = ("text/html", "text/css", "text/javascript", "application/javascript", "image/svg+xml")


def init_app(app: Flask) -> None:
    """Compress what is worth it."""
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if response.mimetype not in TYPES or response.status_code in (206, 304) or request.method == "HEAD":
        return response
    response.vary.add("Accept-Encoding")
    if not request.accept_encodings["gzip"] or "Content-Encoding" in response.headers:
        return response
    response.direct_passthrough = False
    body = response.get_data()
    if len(body) >= LEAST:
        # Without a time of compression, the same page is the same bytes.
        response.set_data(gzip.compress(body, LEVEL, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response
