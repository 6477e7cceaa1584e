"""Finding comments: what an item is indexed under, what a search asks for, the walk through a view."""

from __future__ import annotations

import heapq
import math
import re
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any

from service.domain import Comment, Judgement, Lane
from service.errors import Invalid, NotFound
from service.store import codec, keys
from service.store.connection import Connection

# Views beside the lanes: the pending ones of every lane, the decided, the escalated, all that came.
PENDING, DECIDED, ESCALATED, ALL = "pending", "decided", "escalated", "all"

# An item is indexed under so many words at most, each cut at so many characters.
WORDS_MAX, WORD_LENGTH = 120, 40
_ENDLESS = 1e300
_WORD = re.compile(r"\w{2,}")
_HOST = re.compile(r"(?<![\w.-])(?:[a-z][a-z0-9+.-]{0,20}://)?((?:[\w-]+\.)+[^\W\d_]{2,})", re.IGNORECASE)


class Sort(StrEnum):
    """In which order a view is shown."""

    SEVERITY = "severity"
    UNCERTAINTY = "uncertainty"
    OLDEST = "oldest"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a search asks for; an empty field asks for nothing. Times and scores include both ends."""

    words: str = ""
    author: str = ""
    post: str = ""
    label: str = ""
    reason: str = ""
    since: float | None = None
    until: float | None = None
    low: float | None = None
    high: float | None = None
    sort: Sort | None = None


NOTHING = Wanted()


def uncertainty(judgement: Judgement) -> float:
    """Return how close a judgement was: 1 at a threshold, less the further a score lies above it."""
    scored = [(r.score, r.threshold) for r in judgement.reasons]
    margins = [s - t for s, t in scored if s is not None and t is not None]
    return 1.0 - min(margins, default=1.0)


def packed(found: Iterable[str]) -> bytes:
    """Return terms as they are stored: four bytes of checksum each."""
    return b"".join(zlib.crc32(term.encode()).to_bytes(4) for term in found)


def terms(comment: Comment, judgement: Judgement) -> tuple[str, ...]:
    """Return what an item is found by: words, hosts, author, post, labels and reasons."""
    codes = [r.code for r in judgement.reasons]
    links = " ".join((comment.text, comment.author_url))
    found = [f"r:{_slug(c)}" for c in codes]
    found += [f"l:{c.removeprefix('score:')}" for c in codes if c.startswith("score:")]
    found += [f"{kind}:{_slug(v)}" for kind, v in _names(comment) if v]
    words = islice(dict.fromkeys([*_words(comment.author), *_words(comment.text)]), WORDS_MAX)
    hosts = islice(dict.fromkeys(h for m in _HOST.finditer(links) for h in _domains(m[1])), WORDS_MAX)
    return tuple(dict.fromkeys([*found, *(f"w:{w}" for w in words), *(f"h:{h}" for h in hosts)]))


def asked_terms(wanted: Wanted) -> list[str]:
    """Return the terms that an item must all be indexed under."""
    named = (("p", wanted.post), ("l", wanted.label), ("r", wanted.reason))
    found = [f"{kind}:{_slug(v)}" for kind, v in named if v]
    if wanted.author:
        # The key of an author, as links of the desk give it, else a name.
        kind = "k" if re.fullmatch(r"[0-9a-f]{32,64}", wanted.author) else "a"
        found.append(f"{kind}:{_slug(wanted.author)}")
    for piece in wanted.words.split()[:20]:
        host = _HOST.search(piece)
        found += [f"h:{_fold(host[1])}"] if host else [f"w:{w}" for w in _words(piece)]
    # What holds no word at all is found nowhere.
    return found or (["w:"] if wanted.words.strip() else [])


def _names(comment: Comment) -> Iterable[tuple[str, str]]:
    return ("a", comment.author), ("k", comment.author_key), ("p", comment.post_id)


def _words(text: str) -> Iterator[str]:
    return (w[:WORD_LENGTH] for w in _WORD.findall(_fold(text)))


def _domains(host: str) -> Iterator[str]:
    parts = _fold(host).split(".")
    return (".".join(parts[n:])[:100] for n in range(max(0, len(parts) - 4), len(parts) - 1))


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _slug(value: str) -> str:
    return "_".join(_fold(value).split())[:100]


@dataclass(frozen=True, slots=True)
class Found:
    """A place in a sorted view: an item, or the edge where a walk had looked at enough."""

    score: float
    id: str
    edge: bool = False

    @property
    def cursor(self) -> str:
        """Write this place for the next page."""
        return f"{self.score!r}~{self.id}"


class Search:
    """Walks through the sorted views of several sites as if they were one."""

    def __init__(self, db: Connection, partitions: int) -> None:
        self._db = db
        self._partitions = partitions

    def ids(
        self, view: str, sites: Iterable[str], cursor: str, limit: int, wanted: Wanted
    ) -> tuple[list[str], str]:
        """Return ids in order, and where the next page begins (empty at the end).

        Fewer than the limit may come with a cursor: the walk looks at a bounded number of items at a time.
        """
        orders, ascending = _orders(view, wanted.sort)
        after = _parse(cursor)
        place = {"score": repr(after[0]), "member": after[1]} if after else {"score": "", "member": ""}
        walk = {"ascending": ascending, "limit": limit + 1, **place}
        terms = [packed([term]) for term in asked_terms(wanted)]
        walk |= {"bounds": _bounds(wanted)}
        rows = [self._walk(site, orders, walk, terms) for site in sites]
        found: list[Found] = []
        for at in heapq.merge(*rows, key=lambda f: (f.score, f.id), reverse=not ascending):
            if at.edge:
                return [f.id for f in found], at.cursor
            if len(found) == limit:
                return [f.id for f in found], found[-1].cursor
            found.append(at)
        return [f.id for f in found], ""

    def _walk(self, site: str, orders: list[str], walk: dict[str, Any], terms: list[bytes]) -> list[Found]:
        prefix = keys.prefix(keys.partition_of(site, self._partitions))
        own = {"site": site, "orders": [name.format(site) for name in orders]}
        edge, *rows = self._db.strings("walk", prefix, codec.dump(walk | own), *terms)
        found = [Found(float(s), i) for i, s in zip(rows[::2], rows[1::2], strict=True)]
        score, _, name = edge.partition("~")
        return [*found, Found(float(score), name, edge=True)] if edge else found


def _orders(view: str, sort: Sort | None) -> tuple[list[str], bool]:
    if view not in (PENDING, DECIDED, ESCALATED, ALL, *Lane):
        raise NotFound("no such lane: %(lane)s", lane=view[:40])
    if sort is None and view == Lane.AUDIT:
        # It has no severity that may be told.
        sort = Sort.OLDEST
    ascending = sort is Sort.OLDEST
    if view in (DECIDED, ALL, ESCALATED):
        ages = [f"age:{{}}:{lane}" for lane in Lane]
        return {DECIDED: ["decided:{}"], ESCALATED: ["escalated:{}"], ALL: ["closed:{}", *ages]}[
            view
        ], ascending
    if sort is None:
        sort = Sort.UNCERTAINTY if view == Lane.UNCERTAIN else Sort.SEVERITY
    kind = {Sort.SEVERITY: "lane", Sort.UNCERTAINTY: "unsure"}.get(sort, "age")
    return [f"{kind}:{{}}:{lane}" for lane in ([view] if view != PENDING else Lane)], ascending


def _bounds(wanted: Wanted) -> dict[str, list[float]]:
    given = (("received", wanted.since, wanted.until), ("severity", wanted.low, wanted.high))
    return {
        name: [-_ENDLESS if low is None else low, _ENDLESS if high is None else high]
        for name, low, high in given
        if low is not None or high is not None
    }


def _parse(cursor: str) -> tuple[float, str] | None:
    score, _, name = cursor.partition("~")
    try:
        after = (float(score), name) if cursor else None
    except ValueError:
        after = (math.nan, "")
    if after and not math.isfinite(after[0]):
        raise Invalid("cursor", "not one that was given out")
    return after
