"""Labelled texts that blogs give each other: a documented schema, without who wrote them or who decided."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Any

from service.domain import LABELS
from service.errors import Invalid
from service.strict_json import UNSTORABLE, parse_json

SCHEMA = "modqueue-examples/1"
TEXT_LIMIT = 20_000
# What a text may say of a person: each is replaced by its name.
_MASKS = {
    "[e-mail]": re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"),
    "[name]": re.compile(r"(?<!\w)@\w[\w.-]{0,63}"),
    "[address]": re.compile(
        r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w)|(?<!\w)(?:[0-9a-fA-F]{1,4}:){4,7}[0-9a-fA-F]{1,4}"
    ),
    # Nine digits or more, as they are grouped; a date is none.
    "[telephone]": re.compile(
        r"(?<![\w.,$€£/-])(?!\d{4}-\d\d-\d\d(?!\d))\+?\(?\d[ ()/-]{0,2}(?:\d[ ()/-]{0,2}){7,17}\d(?!\d)"
    ),
}


def pooled(examples: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Give what others may learn from: labels, and texts without the addresses and numbers of people."""
    seen = set[str]()
    for example in examples:
        text, labels = masked(example["text"]), {k: example[k] for k in LABELS if k in example}
        own = name(text)
        # What was received from others is for them to give; what came twice is given once.
        if own in seen or str(example["source"]).startswith("pool:"):
            continue
        seen.add(own)
        drawn = {"audit": example["audit"]} if "audit" in example else {}
        yield {"schema": SCHEMA, "id": own, "text": text, **labels, **drawn}


def masked(text: str) -> str:
    """Replace e-mail and network addresses, telephone numbers and @names."""
    for mask, pattern in _MASKS.items():
        text = pattern.sub(mask, text)
    return text


def name(text: str) -> str:
    """Name a text by what it says, whoever says it."""
    return hashlib.sha256(" ".join(text.split()).casefold().encode()).hexdigest()[:32]


def read(line: bytes, source: str, at: float) -> dict[str, Any]:
    """Read a line that somebody else exported; raises Invalid naming the field."""
    raw = parse_json(line, "line")
    if raw.get("schema") != SCHEMA:
        raise Invalid("schema", f"must be {SCHEMA}")
    text = raw.get("text")
    if not isinstance(text, str) or not text.strip() or len(text) > TEXT_LIMIT:
        raise Invalid("text", f"must be a text of 1 to {TEXT_LIMIT} characters")
    if UNSTORABLE.search(text):
        raise Invalid("text", "holds a NUL character or half of a surrogate pair")
    labels = {label: raw[label] for label in LABELS if raw.get(label) is not None}
    for label, value in labels.items():
        if isinstance(value, bool) or value not in (0, 1):
            raise Invalid(label, "must be 0, 1 or null")
    if not labels:
        raise Invalid("labels", f"at least one of {', '.join(LABELS)}")
    return {"id": name(text), "text": text, **labels, "source": f"pool:{source}", "at": at}
