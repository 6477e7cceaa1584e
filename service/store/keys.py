"""Where everything lies: one hash tag a partition, so that each transition stays in one slot.

The scripts derive the same names from the prefix that they are given (see scripts/common.lua).
"""

from __future__ import annotations

import hashlib
import re
import zlib

META = "mq:{meta}:"
SITE_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
# As much of a SHA-256 as is kept where it only tells one thing from another.
DIGEST_BYTES = 16
ITEM_ID = re.compile(r"[0-9a-f]{26}")


def digest(data: bytes) -> bytes:
    """Digest what only has to be told from other things."""
    return hashlib.sha256(data).digest()[:DIGEST_BYTES]


def partition_of(site: str, partitions: int) -> int:
    """Return the partition that a site belongs to."""
    return zlib.crc32(site.encode()) % partitions


def prefix(partition: int) -> str:
    """Return the key prefix of a partition."""
    return f"mq:{{p{partition:02x}}}:"


def item_id(site: str, comment_id: str, partitions: int) -> str:
    """Name the item of a comment; the first two digits are its partition."""
    digest = hashlib.sha256(f"{site}\0{comment_id}".encode()).hexdigest()
    return f"{partition_of(site, partitions):02x}{digest[:24]}"


def prefix_of_item(item: str) -> str:
    """Return the key prefix of the partition that an item lies in."""
    return prefix(int(item[:2], 16))


def prefix_of_delivery(delivery: str) -> str:
    """Return the key prefix of the partition that a delivery lies in."""
    return prefix_of_item(delivery.removeprefix("dl_"))
