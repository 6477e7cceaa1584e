"""The connector that every blog can have: a signed Standard Webhooks POST to its callback address."""

from __future__ import annotations

import re
import time
from datetime import UTC
from email.utils import parsedate_to_datetime

from service import signing
from service.connectors import connector
from service.connectors.connector import Call, Connector, Result
from service.domain import Delivery, Site

RETRY_AFTER_LIMIT_S = 24 * 3600.0

_SECONDS = re.compile(r"[0-9]{1,9}")


class WebhookSender(Connector):
    """Tells a blog at its callback address."""

    def send(self, site: Site, delivery: Delivery, now: float) -> Result:
        """Attempt a delivery once."""
        return self.guarded(lambda: self._attempt(site, delivery, now))

    def _attempt(self, site: Site, delivery: Delivery, now: float) -> Result:
        body, until = delivery.body.encode(), time.monotonic() + connector.ATTEMPT_S
        headers = signing.signed_headers(site.secrets, delivery.id, now, body)
        status, answer, _ = self._call(site, delivery, Call(site.callback_url, headers, body, until))
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
