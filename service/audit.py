"""The random audit: which comments it draws of those that the machine settled by itself. Pure."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

from service.domain import Judgement, Lane, Verdict

# The share of audited comments that a second person reads as well, without knowing what the first one said.
TWICE = 0.2


def key(secret: str) -> bytes:
    """Derive the key without which nobody can tell what is drawn; none where there is no secret."""
    return hashlib.sha256(b"audit-key:" + secret.encode()).digest() if secret else b""


def chance(key: bytes, purpose: str, item_id: str, digest: bytes) -> float:
    """Return a number in [0, 1) that looks random and is always the same for a comment; 1 without a key."""
    if not key:
        return 1.0
    drawn = hmac.digest(key, f"{purpose}\0{item_id}\0".encode() + digest, "sha256")
    return int.from_bytes(drawn[:6]) / 2**48


def draw(judged: Judgement, share: float, chance: float) -> Judgement:
    """Put what the machine settled by itself into the lane of the audit, if its chance is below the share."""
    if chance >= 1.0:
        # Nothing is drawn of anything: no key, or a comment that was imported.
        return judged
    if chance >= share or judged.verdict is Verdict.HOLD:
        # Which share was drawn of those that came at the same time is known of each of them.
        return replace(judged, audit=share)
    # In the order of their severity, one could tell what the machine had thought.
    return replace(judged, audit=share, lane=Lane.AUDIT, severity=0.0)
