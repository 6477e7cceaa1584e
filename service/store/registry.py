"""Sites, people, tokens, one-time links and heartbeats: small, service-wide, in one slot of their own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any, cast

import redis
from redis.exceptions import ResponseError

from service.domain import Person, Role, Site
from service.errors import Conflict, NotFound, TooMany
from service.store import addresses, codec
from service.store.connection import Connection
from service.store.keys import META

LINK_LIFETIME_S = 24 * 3600


def digest(secret: str) -> str:
    """Digest a random secret for look-up; such secrets are long, so that no salt is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Registry:
    """Who may send, who may decide, and what the service remembers of itself."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def add_site(self, site: Site) -> None:
        """Register a site; refuses an id that is taken."""
        self._index_key(site)
        with self._db.guard() as client:
            if not client.hsetnx(META + "sites", site.id, codec.dump(asdict(site))):
                raise Conflict("site %(site)s exists already", site=site.id)

    def save_site(self, site: Site) -> None:
        """Replace a registered site."""
        self._index_key(site)
        with self._db.guard() as client:
            client.hset(META + "sites", site.id, codec.dump(asdict(site)))

    def change_site(self, site_id: str, change: Callable[[Site], Site]) -> Site:
        """Change a site; what somebody else changes meanwhile is kept."""
        while True:
            with self._db.guard() as client:
                old = cast(str | None, client.hget(META + "sites", site_id))
            if old is None:
                raise NotFound("no such site: %(site)s", site=site_id)
            new = change(codec.site(old))
            self._index_key(new)
            if self._db.run("swap", META, "sites", site_id, old, codec.dump(asdict(new))):
                return new

    def _index_key(self, site: Site) -> None:
        # Before the site, so that there is never one whose key is not known; a key says nothing by itself.
        if site.api_key_hash:
            with self._db.guard() as client:
                client.hset(META + "keys", site.api_key_hash, site.id)

    def remove_site(self, site_id: str) -> None:
        """Forget a site; what it sent stays until it is archived."""
        with self._db.guard() as client:
            if not client.hdel(META + "sites", site_id):
                raise NotFound("no such site: %(site)s", site=site_id)

    def site(self, site_id: str) -> Site:
        """Return a site."""
        with self._db.guard() as client:
            raw = cast(str | None, client.hget(META + "sites", site_id))
        if raw is None:
            raise NotFound("no such site: %(site)s", site=site_id)
        return codec.site(raw)

    def known(self, site_ids: Iterable[str]) -> dict[str, Site]:
        """Return those of the named sites that are registered."""
        asked = list(site_ids)
        if not asked:
            return {}
        with self._db.guard() as client:
            raw = cast(list[str | None], client.hmget(META + "sites", asked))
        return {site_id: codec.site(text) for site_id, text in zip(asked, raw, strict=True) if text}

    def site_of_key(self, api_key: str) -> Site | None:
        """Return the site that an API key was made for."""
        with self._db.guard() as client:
            site_id = cast(str | None, client.hget(META + "keys", digest(api_key)))
            raw = cast(str | None, client.hget(META + "sites", site_id)) if site_id else None
        site = codec.site(raw) if raw else None
        return site if site and site.api_key_hash == digest(api_key) else None

    def sites(self) -> list[Site]:
        """Return every site, by id."""
        with self._db.guard() as client:
            raw = cast(dict[str, str], client.hgetall(META + "sites"))
        return [codec.site(raw[i]) for i in sorted(raw)]

    def add_person(self, person: Person) -> None:
        """Register a moderator or admin; refuses a name that is taken."""
        with self._db.guard() as client:
            if not client.hsetnx(META + "people", person.name, codec.dump(asdict(person))):
                raise Conflict("moderator %(name)s exists already", name=person.name)

    def save_person(self, person: Person) -> None:
        """Replace a registered person."""
        with self._db.guard() as client:
            client.hset(META + "people", person.name, codec.dump(asdict(person)))

    def change_person(self, name: str, change: Callable[[Person], Person]) -> Person:
        """Change a person; what somebody else changes meanwhile is kept."""
        while True:
            old = self._person(name)
            new = change(codec.person(old))
            if self._db.run("swap", META, "people", name, old, codec.dump(asdict(new))):
                return new

    def person(self, name: str) -> Person:
        """Return a person."""
        return codec.person(self._person(name))

    def people(self) -> list[Person]:
        """Return every person, by name."""
        with self._db.guard() as client:
            raw = cast(dict[str, str], client.hgetall(META + "people"))
        return [codec.person(raw[n]) for n in sorted(raw)]

    def add_token(self, token: str, name: str, sites: tuple[str, ...], read_only: bool = False) -> None:
        """Register a bearer token of the API; only its digest is kept."""
        known = codec.dump({"name": name, "sites": sites, "read_only": read_only})
        with self._db.guard() as client:
            client.hset(META + "tokens", digest(token), known)

    def token(self, token: str) -> tuple[Person, bool] | None:
        """Return whom a bearer token speaks for, as a moderator of its sites, and whether it only reads."""
        with self._db.guard() as client:
            raw = cast(str | None, client.hget(META + "tokens", digest(token)))
        if raw is None:
            return None
        found: dict[str, Any] = codec.load(raw)
        person = Person(found["name"], Role.MODERATOR, tuple(found["sites"]))
        return person, bool(found.get("read_only"))

    def add_link(self, token: str, name: str, lifetime_s: int = LINK_LIFETIME_S) -> None:
        """Remember a sign-in link that works once; an earlier one for this name works no more."""
        with self._db.guard() as client:
            earlier = client.set(META + "link-of:" + name, digest(token), ex=lifetime_s, get=True)
            if earlier:
                client.delete(f"{META}link:{earlier!s}")
            client.set(META + "link:" + digest(token), name, ex=lifetime_s)

    def use_link(self, token: str) -> str | None:
        """Return the name that a sign-in link was made for, once."""
        with self._db.guard() as client:
            return cast(str | None, client.getdel(META + "link:" + digest(token)))

    def link_name(self, token: str) -> str | None:
        """Return the name that a sign-in link was made for, without using it up."""
        with self._db.guard() as client:
            return cast(str | None, client.get(META + "link:" + digest(token)))

    def throttle(self, name: str, rate: float, burst: float, now: float) -> None:
        """Take a token from a bucket, or refuse with the time to wait."""
        wait = float(self._db.run("take", META, name, rate, burst, now))
        if wait > 0:
            raise TooMany("too many tries; wait a little", wait)

    def log(self, entry: dict[str, Any]) -> None:
        """Append a service-wide entry to the moderation log."""
        with self._db.guard() as client:
            client.xadd(META + "log", {"entry": codec.dump(entry)})

    def beat(self, name: str, now: float) -> None:
        """Tell that a worker is alive."""
        with self._db.guard() as client:
            client.set(META + "heartbeat:" + name, repr(now), ex=3600)

    def last_beat(self, name: str) -> float | None:
        """Return when a worker was last alive."""
        with self._db.guard() as client:
            raw = cast(str | None, client.get(META + "heartbeat:" + name))
        return float(raw) if raw else None

    def partitions(self, wanted: int) -> int:
        """Fix the number of partitions at the first start; return the one in force."""
        with self._db.guard() as client:
            client.setnx(META + "partitions", wanted)
            return int(cast(str, client.get(META + "partitions")))

    def _person(self, name: str) -> str:
        with self._db.guard() as client:
            raw = cast(str | None, client.hget(META + "people", name))
        if raw is None:
            raise NotFound("no such moderator: %(name)s", name=name)
        return raw

    def server_facts(self) -> list[dict[str, str]]:
        """Return what the server, or each primary of a cluster, says of itself."""
        with self._db.guard() as client:
            return [_facts(server) for server in addresses.primaries(client)]

    def ping(self) -> None:
        """Raise Unavailable where the store does not answer."""
        with self._db.guard() as client:
            client.ping()


def _facts(server: redis.Redis) -> dict[str, str]:
    info, (seconds, _) = server.info(), server.time()
    try:
        fsync = cast(dict[str, str], server.config_get("appendfsync")).get("appendfsync", "unknown")
    except ResponseError:  # managed servers forbid it
        fsync = "unknown"
    return {
        "version": str(info.get("valkey_version") or info.get("redis_version", "")),
        "server": str(info.get("server_name", "redis")),
        "time": str(seconds),
        "appendonly": "yes" if info.get("aof_enabled") else "no",
        "appendfsync": fsync,
        "maxmemory-policy": str(info.get("maxmemory_policy", "unknown")),
        "replicas": str(info.get("connected_slaves", 0)),
    }
