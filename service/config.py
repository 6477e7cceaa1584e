"""Settings from the environment: MODQUEUE_NAME, or MODQUEUE_NAME_FILE naming a file that holds it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.errors import Invalid

PREFIX = "MODQUEUE_"
# Longer than anything is kept: what is more, infinity above all, was not meant.
CENTURY_DAYS = 36_500


class Settings(BaseSettings):
    """What an operator may set; there is no default secret."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", secrets_dir=None)

    data_dir: Path = Field(Path("var"), description="Where the embedded store, secrets and models lie.")
    redis_url: str = Field("", description="An outside Redis or Valkey; empty starts the embedded one.")
    secret_key: str = Field("", repr=False, description="Key for sessions and hashes; made at first start.")
    public_url: str = Field("", description="The address of the desk as browsers see it.")
    oidc_issuer: str = Field("", description="The address of an OpenID provider to sign in by.")
    oidc_client_id: str = Field("", description="By which the provider knows this service.")
    oidc_client_secret: str = Field("", repr=False, description="Shared with the provider.")
    partitions: int = Field(16, ge=1, le=256, description="Fixed at the first start.")
    appendfsync: Literal["always", "everysec"] = Field(
        "always", description="When the embedded store syncs: with every answer, or each second."
    )
    allow_private_callbacks: bool = Field(
        False, description="Allow callbacks to private and loopback addresses."
    )
    trusted_proxies: int = Field(0, ge=0, le=10, description="How many reverse proxies stand in front.")
    lease_seconds: float = Field(300.0, ge=1, le=7 * 86400, description="How long a claim lasts.")
    keep_approved_days: float = Field(
        30.0,
        gt=0,
        le=CENTURY_DAYS,
        description="`modqueue archive` takes comments that nobody decided about when they are older.",
    )
    keep_decided_days: float = Field(
        90.0,
        gt=0,
        le=CENTURY_DAYS,
        description="`modqueue archive` takes comments that were decided longer ago.",
    )
    keep_log_days: float = Field(
        365.0, gt=0, le=CENTURY_DAYS, description="`modqueue archive` takes log entries that are older."
    )
    keep_examples_days: float = Field(
        365.0, gt=0, le=CENTURY_DAYS, description="`modqueue archive` takes training examples that are older."
    )
    retrain_at: str = Field(
        "", pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$",
        description="When `serve` learns anew each night, as HH:MM in UTC; empty for never.",
    )  # fmt: skip
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least level that is logged."
    )

    @field_validator("public_url", "oidc_issuer")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^\s/?#]+[^\s?#]*", value):
            raise ValueError("must be an address that begins with https:// or http://")
        return value


def load(**overrides: object) -> Settings:
    """Read the settings; a wrong value is refused with the name of its variable."""
    given: dict[str, Any] = {**_from_files(), **{k: v for k, v in overrides.items() if v is not None}}
    try:
        settings = Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + "_".join(str(part) for part in first["loc"]).upper()
        raise Invalid(name, first["msg"].removeprefix("Value error, ")) from None
    _check_provider(settings)
    return settings


def _check_provider(settings: Settings) -> None:
    told = settings.oidc_issuer or settings.oidc_client_id or settings.oidc_client_secret
    for name in ("oidc_issuer", "oidc_client_id"):
        if told and not getattr(settings, name):
            raise Invalid(PREFIX + name.upper(), "is needed, too, to sign in by an OpenID provider")


def _from_files() -> dict[str, str]:
    found = {}
    for name in Settings.model_fields:
        variable = f"{PREFIX}{name.upper()}_FILE"
        if path := os.environ.get(variable):
            try:
                found[name] = Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise Invalid(variable, f"cannot be read: {type(error).__name__}") from None
    return found
