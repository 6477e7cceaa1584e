"""What an admin may change about a site: its policy, its callback (with a test), its secret."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from service import policy as policies
from service import signing
from service.connectors.address import check_callback_url
from service.domain import Policy, Secret, Site
from service.errors import Invalid, NotFound
from service.store import codec
from service.store.registry import digest

if TYPE_CHECKING:
    from service.moderation import Moderation

# What a rotated secret stays valid for, at most.
MAX_OVERLAP_S = 90 * 86400.0


def set_policy(m: Moderation, site_id: str, policy: Policy, by: str, instead_of: int | None = None) -> Policy:
    """Set a new version of a site's policy."""
    return m.store.policies.save(site_id, policies.check(policy), by, m.clock(), instead_of)


def revert(m: Moderation, site_id: str, version: int, by: str) -> Policy:
    """Set a version that was in force before anew."""
    for old in m.store.policies.versions(site_id):
        if old.policy.version == version:
            return set_policy(m, site_id, old.policy, by)
    raise NotFound("no such version: %(version)s", version=version)


def rotate(m: Moderation, site_id: str, overlap_s: float, by: str) -> str:
    """Make a new webhook secret and return it; the old ones stay valid for a while."""
    now, secret = m.clock(), signing.new_secret()
    m.store.registry.change_site(site_id, lambda site: rotated(site, secret, now, overlap_s))
    _log(m, "site secret rotated", site_id, by)
    return secret


def rotated(site: Site, secret: str, now: float, overlap_s: float) -> Site:
    """Return a site with a new secret; its old ones end when the overlap does, or when they would have."""
    if not 0 <= overlap_s <= MAX_OVERLAP_S:
        raise Invalid("overlap", "0 to 90 days")
    until = now + overlap_s
    old = [
        replace(s, expires_at=until if s.expires_at is None else min(s.expires_at, until))
        for s in site.secrets
    ]
    return replace(site, secrets=(Secret(secret), *signing.valid(old, now)))


def rotate_api_key(m: Moderation, site_id: str, by: str) -> str:
    """Make a new API key and return it; the old one ends at once."""
    key = secrets.token_hex(6)
    m.store.registry.change_site(site_id, lambda s: replace(s, api_key_hash=digest(key)))
    _log(m, "site api key rotated", site_id, by)
    return key


def revoke_api_key(m: Moderation, site_id: str, by: str) -> None:
    """Let nobody in by an API key, until a new one is made."""
    m.store.registry.change_site(site_id, lambda s: replace(s, api_key_hash=""))
    _log(m, "site api key revoked", site_id, by)


def set_callback(m: Moderation, site_id: str, url: str, allow_private: bool, by: str) -> None:
    """Set where decisions are sent, and enable it again; an empty address ends callbacks."""
    if url:
        check_callback_url(url, m.store.registry.site(site_id).url, allow_private)
    m.store.registry.change_site(site_id, lambda s: replace(s, callback_url=url, callback_disabled=""))
    _log(m, "site callback set", site_id, by)


def send_test(m: Moderation, site_id: str, by: str) -> str:
    """Send a callback of type `test` the way that decisions go; return its delivery."""
    if not m.store.registry.site(site_id).callback_url:
        raise Invalid("callback_url", "this site has no callback address yet")
    now = m.clock()
    at = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body = codec.dump({"type": "test", "timestamp": at, "data": {"site": site_id, "sent_by": by}})
    _log(m, "callback test", site_id, by)
    return m.store.outbox.send_test(site_id, body, now)


def _log(m: Moderation, kind: str, site_id: str, by: str) -> None:
    m.store.registry.log({"at": m.clock(), "kind": kind, "site": site_id, "by": by})
