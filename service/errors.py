"""What we refuse, and why: each error is one clear line for the person who asked."""

from __future__ import annotations


class ModqueueError(Exception):
    """Anything that we refuse; `str()` is one clear line for the person who asked."""


class Invalid(ModqueueError):
    """A field is wrong; `field` names it."""

    def __init__(self, field_name: str, message: str) -> None:
        super().__init__(f"{field_name}: {message}")
        self.field, self.message = field_name, message


class NotFound(ModqueueError):
    """There is no such thing, or it is not yours to see."""


class Conflict(ModqueueError):
    """Somebody was faster, or the thing has changed since; says who and when."""

    def __init__(self, message: str, *, by: str = "", at: float | None = None) -> None:
        super().__init__(message)
        self.by, self.at = by, at


class BadSignature(ModqueueError):
    """The signature, its timestamp or its headers are not right."""


class TooMany(ModqueueError):
    """A rate limit was met; `retry_after` is in seconds."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(ModqueueError):
    """The store cannot be reached now; nothing was written."""


class ScorerError(ModqueueError):
    """The model could not score a comment."""
