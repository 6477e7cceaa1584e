"""A second factor beside the password: an authenticator app, and recovery codes for when it is lost."""

from __future__ import annotations

import hmac
import secrets

import pyotp

STEP_S = 30
RECOVERY_CODES = 10
# Four groups of four: 80 bits, without the characters that are read for one another.
GROUPS, GROUP_LENGTH, ALPHABET = 4, 4, "abcdefghijkmnpqrstuvwxyz23456789"


def new_secret() -> str:
    """Make a secret for an authenticator app."""
    return pyotp.random_base32()


def address(secret: str, name: str) -> str:
    """Return what an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="Modqueue")


def step_of(secret: str, code: str, now: float) -> int | None:
    """Return the time step that a code belongs to: this one, the one before or the next."""
    totp, digits = pyotp.TOTP(secret), "".join(code.split())
    this = int(now) // STEP_S
    steps = [s for s in (this, this - 1, this + 1) if _same(totp.generate_otp(s), digits)]
    return steps[0] if steps else None


def new_codes() -> list[str]:
    """Make recovery codes, each for one use."""
    return ["-".join(_group() for _ in range(GROUPS)) for _ in range(RECOVERY_CODES)]


def plain(code: str) -> str:
    """Return a recovery code as it is compared: without case, blanks and dashes."""
    return "".join(c for c in code.lower() if c.isalnum())


def _same(code: str, given: str) -> bool:
    return hmac.compare_digest(code.encode(), given.encode("utf-8", "surrogatepass"))


def _group() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH))
