"""What we refuse, and why: each error is one clear line for the person who asked."""

from __future__ import annotations


class ModqueueError(Exception):
    """Anything that we refuse; `str()` is one clear line for the person who asked.

    Pages say `template` in the reader's language, with `facts` in its places: `%(most)s characters`.
    """

    def __init__(self, template: str = "", /, **facts: object) -> None:
        self.message = template % facts if facts else template
        super().__init__(self.message)
        self.template, self.facts = template, facts


class Invalid(ModqueueError):
    """A field is wrong; `field` names it."""

    def __init__(self, field_name: str, template: str, /, **facts: object) -> None:
        super().__init__(template, **facts)
        self.field = field_name

    def __str__(self) -> str:
        """Name the field, too."""
        return f"{self.field}: {self.message}"


class NotFound(ModqueueError):
    """There is no such thing, or it is not yours to see."""


class Conflict(ModqueueError):
    """Somebody was faster, or the thing has changed since; says who and when."""

    def __init__(self, template: str, /, *, by: str = "", at: float | None = None, **facts: object) -> None:
        super().__init__(template, **facts, **({"by": by} if "%(by)s" in template else {}))
        self.by, self.at = by, at


class BadSignature(ModqueueError):
    """The signature, its timestamp or its headers are not right."""


class TooMany(ModqueueError):
    """A rate limit was met; `retry_after` is in seconds."""

    def __init__(self, template: str, /, retry_after: float, **facts: object) -> None:
        super().__init__(template, **facts)
        self.retry_after = retry_after


class Unavailable(ModqueueError):
    """The store cannot be reached now; nothing was written."""


class ScorerError(ModqueueError):
    """The model could not score a comment."""
