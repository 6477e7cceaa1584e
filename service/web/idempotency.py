"""`Idempotency-Key` on POST: the same request again is done once, and answered as it was."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress

from flask import Blueprint, Response, g, request

from service.errors import Invalid, Unavailable
from service.web.responses import moderation

HEADER = "Idempotency-Key"
MAX_LENGTH = 255


def prepare(pages: Blueprint) -> None:
    """Let the POSTs of a blueprint whose person is known be sent again."""
    pages.before_request(_replay)
    pages.after_request(_remember)


def _replay() -> Response | None:
    key = request.headers.get(HEADER)
    if request.method != "POST" or key is None:
        return None
    if not (0 < len(key) <= MAX_LENGTH and key.isascii() and key.isprintable()):
        raise Invalid(HEADER, f"1 to {MAX_LENGTH} printable ASCII characters")
    name = _digest(g.token.encode(), key.encode())
    said = _digest(request.full_path.encode(), request.mimetype.encode(), request.get_data())
    answer = moderation().store.requests.begin(name, said)
    if answer is None:
        g.asked = name, said
        return None
    status, mimetype, body = json.loads(answer)
    return Response(body, status, {"Idempotency-Replayed": "true"}, mimetype=mimetype)


def _remember(response: Response) -> Response:
    if asked := g.pop("asked", None):
        name, said = asked
        answer = [response.status_code, response.mimetype, response.get_data(as_text=True)]
        # Where we failed, the same request may be tried again.
        lasting = json.dumps(answer) if response.status_code < 500 else ""
        # What was asked is done, even if that cannot be remembered: the key is free again in a minute.
        with suppress(Unavailable):
            moderation().store.requests.finish(name, said, lasting)
    return response


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
