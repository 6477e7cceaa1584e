"""Overload is turned away: a request that has waited too long for a thread is answered 503 at once.

Without this, every request would wait longer and longer, and be answered when its sender has long given up.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gunicorn.workers.gthread import ThreadWorker

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Well below the seconds that a blog waits for an answer, well above what a burst takes to be worked off.
LONGEST_WAIT_S, RETRY_AFTER_S = 2.0, 5
REFUSAL = b'{"status": 503, "error": "too much at once; try again"}\n'
HEADERS = [
    ("Content-Type", "application/problem+json"),
    ("Content-Length", str(len(REFUSAL))),
    ("Retry-After", str(RETRY_AFTER_S)),
    ("Cache-Control", "no-store"),
]

_here = threading.local()


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Knows how long each request has waited for its thread."""

    def enqueue_req(self, conn: Any) -> None:
        """Note when a request began to wait."""
        conn.waits_since = time.monotonic()
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> Any:
        """Note how long it has waited."""
        _here.waited = time.monotonic() - conn.waits_since
        return super().handle(conn)


def shed(app: WSGIApplication) -> WSGIApplication:
    """Answer in place of the application where a request has waited too long."""

    def guarded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if getattr(_here, "waited", 0.0) > LONGEST_WAIT_S:
            start_response("503 Service Unavailable", HEADERS)
            return [REFUSAL]
        return app(environ, start_response)

    return guarded
