"""Which comments are near-copies of each other, and what varies between them. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from zlib import crc32

import numpy as np

# Fewer different words than this are praise or a greeting, which honest people write alike.
MIN_WORDS = 12
# Words beyond these add nothing that tells a copy.
MOST_WORDS = 512
BANDS = 8
LINKS_KEPT = 3
# As many members as a card shows.
SHOWN = 5

_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"')\]]+", re.IGNORECASE)
_HOST = re.compile(r"(?:https?://)?(?:www\.)?(?:[^/@\s]*@)?([\w.-]{1,253}\.\w[\w-]*)", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")
_DIGITS = str.maketrans("123456789", "000000000")
_PIECE = re.compile(r"\s+|\S+")

_numbers = np.random.default_rng(20261122)
_MIX, _LEFT = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
_ODD = _numbers.integers(1, 2**63, 2 * BANDS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_SHIFT = np.uint64(32)
_MARKS, _LINKED = [bytes([n]) for n in range(BANDS)], b"/"


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a campaign beside the typical one: how alike it is, and its text in (piece, varies)."""

    index: int
    similarity: float
    pieces: tuple[tuple[str, bool], ...]


def fingerprint(text: str, author_url: str = "") -> tuple[bytes, ...]:
    """Return keys of which near-copies share some: bands of a MinHash, and domains that are linked to.

    Each is five bytes. Empty where the text is too short to tell a copy from a coincidence.
    """
    words = _words(text)[:MOST_WORDS]
    if len(set(words)) < MIN_WORDS:
        return ()
    keys = _bands(words)
    bands = [mark + keys[4 * n : 4 * n + 4] for n, mark in enumerate(_MARKS)]
    return (*bands, *(_LINKED + crc32(d.encode()).to_bytes(4) for d in _domains(text, author_url)))


def similarity(one: str, other: str) -> float:
    """Return the share of the pairs of words that two texts have in common."""
    a, b = _pairs(one), _pairs(other)
    return len(a & b) / len(a | b) if a or b else 1.0


def typical(texts: Sequence[str]) -> int:
    """Return the index of the text that is most like all others."""
    pairs = [_pairs(t) for t in texts]
    common: dict[object, int] = {}
    for pair in (p for one in pairs for p in one):
        common[pair] = common.get(pair, 0) + 1
    # What most texts have counts for a text, what few have against it.
    worth = [sum(2 * common[p] - len(texts) for p in one) for one in pairs]
    return max(range(len(texts)), key=worth.__getitem__)


def shown(texts: Sequence[str]) -> list[Member]:
    """Return the typical text, the least similar one, and some between, each with what varies marked."""
    centre = typical(texts)
    likeness = [similarity(texts[centre], t) for t in texts]
    order = sorted((n for n in range(len(texts)) if n != centre), key=lambda n: (likeness[n], n))
    steps = min(SHOWN - 1, len(order))
    chosen = [order[round(k * (len(order) - 1) / max(1, steps - 1))] for k in range(steps)]
    others = [texts[n] for n in dict.fromkeys(chosen)]
    marked = [Member(centre, 1.0, _marked(texts[centre], others))]
    return marked + [Member(n, likeness[n], _marked(texts[n], texts[centre : centre + 1]))
                     for n in dict.fromkeys(chosen)]  # fmt: skip


def domains(comments: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Count in how many comments, each a text and its author's address, a domain is linked to."""
    counts: dict[str, int] = {}
    for text, author_url in comments:
        for domain in _domains(text, author_url):
            counts[domain] = counts.get(domain, 0) + 1
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _words(text: str) -> list[str]:
    # Links, numbers, case and forms of letters are what copies vary first.
    plain = _LINK.sub(" link ", text) if _may_link(text) else text
    if not plain.isascii():
        plain = _UNSPACED.sub(r" \g<0> ", unicodedata.normalize("NFKC", plain))
    return _WORD.findall(plain.casefold().translate(_DIGITS))


def _bands(words: list[str]) -> bytes:
    hashes = np.array(list(map(crc32, " ".join(words).encode().split())), dtype=np.uint64)
    pairs = (hashes[:-1] * _LEFT + hashes[1:]) * _MIX
    pairs ^= pairs >> _SHIFT
    # One random multiplication is one random order of the pairs; its smallest is one of the MinHash.
    least = np.minimum.reduce(pairs[:, None] * _ODD) >> _SHIFT
    keys: bytes = ((least[::2] * _LEFT + least[1::2]) * _MIX >> _SHIFT).astype(">u4").tobytes()
    return keys


def _pairs(text: str) -> set[tuple[str, str]]:
    words = _words(text)[:MOST_WORDS]
    return set(pairwise(words))


def _domains(text: str, author_url: str) -> list[str]:
    links = [*(_LINK.findall(text) if _may_link(text) else ()), author_url]
    return list(dict.fromkeys(host for host in map(_host, links) if host))[:LINKS_KEPT]


def _may_link(text: str) -> bool:
    # Looking for a link costs more than looking whether there can be one.
    return "://" in text or "www." in text


def _host(link: str) -> str:
    found = _HOST.match(link)
    return found[1].casefold() if found else ""


def _marked(text: str, others: Sequence[str]) -> tuple[tuple[str, bool], ...]:
    pieces = _PIECE.findall(text)[: 2 * MOST_WORDS]
    varies = [False] * len(pieces)
    for other in others:
        theirs = _PIECE.findall(other)[: 2 * MOST_WORDS]
        for tag, start, end, _, _ in SequenceMatcher(None, pieces, theirs, autojunk=False).get_opcodes():
            if tag in ("replace", "delete"):
                varies[start:end] = [True] * (end - start)
    return _joined(zip(pieces, varies, strict=True))


def _joined(pieces: Iterable[tuple[str, bool]]) -> tuple[tuple[str, bool], ...]:
    joined: list[tuple[str, bool]] = []
    for text, varies in pieces:
        if joined and joined[-1][1] == varies:
            joined[-1] = (joined[-1][0] + text, varies)
        else:
            joined.append((text, varies))
    return tuple(joined)
