"""Whatever somebody may send: words, documents, headers and bytes, the same for the same number."""

from __future__ import annotations

import copy
import json
import random
import struct
from typing import Any

ODD = [
    "",
    "0",
    "-1",
    "1e400",
    "nan",
    "\0",
    "\ud800",
    "９",
    "a" * 20_000,
    "9" * 5_000,
    "%00",
    "../..",
    "true",
    "[]",
    "{}",
    "'\"<",
    "https://" * 2_000,
    "a@" * 5_000,
    "<i>" * 5_000,
    "\u0301" * 5_000,
    "🐀\u200d" * 3_000,
]
# From here to there: controls and ASCII, Latin and Greek, marks, kana, halves of pairs, the rest.
PLANES = [
    (0, 0x7F), (0x20, 0x7E), (0x80, 0x3FF), (0x300, 0x36F), (0x2000, 0x30FF), (0xD7FF, 0xE000),
    (0xE000, 0x10FFFF),
]  # fmt: skip
HEADERS = ["Accept", "Accept-Language", "Content-Type", "Idempotency-Key", "X-Modqueue-Site", "Range", "Host"]
VALUES = [
    "application/json", "text/html", "de", "blog", "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded", "a..b",
]  # fmt: skip
DEEP = ["[" * 100_000, '{"a":' * 50_000, "9" * 5_000, "NaN", '{"a":1,"a":2}', "\xff", ""]


class Strange(random.Random):
    """Strange things, by chance; a usual one now and then, so that more than the door is reached."""

    def text(self) -> str:
        """Give some characters, mostly of one kind."""
        if self.random() < 0.4:
            return self.choice(ODD)
        low, high = self.choice(PLANES)
        return "".join(chr(self.randint(low, high)) for _ in range(self.randint(0, 60)))

    def value(self, depth: int = 3) -> Any:
        """Give a value as JSON may hold one."""
        kind = self.randrange(9 if depth else 7)
        if kind < 3:
            return self.text()
        if kind == 7:
            return [self.value(depth - 1) for _ in range(self.randint(0, 4))]
        if kind == 8:
            return {self.text(): self.value(depth - 1) for _ in range(self.randint(0, 4))}
        number = struct.unpack("<d", self.randbytes(8))[0]
        return (self.choice([None, True, False]), self.getrandbits(70) - 2**69, number, self.randint(-2, 3))[
            kind - 3
        ]

    def changed(self, usual: dict[str, Any]) -> dict[str, Any]:
        """Change some fields of a document, at any depth: to something else, to nothing, to one more."""
        document = copy.deepcopy(usual)
        for _ in range(self.choice([0, 1, 1, 1, 2, 3])):
            place: Any = document
            while (inner := [v for v in place.values() if isinstance(v, dict)]) and self.random() < 0.7:
                place = self.choice(inner)
            name = self.choice([*place, self.text()])
            if self.random() < 0.1:
                place.pop(name, None)
            else:
                place[name] = self.value()
        return document

    def headers(self) -> dict[str, str]:
        """Give a few headers, mostly none."""
        if self.random() < 0.8:
            return {}
        printable = "".join(chr(self.randint(32, 126)) for _ in range(self.randint(0, 40)))
        return {self.choice(HEADERS): self.choice([printable, *VALUES])}

    def body(self, document: dict[str, Any]) -> bytes:
        """Write a document as JSON, and sometimes spoil it."""
        written = json.dumps(document).encode()
        if self.random() < 0.9:
            return written
        if self.random() < 0.2:
            return self.choice(DEEP).encode("latin-1")
        at, to = sorted(self.randint(0, len(written)) for _ in range(2))
        return written[:at] + self.randbytes(self.randint(0, 3)) + written[to:]
