"""The policies that a site has had: each version with who set it and when."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import cast

from service.domain import Policy
from service.errors import Conflict, NotFound
from service.store import codec
from service.store.connection import Connection
from service.store.keys import META


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A policy that was set once; nobody set the first, which the site began with."""

    policy: Policy
    by: str
    at: float


class Policies:
    """Versions are only added; to revert is to add an old one again."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def save(self, site_id: str, policy: Policy, by: str, at: float, instead_of: int | None = None) -> Policy:
        """Set a policy and log it; refuses where `instead_of` is not the version in force any more."""
        while True:
            with self._db.guard() as client:
                old = cast(str | None, client.hget(META + "sites", site_id))
            if old is None:
                raise NotFound("no such site: %(site)s", site=site_id)
            site = codec.site(old)
            if instead_of not in (None, site.policy.version):
                version = site.policy.version
                raise Conflict("the policy was changed meanwhile: version %(n)s is in force", n=version)
            new = replace(policy, version=site.policy.version + 1)
            if self._db.run(
                "set_policy", META, site_id, old, codec.dump(asdict(replace(site, policy=new))),
                site.policy.version, _dump(PolicyVersion(site.policy, "", site.created_at)),
                new.version, _dump(PolicyVersion(new, by, at)),
                codec.log_entry("policy set", at, site=site_id, by=by, policy=asdict(new)),
            ):  # fmt: skip
                return new

    def versions(self, site_id: str) -> list[PolicyVersion]:
        """Return the versions of a site's policy, the latest first."""
        with self._db.guard() as client:
            rows = cast(dict[str, str], client.hgetall(_key(site_id)))
        return [_load(rows[n]) for n in sorted(rows, key=int, reverse=True)]


def _key(site_id: str) -> str:
    return f"{META}policies:{site_id}"


def _dump(version: PolicyVersion) -> str:
    return codec.dump(asdict(version))


def _load(text: str) -> PolicyVersion:
    raw = codec.load(text)
    return PolicyVersion(codec.policy(raw["policy"]), raw["by"], raw["at"])
