"""What an author is known by: a keyed hash, since addresses themselves are not kept."""

from __future__ import annotations

import hashlib
import hmac


def hash_key(secret: str) -> bytes:
    """Derive the key that authors are hashed with."""
    return hashlib.sha256(b"author-key:" + secret.encode()).digest()


def author_key(email: str, ip: str, hash_key: bytes, user: str = "") -> str:
    """Hash what an author is known by, so that it can be looked up but not read."""
    known_by = f"email:{email}" if email else f"ip:{ip}" if ip else f"user:{user}" if user else ""
    return hmac.new(hash_key, known_by.encode(), hashlib.sha256).hexdigest()[:32] if known_by else ""
