"""Where callbacks may go: the registered host, and there only addresses that the whole internet can reach."""

from __future__ import annotations

import re
import socket
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

from service.errors import Invalid

MAX_LENGTH = 2000

_NAME = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*"
)
_KEPT = "/%:@!$&'()*+,;=~?"
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
_GLOBAL_V6 = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
# Protocol assignments (with Teredo), documentation, relays of 6to4, carriers' own: not global, whatever a
# Python release says of them.
_REFUSED_V6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "3fff::/20")))
_REFUSED_V4 = tuple(map(IPv4Network, ("192.0.0.0/24", "192.88.99.0/24", "100.64.0.0/10")))


@dataclass(frozen=True, slots=True)
class Target:
    """A callback address taken apart."""

    scheme: str
    host: str
    port: int
    path: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A checked address to connect to, as the socket module wants it."""

    family: socket.AddressFamily
    address: tuple[Any, ...]


def check_site_url(url: str) -> None:
    """Refuse a site's own address that is not of a valid form."""
    _parse(url, "url")


def check_callback_url(url: str, site_url: str, allow_private: bool) -> None:
    """Refuse a callback address of a wrong form, of another host, or that lies in a private network.

    A host that cannot be resolved yet is let through: every attempt resolves and checks it again.
    """
    with suppress(socket.gaierror):
        resolve(parse(url, site_url), allow_private)


def parse(url: str, site_url: str) -> Target:
    """Take a callback address apart; refuses one that is not on the host of the site."""
    target = _parse(url, "callback_url")
    if target.host != _parse(site_url, "url").host:
        raise Invalid("callback_url", "must be on the host of the site's own address")
    return target


def resolve(target: Target, allow_private: bool) -> list[Endpoint]:
    """Resolve a host; refuses it where any of its addresses is not a public one."""
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    if not allow_private and not all(is_public(str(sockaddr[0])) for *_, sockaddr in found):
        raise Invalid("callback_url", "leads to an address that is not public")
    return [Endpoint(family, sockaddr) for family, _, _, _, sockaddr in found]


def is_public(address: str) -> bool:
    """Tell whether an address can be reached from anywhere, and from nowhere else."""
    ip = ip_address(address)
    if isinstance(ip, IPv6Address):
        inner = _embedded(ip)
        return _is_public_v4(inner) if inner else _is_public_v6(ip)
    return _is_public_v4(ip)


def _is_public_v4(ip: IPv4Address) -> bool:
    special = ip.is_multicast or ip.is_reserved or any(ip in net for net in _REFUSED_V4)
    return ip.is_global and not special


def _is_public_v6(ip: IPv6Address) -> bool:
    return ip in _GLOBAL_V6 and ip.is_global and not any(ip in net for net in _REFUSED_V6)


def _embedded(ip: IPv6Address) -> IPv4Address | None:
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour


def _parse(url: str, field: str) -> Target:
    if len(url) > MAX_LENGTH or _UNSAFE.search(url):
        raise Invalid(field, "at most %(most)s characters, without spaces and backslashes", most=MAX_LENGTH)
    try:
        parts = urlsplit(url)
        host, port = _host(parts.hostname or ""), _port(parts)
    except ValueError:
        raise Invalid(field, "not a valid web address") from None
    if parts.scheme not in ("http", "https"):
        raise Invalid(field, "must begin with http:// or https://")
    if "@" in parts.netloc:
        raise Invalid(field, "must not contain a user name or password")
    path = quote(parts.path or "/", safe=_KEPT) + (
        "?" + quote(parts.query, safe=_KEPT) if parts.query else ""
    )
    return Target(parts.scheme, host, port, path)


def _port(parts: SplitResult) -> int:
    if parts.port == 0:
        raise ValueError(parts.port)
    return parts.port or (443 if parts.scheme == "https" else 80)


def _host(host: str) -> str:
    # Raises ValueError, as all that it calls does.
    if "%" in host:
        # A zone is one of this machine's own networks.
        raise ValueError(host)
    if ":" in host:
        return str(ip_address(host))
    name = host.encode("idna").decode()
    last = name.rpartition(".")[2]
    # What resolvers would read as a number must be a plain dotted address: no octal, hex or short forms.
    if last.isdigit() or last.startswith("0x"):
        return str(ip_address(name))
    if not _NAME.fullmatch(name):
        raise ValueError(host)
    return name
