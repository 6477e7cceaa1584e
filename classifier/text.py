"""From a comment as received to plain lower-case characters, each of which knows where it came from.

Markup, entities, odd and look-alike characters, emoji, leet and spacing are seen through, in linear time.
"""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from classifier.characters import (
    ASCII_DROPPED,
    ASCII_FOLD,
    ASCII_SPELT,
    HOMOGLYPH,
    IS_LETTER,
    IS_UPPER,
    LONG_FOLDS,
    Codes,
    fold,
    look_up,
)
from classifier.disguise import Edit, is_separated, joints
from classifier.links import registered_domain
from classifier.spelling import shipped
from classifier.vocabulary import CAPITAL

#: Characters of a text that are read; what comes after them is not scored.
MAX_TEXT = 20_000
#: Characters after normalising: emoji spelt as words make a text longer.
MAX_NORMALISED = 40_000

Offsets = NDArray[np.int32]

_MARKUP = re.compile(r"<(?:[a-zA-Z/!][^<>]{0,500})>|&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,10});")
_HREF = re.compile(r"""href\s*=\s*["']?([^"'\s>]{1,300})""", re.IGNORECASE)
_URL = re.compile(r"(?:https?://|www\.)([^\s/\"'<>\])]{1,200})[^\s\"'<>\])]{0,1000}")
_PLACES = np.arange(MAX_TEXT + 1, dtype=np.int32)


@dataclass(frozen=True, slots=True)
class Document:
    """What a model may see of a comment.

    Attributes
    ----------
    text : str
        The comment as received.
    author, author_url, author_email, user_agent : str
        What the author said about themselves; may count for spam only.
    parent, post_title : str
        The comment that is answered and the title of the post; used to know quotations.
    """

    text: str
    author: str = ""
    author_url: str = ""
    author_email: str = ""
    user_agent: str = ""
    parent: str = ""
    post_title: str = ""


@dataclass(frozen=True, slots=True)
class Normalised:
    """Folded characters with their places in the original.

    Attributes
    ----------
    codes : ndarray of shape (n,), uint32
        Code points after folding.
    starts, ends : ndarray of shape (n,), int32
        Half-open span of each in the original, in code points.
    spelt : str
        The folded characters, in which capital letters of the original can be told: as they are, or each
        behind CAPITAL, without those that another follows. Empty until the text is normalised.
    """

    codes: Codes
    starts: Offsets
    ends: Offsets
    spelt: str = ""

    @property
    def text(self) -> str:
        """The folded characters as a string.

        Returns
        -------
        str
            As many characters as there are codes.
        """
        return _string(self.codes)

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> Self:
        """Select characters.

        Parameters
        ----------
        index : ndarray
            Positions, or one flag a character.

        Returns
        -------
        Normalised
            The selected characters with their places.
        """
        return type(self)(self.codes[index], self.starts[index], self.ends[index])


def to_codes(text: str) -> Codes:
    """Return the code points of a string.

    Parameters
    ----------
    text : str
        Any, lone surrogates included.

    Returns
    -------
    ndarray of shape (n,), uint32
        One a character.
    """
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _string(codes: Codes) -> str:
    return codes.tobytes().decode("utf-32-le", "surrogatepass")


def normalise(text: str) -> Normalised:
    """Fold a text to plain lower-case characters that map back to the original.

    Parameters
    ----------
    text : str
        Any string, lone surrogates and NULs included; read up to MAX_TEXT characters.

    Returns
    -------
    Normalised
        At most MAX_NORMALISED characters.
    """
    text = text[:MAX_TEXT]
    chars, plain = _folded(text)
    if "://" in plain or "www." in plain:
        chars = _edit(chars, _urls(plain))
        plain = chars.text
    if is_separated(plain):
        chars = chars.take(~joints(plain))
        plain = chars.text
    chars, before = _squeeze(chars, plain), chars
    chars = _mend(chars, plain if chars is before else chars.text)
    return chars if chars.spelt else _spell(chars, text)


def _mend(chars: Normalised, plain: str) -> Normalised:
    """Mend words in disguise; of words that one character stands for, none is."""
    edits = shipped().repairs(plain)
    written = chars.starts
    return _edit(chars, [e for e in edits if e[1] - e[0] == 1 or written[e[0]] < written[e[1] - 1]])


def _folded(text: str) -> tuple[Normalised, str]:
    """Fold every character, and spell the outcome."""
    if "<" in text or "&" in text:
        chars = _fold(_edit(_as_it_is(text), _markup(text)))
    elif text.isascii():
        return _ascii(text)
    else:
        chars = _fold(_as_it_is(text))
    return chars, chars.text


def _ascii(text: str) -> tuple[Normalised, str]:
    raw = text.encode("ascii")
    folded = raw.translate(ASCII_FOLD, ASCII_DROPPED)
    if len(folded) != len(text):
        chars = _fold(_as_it_is(text))
    else:
        codes = np.frombuffer(folded, np.uint8).astype(np.uint32)
        spelt = raw.translate(ASCII_SPELT).decode("ascii")
        chars = Normalised(codes, _PLACES[: len(text)], _PLACES[1 : len(text) + 1], spelt)
    return chars, folded.decode("ascii")


def _as_it_is(text: str) -> Normalised:
    return Normalised(to_codes(text), _PLACES[: len(text)], _PLACES[1 : len(text) + 1])


def _edit(chars: Normalised, edits: Iterable[Edit]) -> Normalised:
    """Replace spans; each new character maps to the whole of the original that it stands for."""
    edits = list(edits)
    if not edits:
        return chars
    first = np.array([start for start, _, _ in edits])
    last = np.array([end for _, end, _ in edits]) - 1
    lengths = np.array([len(new) for _, _, new in edits])
    kept = np.cumsum(
        np.bincount(first, minlength=len(chars.codes) + 1)
        - np.bincount(last + 1, minlength=len(chars.codes) + 1)
    )
    keep = np.flatnonzero(kept[:-1] == 0)
    order = np.argsort(np.concatenate([np.repeat(first, lengths), keep]), kind="stable")
    same_length = lengths == last + 1 - first
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    exact = np.repeat(same_length, lengths)
    new_first = np.repeat(first, lengths) + np.where(exact, within, 0)
    new_last = np.where(exact, new_first, np.repeat(last, lengths))
    codes = np.concatenate([to_codes("".join(new for _, _, new in edits)), chars.codes[keep]])
    starts = np.concatenate([chars.starts[new_first], chars.starts[keep]])
    ends = np.concatenate([chars.ends[new_last], chars.ends[keep]])
    return Normalised(codes[order], starts[order], ends[order])


def _markup(text: str) -> Iterable[Edit]:
    for match in _MARKUP.finditer(text):
        found = match.group()
        if found[0] == "&":
            yield *match.span(), html.unescape(found)
        else:
            link = _HREF.search(found)
            yield *match.span(), f" {link.group(1)} " if link else " "


def _urls(text: str) -> Iterable[Edit]:
    """Leave of an address the domain that somebody registered: the rest is noise to every label."""
    for match in _URL.finditer(text):
        yield *match.span(), f" urllink {registered_domain(match.group(1))} "


def _fold(chars: Normalised) -> Normalised:
    folded, lengths = fold(chars.codes)
    if np.count_nonzero(lengths != 1):
        return _unlook(_unfold(folded, lengths, chars))
    return _unlook(Normalised(folded, chars.starts, chars.ends))


def _unfold(folded: Codes, lengths: NDArray[np.int16], chars: Normalised) -> Normalised:
    """Let characters vanish, and spell out those that fold to several: `folded` has their row."""
    rows = np.arange(len(folded)).repeat(lengths)[:MAX_NORMALISED]
    codes = folded.take(rows)
    several = (lengths > 1).take(rows).nonzero()[0]
    within = several - (lengths.cumsum() - lengths).take(rows.take(several))
    codes[several] = LONG_FOLDS[codes.take(several), within]
    return Normalised(codes, chars.starts.take(rows), chars.ends.take(rows))


def _unlook(chars: Normalised) -> Normalised:
    """Turn look-alike letters of other alphabets into Latin ones, in texts that are mostly Latin."""
    latin = look_up(HOMOGLYPH, chars.codes)
    if not latin.any():
        return chars
    is_plain = (chars.codes >= ord("a")) & (chars.codes <= ord("z"))
    foreign = look_up(IS_LETTER, chars.codes) & ~is_plain
    if is_plain.sum() <= foreign.sum():
        return chars
    return Normalised(np.where(latin > 0, latin, chars.codes).astype(np.uint32), chars.starts, chars.ends)


def _squeeze(chars: Normalised, plain: str) -> Normalised:
    """Shorten runs of one character: of blanks to one, of three or more others but digits to one."""
    codes = chars.codes
    same = codes[1:] == codes[:-1]
    if not (np.count_nonzero(same[1:] & same[:-1]) or "  " in plain or "\n\n" in plain):
        return chars
    blank = (codes == 32) | (codes == 10)
    drop = np.zeros(len(codes), bool)
    drop[1:] = same & blank[1:]
    drop[2:] |= same[1:] & same[:-1]
    drop &= ~((codes >= 48) & (codes <= 57))
    # The second character of a run of three goes as well: "raaats" is "rats", while "feet" stays.
    drop[1:-1] |= drop[2:] & same[:-1] & same[1:] & ~blank[1:-1]
    return chars.take(~drop) if drop.any() else chars


def _spell(chars: Normalised, text: str) -> Normalised:
    """Add the spelling, capital letters marked."""
    upper = look_up(IS_UPPER, to_codes(text))
    upper[:-1] &= ~upper[1:]
    marked = upper.take(chars.starts)
    places = marked.nonzero()[0]
    codes = chars.codes.repeat(marked + 1)
    codes[places + np.arange(len(places))] = ord(CAPITAL)
    return Normalised(chars.codes, chars.starts, chars.ends, _string(codes))
