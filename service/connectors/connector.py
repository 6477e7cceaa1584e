"""What every way to a blog shares: calls to its own host that end in time, and what became of an attempt."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage
from typing import Literal

from service.connectors import address
from service.connectors.line import BODY_LIMIT, Lines
from service.domain import Delivery, Site
from service.errors import ModqueueError

# Resolving, connecting and the whole answers, together.
ATTEMPT_S = 10.0


@dataclass(frozen=True, slots=True)
class Result:
    """What became of an attempt; `error` never quotes what the blog said.

    `gone` is a callback address that takes no more; `refused` a delivery that no further attempt can help.
    """

    state: Literal["confirmed", "retry", "gone", "refused"]
    error: str = ""
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a blog, which must be answered by a point of the monotonic clock."""

    url: str
    headers: dict[str, str]
    body: bytes
    until: float
    method: str = "POST"
    limit: int = BODY_LIMIT


class Connector:
    """One way to blogs; any number of threads may use it."""

    def __init__(self, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._lines = Lines()

    def guarded(self, attempt: Callable[[], Result]) -> Result:
        """Make one attempt; whatever goes wrong on the way is worth another."""
        try:
            return attempt()
        except socket.gaierror:
            return Result("retry", "the callback's host cannot be resolved")
        except TimeoutError:
            return Result("retry", "no answer in time")
        except (OSError, HTTPException) as error:
            return Result("retry", f"no answer: {type(error).__name__}")
        except ModqueueError as error:
            return Result("retry", str(error))

    def close(self) -> None:
        """Close idle connections."""
        self._lines.close()

    def _call(self, site: Site, delivery: Delivery, call: Call) -> tuple[int, HTTPMessage, bytes]:
        target = address.parse(call.url, site.url)
        endpoints = address.resolve(target, self._allow_private)
        # Each attempt tries the next address of the host.
        line = self._lines.take(target, endpoints[(delivery.attempts - 1) % len(endpoints)])
        headers = {"Content-Type": "application/json", "User-Agent": "Modqueue", **call.headers}
        left = call.until - time.monotonic()
        try:
            return line.ask(call.method, target.path, headers, call.body, seconds=left, limit=call.limit)
        except (OSError, HTTPException) as error:
            raise TimeoutError if line.overdue else error from None
        finally:
            self._lines.give_back(line)
