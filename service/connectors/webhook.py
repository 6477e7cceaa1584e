"""The connector that every blog can have: a signed Standard Webhooks POST to its callback address."""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Literal

from service import signing
from service.connectors import address
from service.connectors.line import Lines
from service.domain import Delivery, ModqueueError, Site

# Resolving, connecting and the whole answer, together.
ATTEMPT_S = 10.0
RETRY_AFTER_LIMIT_S = 24 * 3600.0

_SECONDS = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of an attempt; `error` never quotes what the blog said."""

    state: Literal["confirmed", "retry", "gone"]
    error: str = ""
    retry_after: float | None = None


class WebhookSender:
    """Sends deliveries; any number of threads may use one."""

    def __init__(self, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._lines = Lines()

    def send(self, site: Site, delivery: Delivery, now: float) -> Result:
        """Attempt a delivery once."""
        try:
            return self._attempt(site, delivery, now)
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

    def _attempt(self, site: Site, delivery: Delivery, now: float) -> Result:
        started = time.monotonic()
        target = address.parse(site.callback_url, site.url)
        endpoints = address.resolve(target, self._allow_private)
        # Each attempt tries the next address of the host.
        line = self._lines.take(target, endpoints[(delivery.attempts - 1) % len(endpoints)])
        body = delivery.body.encode()
        headers = signing.signed_headers(site.secrets, delivery.id, now, body)
        headers |= {"Content-Type": "application/json", "User-Agent": "Modqueue"}
        try:
            left = ATTEMPT_S - (time.monotonic() - started)
            status, answer = line.post(target.path, headers, body, left)
        except (OSError, HTTPException) as error:
            raise TimeoutError if line.overdue else error from None
        finally:
            self._lines.give_back(line)
        return _result(status, answer.get("Retry-After", ""), now)


def _result(status: int, retry_after: str, now: float) -> Result:
    if 200 <= status < 300:
        return Result("confirmed")
    if status == 410:
        return Result("gone", "HTTP 410")
    redirected = " (redirects are not followed)" if 300 <= status < 400 else ""
    return Result("retry", f"HTTP {status}{redirected}", _seconds(retry_after, now))


def _seconds(retry_after: str, now: float) -> float | None:
    value = retry_after.strip()
    if _SECONDS.fullmatch(value):
        wait = float(value)
    else:
        try:
            at = parsedate_to_datetime(value)
        except (ValueError, OverflowError):
            return None
        wait = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now
    return min(max(wait, 0.0), RETRY_AFTER_LIMIT_S)
