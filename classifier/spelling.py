"""Words as they are meant, where they are written in haste or in disguise: a noisy channel over known words.

What is no word of the list is read as the likeliest word that is one slip, some signs or its vowels away, or
as the words that were run together (Kernighan, Church and Gale 1990; Norvig 2009).
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import islice, product
from math import inf, log
from pathlib import Path

from classifier.disguise import Edit
from classifier.slips import LETTERS, SIGNS, is_inflected, slips, without_vowels

SHIPPED = Path(__file__).parent / "words.txt"
#: Characters of a word that may be mended, and such words, and pieces of words, in one text: bounds on time.
LONGEST, MOST = 40, 24
_AROUND = ".,;:!?\"'()[]{}<>…-~`"
_CHUNK = re.compile(r"\S+")
_JOINTS = re.compile(r"[.\-_*·~,/|:#]+")
_COMPOUND = re.compile(r"[a-z][^-]*(?:-[^-]+)+")
_UNITS = (
    "st|nd|rd|th|am|pm|mm|cm|km|kg|mg|ml|mph|kmh|lbs?|oz|ft|hrs?|mins?|sec|day|yrs?|bn"
    "|gb|mb|kb|tb|hz|mhz|ghz|mp|px|kw|[a-z]"
)
_FIRST = str.maketrans({sign: letters[0] for sign, letters in SIGNS.items()})
#: What is no known word, but must be one: letters with signs among them, or a sign before three or more.
_LEET = re.compile(r"(?![a-z]{1,4}[0-9]+[a-z]?$)[a-z]+[0134578@$!|][a-z0134578@$!|]*[a-z]|[$@50][a-z]{3,}")
_MEASURE = re.compile(rf"[$£€]?(?!0[a-z])[0-9]+(?:{_UNITS})?")
_ADDRESS = re.compile(r"/|\w[.@]\w+\.\w|\.(?:com|net|org)\b")
#: A cost is the logarithm of how rare it is: so dear may a slip and what it makes of so many letters be.
_DEAREST = {2: 0.0, 3: 9.5, 4: 14.5, 5: 15.5, 6: 16.5}
_DEAREST_OF_MORE, _DEAREST_OF_TWO_LETTERS = 18.0, 8.5
#: What a letter of words that were run together may cost, a word that is none, and a word that is a rare one.
_RUN_TOGETHER, _UNKNOWN, _RARE = 2.25, 13.0, 10.5
#: How much dearer pieces are than the word that was cut into them; pieces that are looked at.
_CUT, _PIECES = 8.0, 6
_LONGEST_PART = 18
_MOST_READINGS = 64

#: How many pieces are one word, and which.
_Joined = tuple[int, str]


class Speller:
    """Knows words, and which of them may be meant.

    Parameters
    ----------
    words : sequence of str
        In lower case, the most frequent first.
    """

    def __init__(self, words: Sequence[str]) -> None:
        # How likely a word is goes by its rank (Zipf 1949).
        self._costs = {word: log(rank) + 2.4 for rank, word in enumerate(words, 1)}
        self._known = frozenset(self._costs)
        self._words = frozenset(word for word in self._costs if word.isalpha())
        self._parts = frozenset(word for word in self._words if len(word) > 1 or word in "ai")
        self._bare: dict[str, str] = {}
        self._shapes: dict[tuple[int, str], list[str]] = {}
        for word in words:
            self._shapes.setdefault((len(word), word[0]), []).append(word)
            if word in self._words and len(word) > 3:
                self._bare.setdefault(without_vowels(word), word)
        self._scraps = frozenset(filter(self._is_scrap, self._costs))
        self.meant = lru_cache(1 << 15)(self._meant)

    def repairs(self, text: str) -> Iterator[Edit]:
        """Find what is meant otherwise than it is written.

        Parameters
        ----------
        text : str
            Folded to lower case.

        Yields
        ------
        Edit
            In order, none over another.
        """
        chunks = text.split()
        different = set(chunks)
        odd = {chunk.strip(_AROUND) for chunk in different - self._known} - self._known
        found = {chunk: meant for chunk in islice(sorted(odd), MOST) if (meant := self.meant(chunk))}
        cut = not self._scraps.isdisjoint(different) or any(map(self._is_scrap, odd))
        joined = self._joins(chunks) if cut else {}
        if found or joined:
            yield from self._places(text, found, joined)

    def _places(self, text: str, found: dict[str, str], joined: dict[int, _Joined]) -> Iterator[Edit]:
        chunks = [(match.start(), match.group()) for match in _CHUNK.finditer(text)]
        place = 0
        while place < len(chunks):
            start, chunk = chunks[place]
            count, meant = joined.get(place, (1, found.get(chunk.strip(_AROUND))))
            if meant:
                last_start, last = chunks[place + count - 1]
                lead = len(chunk) - len(chunk.lstrip(_AROUND))
                yield start + lead, last_start + len(last.rstrip(_AROUND)), meant
            place += count

    def _joins(self, chunks: Sequence[str]) -> dict[int, _Joined]:
        """Say where a word begins that was cut, into how many pieces, and which it is."""
        scraps = (place for place, chunk in enumerate(chunks) if self._is_scrap(chunk.strip(_AROUND)))
        starts = {
            start for place in islice(scraps, MOST) for start in range(max(0, place - _PIECES + 1), place + 1)
        }
        found = ((start, self._joined(chunks[start : start + _PIECES])) for start in starts)
        return {start: joined for start, joined in found if joined}

    def _joined(self, chunks: Sequence[str]) -> _Joined | None:
        """Return the longest word that was cut into the first of these."""
        best, pieces = None, list[str]()
        for chunk in chunks:
            piece = chunk.rstrip(_AROUND)
            if not (piece.isalpha() and piece.isascii()):
                break
            pieces.append(piece)
            if self._was_cut(pieces):
                best = len(pieces), "".join(pieces)
            if piece != chunk:
                break
        return best

    def _was_cut(self, pieces: Sequence[str], least: int = 5) -> bool:
        word = "".join(pieces)
        if len(pieces) < 2 or len(word) < least or word not in self._words:
            return False
        apart = sum(self._costs.get(piece, _UNKNOWN) for piece in pieces)
        return any(map(self._is_scrap, pieces)) and self._costs[word] + _CUT < apart

    def _is_scrap(self, chunk: str) -> bool:
        """Tell whether this may be a piece of a word, rather than one."""
        if len(chunk) > 3 or not chunk.isalpha():
            return False
        return self._costs.get(chunk, _UNKNOWN) > _RARE or (len(chunk) == 1 and chunk not in "ai")

    def _meant(self, chunk: str) -> str | None:
        """Return what an odd chunk of text is meant to be."""
        if not 1 < len(chunk) <= LONGEST or _ADDRESS.search(chunk) or LETTERS.isdisjoint(chunk):
            return None
        if not chunk.isalpha():
            return self._of_parts(chunk)
        return self._word(chunk) if chunk.isascii() and not is_inflected(chunk, self._words) else None

    def _of_parts(self, chunk: str) -> str | None:
        """Return what is meant by a chunk of several parts, or of letters and signs."""
        if ("*" in chunk or "#" in chunk[1:]) and (starred := self._starred(chunk)):
            return starred
        stem, apostrophe, ending = chunk.partition("'")
        if apostrophe and not stem.isalpha() and ending.isalpha():
            mended = self.meant(stem)
            return mended and mended + apostrophe + ending
        if "|" in chunk and (word := self._as_signs(chunk)):
            return word
        parts = [part for part in _JOINTS.split(chunk) if part]
        if self._was_cut(parts, least=4):
            return "".join(parts)
        if all(part in self._known or part.isdigit() for part in parts):
            return None
        return self._whole(chunk, parts)

    def _whole(self, chunk: str, parts: Sequence[str]) -> str | None:
        """Return what is meant by a chunk of which some parts are no words."""
        whole = "".join(parts)
        if len(parts) > 1 and whole in self._words:
            return whole
        if _MEASURE.fullmatch(whole):
            return None
        if not whole.isalpha() and (word := self._unsigned(whole)):
            return word
        if not (whole.isalpha() or _COMPOUND.fullmatch(chunk)):
            return chunk.translate(_FIRST) if _LEET.fullmatch(chunk) else None
        mended = [part if part in self._known else self.meant(part) or part for part in parts]
        return " ".join(mended) if mended != parts else None

    def _starred(self, chunk: str) -> str | None:
        """Return the likeliest word of which some letters are stars."""
        alike = self._shapes.get((len(chunk), chunk[0]), ()) if len(LETTERS & set(chunk)) > 1 else ()
        pattern = re.compile(
            "".join("[a-z]" if c in "*#" else f"[{SIGNS.get(c, re.escape(c))}]" for c in chunk)
        )
        return next(filter(pattern.fullmatch, alike), None)

    def _as_signs(self, chunk: str) -> str | None:
        """Return the likeliest word of which some letters are other signs and the rest as they should be."""
        readings = product(*(SIGNS.get(char, char) for char in chunk))
        spelt = ("".join(letters) for letters in islice(readings, _MOST_READINGS))
        best = min(self._words.intersection(spelt), key=self._costs.__getitem__, default="")
        return best if len(best) > 2 or (best and self._costs[best] < _DEAREST_OF_TWO_LETTERS) else None

    def _unsigned(self, chunk: str) -> str | None:
        """Return the word of which some letters are other signs, even if there is a slip in it."""
        if word := self._as_signs(chunk):
            return word
        first = "".join(SIGNS.get(char, char)[0] for char in chunk)
        if len(first) < 5 or not (first.isalpha() and first.isascii()):
            return None
        return first if is_inflected(first, self._words) else self._word(first)

    def _word(self, letters: str) -> str | None:
        """Return the word, or the words, that letters are meant to be."""
        found = [(cost + self._costs[word], word) for cost, word in slips(letters) if word in self._words]
        cost, word = min(found, default=(inf, ""))
        if cost <= _DEAREST.get(len(letters), _DEAREST_OF_MORE):
            return word
        if len(letters) > 2 and without_vowels(letters) == letters and letters in self._bare:
            return self._bare[letters]
        if letters[0] == "a" and letters[1:] in self._words and len(letters) > 3:
            return f"a {letters[1:]}"
        return self._apart(letters) if len(letters) > 6 else None

    def _apart(self, letters: str) -> str | None:
        """Return the likeliest words that were run together, if they are likely enough (Viterbi 1967)."""
        costs, cuts = [0.0], [0]
        for end in range(1, len(letters) + 1):
            ways = (
                (costs[start] + self._costs[letters[start:end]], start)
                for start in range(max(0, end - _LONGEST_PART), end)
                if letters[start:end] in self._parts
            )
            cost, start = min(ways, default=(inf, end - 1))
            costs.append(cost)
            cuts.append(start)
        return self._spaced(letters, cuts) if costs[-1] < _RUN_TOGETHER * len(letters) else None

    def _spaced(self, letters: str, cuts: Sequence[int]) -> str:
        words, end = list[str](), len(letters)
        while end:
            words.append(letters[cuts[end] : end])
            end = cuts[end]
        return " ".join(reversed(words))


@cache
def shipped() -> Speller:
    """Load the list of words that is shipped.

    Returns
    -------
    Speller
        The same one each time.
    """
    return Speller(SHIPPED.read_text("utf-8").splitlines())
