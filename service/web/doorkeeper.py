"""What signing in rests on: who may, how often one may try, which codes count, where one may be sent."""

from __future__ import annotations

import hmac
import re
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from flask import current_app, request

from service import second_factor
from service.domain import Person
from service.errors import NotFound
from service.store import Session
from service.web.responses import moderation

# Tries in a row and tries a second after them: for one name from one address, and for an address.
# A name alone has no limit, or anybody could lock anybody out.
PAIR_BURST, PAIR_RATE = 5, 1 / 30
ADDRESS_BURST, ADDRESS_RATE = 30, 1 / 10
# Codes are short, so these have one; only who knows the password gets as far.
CODE_BURST, CODE_RATE = 10, 1 / 60


def find(name: str) -> Person | None:
    """Return a person who may sign in."""
    try:
        person = moderation().store.registry.person(name)
    except NotFound:
        return None
    return None if person.disabled else person


def sessions_of(person: Person) -> list[Session]:
    """Return where a person is signed in, the session used last first."""
    found = moderation().store.sessions.of(person.name, moderation().clock())
    return [s for s in found if s.epoch == person.epoch]


def throttle(name: str) -> None:
    """Refuse a try where there were too many from this address."""
    registry, now, address = moderation().store.registry, moderation().clock(), _network()
    registry.throttle("sign-in:" + _digest(address), ADDRESS_RATE, ADDRESS_BURST, now)
    registry.throttle("sign-in:" + _digest(f"{address} {name}"), PAIR_RATE, PAIR_BURST, now)


def throttle_visitor(purpose: str) -> None:
    """Refuse a try of somebody who needs no name, where there were too many from this address."""
    registry, now = moderation().store.registry, moderation().clock()
    registry.throttle(f"{purpose}:" + _digest(_network()), ADDRESS_RATE, ADDRESS_BURST, now)


def code_is_right(person: Person, code: str) -> bool:
    """Tell whether a code of the authenticator, or a recovery code, counts; none counts twice."""
    now, store = moderation().clock(), moderation().store
    if not person.totp_secret:
        return False
    store.registry.throttle("code:" + _digest(person.name), CODE_RATE, CODE_BURST, now)
    step = second_factor.step_of(person.totp_secret, code, now)
    if step is not None:
        return store.sessions.use_step(person.name, step)
    return store.sessions.use_code(person.name, code_digest(person, code))


def code_digest(person: Person, code: str) -> str:
    """Return what is kept of a recovery code."""
    return _digest(f"recovery {person.name} {second_factor.plain(code)}")


def log(kind: str, by: str, **facts: object) -> None:
    """Write into the moderation log who came, went or changed what."""
    moderation().store.registry.log({"at": moderation().clock(), "kind": kind, "by": by, **facts})


def own_path(target: str) -> str:
    """Return a path of this service, or the desk where the target is anything else."""
    own = re.match(r"/(?!/)", target) and target.isprintable() and "\\" not in target
    return target if own else "/"


def origin() -> str:
    """Return the page of ours that a form was sent from."""
    parts = urlsplit(request.referrer or "")
    return f"{parts.path}?{parts.query}" if parts.netloc == request.host else "/"


def _network() -> str:
    # Whoever has one IPv6 address has the 2⁶⁴ beside it.
    address = request.remote_addr or "unknown"
    try:
        return str(ip_network((address, 64), strict=False)) if ip_address(address).version == 6 else address
    except ValueError:
        return address


def _digest(text: str) -> str:
    key: str = current_app.config["SECRET_KEY"]
    return hmac.digest(key.encode(), text.encode(), "sha256").hex()
