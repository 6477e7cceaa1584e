"""Standard Webhooks signatures, in and out (https://www.standardwebhooks.com); one error type."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets as random
from collections.abc import Iterable
from typing import Protocol

from service.domain import Secret
from service.errors import BadSignature

TOLERANCE_S = 300
PREFIX = "whsec_"


class Headers(Protocol):
    """Whatever gives a header by its name."""

    def get(self, key: str, default: str, /) -> str:
        """Return a header, or the default."""
        ...


def new_secret() -> str:
    """Make a signing secret of 32 random bytes."""
    return PREFIX + base64.b64encode(random.token_bytes(32)).decode()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Sign a message as `v1,<base64>`."""
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode()


def signed_headers(secrets: Iterable[Secret], message_id: str, now: float, body: bytes) -> dict[str, str]:
    """Return the three headers of a message, signed with every secret that is valid now."""
    timestamp = int(now)
    signatures = [sign(s.value, message_id, timestamp, body) for s in valid(secrets, now)]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def verify(headers: Headers, body: bytes, secrets: Iterable[Secret], now: float) -> str:
    """Return the message id of a message that was signed with one of the secrets within five minutes."""
    message_id, stamp, given = (
        headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature")
    )
    if not (message_id and stamp and given):
        raise BadSignature("webhook-id, webhook-timestamp and webhook-signature are required")
    timestamp = _timestamp(stamp, now)
    if len(message_id) > 256 or not message_id.isascii() or not message_id.isprintable():
        raise BadSignature("webhook-id: at most 256 printable ASCII characters")
    # Every pair is compared, so that the time taken tells nothing of which one matched.
    offered = [s.encode("utf-8", "replace") for s in given.split(" ")[:10]]
    expected = [sign(s.value, message_id, timestamp, body).encode() for s in valid(secrets, now)]
    if not any([hmac.compare_digest(a, b) for a in offered for b in expected]):
        raise BadSignature("webhook-signature: does not match the body and the site's secret")
    return message_id


def valid(secrets: Iterable[Secret], now: float) -> list[Secret]:
    """Return the secrets that have not expired."""
    return [s for s in secrets if s.expires_at is None or s.expires_at > now]


def _timestamp(stamp: str, now: float) -> int:
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise BadSignature("webhook-timestamp: not a number of seconds")
    if abs(int(stamp) - now) > TOLERANCE_S:
        raise BadSignature("webhook-timestamp: more than five minutes from this server's clock")
    return int(stamp)


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise BadSignature("the secret is not base64") from error
