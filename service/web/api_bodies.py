"""What the API takes, as types: they check what came, and make the OpenAPI description."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from service.domain import Lane, ReasonCode, Ruling
from service.moderation import Wish

MAX_NOTE = 2000
MAX_IDS = 500
MAX_PAGE = 100
# A rank and the name of a comment, as they are given out.
CURSOR = r"^(-?[0-9]{1,20}(\.[0-9]{1,20})?(e[+-][0-9]{2})?~[0-9a-f]{26})?$"

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def _plain_text(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("must not contain control characters")
    return value


def _whole(value: object) -> object:
    # To JSON Schema, 2.0 is an integer.
    return int(value) if isinstance(value, float) and value.is_integer() else value


_PLAIN = {"pattern": r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"}
Note = Annotated[str, Field(max_length=MAX_NOTE, json_schema_extra={**_PLAIN}), AfterValidator(_plain_text)]
Revision = Annotated[int, Field(ge=1, le=2**31), BeforeValidator(_whole)]
Token = Annotated[str, Field(min_length=1, max_length=128)]
ItemId = Annotated[str, Field(max_length=64)]


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class CommentsQuery(_Given):
    """Which comments to list: a lane, `pending`, `decided` or `all`."""

    model_config = ConfigDict(extra="forbid", strict=False, frozen=True)

    site: str = Field("", max_length=64, description="Only this site; all sites of the token without it.")
    lane: Annotated[
        Lane | Literal["pending", "decided", "all"], BeforeValidator(lambda given: given or "pending")
    ] = "pending"
    cursor: str = Field("", pattern=CURSOR, description="The `next_cursor` of the page before.")
    limit: int = Field(50, ge=1, le=MAX_PAGE)


class StatsQuery(_Given):
    """Of which sites to give figures."""

    site: str = Field("", max_length=64, description="Only this site; all sites of the token without it.")


class ClaimBody(_Given):
    """The token of a lease to renew; without it the comment is claimed anew."""

    lease_token: Token | None = None


class ReleaseBody(_Given):
    """The lease to give back."""

    lease_token: Token


class _Ruled(_Given):
    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"decision": {"const": Ruling.REJECT.value}}},
            "then": {
                "required": ["reason"],
                "properties": {"reason": {"enum": [r.value for r in ReasonCode]}},
            },
        }
    )

    decision: Ruling
    reason: ReasonCode | None = Field(
        None, validate_default=True, description="Required to reject; of no effect on an approval."
    )
    note: Note | None = ""

    @field_validator("reason")
    @classmethod
    def _says_why(cls, value: ReasonCode | None, info: ValidationInfo) -> ReasonCode | None:
        if value is None and info.data.get("decision") is Ruling.REJECT:
            raise ValueError(f"required to reject: one of {', '.join(ReasonCode)}")
        return value


class DecisionBody(_Ruled):
    """A decision; with `lease_token` or `revision` only if that is still the one in force."""

    lease_token: Token | None = None
    revision: Revision | None = None

    def wish(self) -> Wish:
        """Return what is asked for, as the use cases take it."""
        token = self.lease_token or ""
        return Wish(self.decision, self.reason, self.note or "", token, self.revision, source="api")


class BulkBody(_Ruled):
    """One decision for several comments."""

    ids: list[ItemId] = Field(min_length=1, max_length=MAX_IDS)

    def wish(self) -> Wish:
        """Return what is asked for, as the use cases take it."""
        return Wish(self.decision, self.reason, self.note or "", source="api")
