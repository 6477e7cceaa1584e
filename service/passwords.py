"""Passwords of people: hashed by argon2, checked in the same time whether or not there is one."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from service.errors import Invalid

MIN_LENGTH = 12

_hasher = PasswordHasher()


def hash_password(text: str) -> str:
    """Hash a password; refuses a short one."""
    if len(text) < MIN_LENGTH:
        raise Invalid("password", "at least %(least)s characters", least=MIN_LENGTH)
    return _hasher.hash(_bytes(text))


def verify(password_hash: str, text: str) -> bool:
    """Tell whether a password is right; no hash takes as long as a wrong password."""
    nobody = _of_nobody()
    try:
        return _hasher.verify(password_hash or nobody, _bytes(text)) and bool(password_hash)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _of_nobody() -> str:
    return _hasher.hash(b"nobody signs in with this")


def _bytes(text: str) -> bytes:
    # A form can carry lone surrogates, which UTF-8 cannot.
    return text.encode("utf-8", "surrogatepass")
