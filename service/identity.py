"""What an author is known by: a keyed hash, since addresses themselves are not kept."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress


def hash_key(secret: str) -> bytes:
    """Derive the key that authors are hashed with."""
    return hashlib.sha256(b"author-key:" + secret.encode()).digest()


def address(ip: str) -> str:
    """Write an IP address in the one way in which it is hashed; raises ValueError where it is none."""
    found = ipaddress.ip_address(ip.strip())
    # An address of IPv4 that came over IPv6 is the same visitor's.
    return (getattr(found, "ipv4_mapped", None) or found).compressed


def is_email(text: str) -> bool:
    """Tell whether a text can be an e-mail address."""
    name, _, host = text.strip().rpartition("@")
    return bool(name and host)


def author_key(email: str, ip: str, hash_key: bytes, user: str = "") -> str:
    """Hash what an author is known by, so that it can be looked up but not read."""
    known_by = f"email:{email}" if email else f"ip:{ip}" if ip else f"user:{user}" if user else ""
    return hmac.new(hash_key, known_by.encode(), hashlib.sha256).hexdigest()[:32] if known_by else ""
