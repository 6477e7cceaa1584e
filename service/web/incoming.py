"""Requests as they come in: none has more of a body than it may, and none is judged by a part of it."""

from __future__ import annotations

import io
from typing import IO

from flask import Request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.utils import cached_property


class WholeRequest(Request):
    """A request whose body is whole or refused, also where it comes in pieces without a length."""

    @cached_property
    def stream(self) -> IO[bytes]:
        """Return the body."""
        limit = self.max_content_length
        if self.content_length is not None or limit is None or "wsgi.input_terminated" not in self.environ:
            return super().stream
        try:
            body = self.environ["wsgi.input"].read(limit + 1)
        except Exception as error:  # each server has its own for pieces that are none
            raise BadRequest("the pieces of the body are not as HTTP has them") from error
        if len(body) > limit:
            raise RequestEntityTooLarge
        return io.BytesIO(body)
