"""What an edit changed, word by word. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

# Longer texts are compared by their beginnings' words; the rest counts as one piece.
WORDS_COMPARED = 1500
_PIECE = re.compile(r"\s+|[^\s]+")


@dataclass(frozen=True, slots=True)
class Change:
    """A piece of the text that stayed (''), came ('ins') or went ('del')."""

    text: str
    kind: str = ""


def changes(before: str, after: str) -> list[Change]:
    """Return pieces that join to `after` without what went, and to `before` without what came."""
    old, new = _pieces(before), _pieces(after)
    found: list[Change] = []
    for what, a, b, c, d in SequenceMatcher(None, old, new).get_opcodes():
        if what == "equal":
            found.append(Change("".join(old[a:b])))
            continue
        found += [Change("".join(old[a:b]), "del")] if b > a else []
        found += [Change("".join(new[c:d]), "ins")] if d > c else []
    return found


def _pieces(text: str) -> list[str]:
    pieces = _PIECE.findall(text)
    rest = "".join(pieces[WORDS_COMPARED:])
    return pieces[:WORDS_COMPARED] + ([rest] if rest else [])
