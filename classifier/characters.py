"""Tables over Unicode code points: what one character becomes before anything is counted.

A character folds to no character (invisible marks), to one (case, width, accents, fancy letters) or to
several (ligatures, emoji spelt as words). The tables are plain arrays, so that a text is folded by indexing.
"""

import unicodedata
from collections.abc import Callable
from itertools import count
from threading import Lock
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint32]
Scalar = TypeVar("Scalar", bound=np.generic)

#: No fold is longer: some Unicode names are whole phrases.
MAX_FOLD = 24
#: Code points above this fold to themselves: rare ideographs, private use.
TABLE_SIZE = 0x20000
#: Characters that fold to several: fewer in any Unicode so far.
_MOST_LONG = 1 << 13

_MARKS = (
    (0x0300, 0x036F),
    (0x0483, 0x0489),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20FF),
    (0x3099, 0x309A),
    (0xFE00, 0xFE0F),
    (0xFE20, 0xFE2F),
)
_BLANKS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
_PUNCTUATION = dict.fromkeys("\u2018\u2019\u201b\u02bc\u00b4`", "'")
_PUNCTUATION |= dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"')
_PUNCTUATION |= dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
_SMALL_CAPITALS = dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz", strict=True))

#: Letters of other alphabets that pass for Latin ones. Used only in texts that are mostly Latin.
HOMOGLYPHS = dict(zip("авсԁеԍһіјкӏмпорԛѕтԝхуѵьё", "abcdeghijklmnopqstwxyvbe", strict=True))
HOMOGLYPHS |= dict(zip("αβεγηικνορτυχω", "abeyniknoptuxw", strict=True)) | dict(
    zip("øđłıħŧ", "odliht", strict=True)
)

_EMOJI = {
    "💩": "shit",
    "🗑": "trash",
    "🚮": "trash",
    "🧹": "sweep",
    "🔪": "knife",
    "🔫": "gun",
    "☠": "death",
    "💀": "death",
    "🤮": "vomit",
    "🤢": "disgusting",
    "🦠": "germ",
    "👹": "ogre",
    "👺": "goblin",
    "🏻": "",
    "🏼": "",
    "🏽": "brown",
    "🏾": "black",
    "🏿": "black",
    "🧕": "muslim woman",
    "✡": "jew",
    "☪": "muslim",
    "🚫": "no",
    "❌": "no",
    "🤡": "clown",
}
_DULL = {"face", "with", "sign", "symbol", "black", "white", "heavy", "and", "of"}


def _emoji_words(char: str) -> str:
    """Spell a pictograph by the words of its Unicode name, without those that say nothing."""
    if "\U0001f1e6" <= char <= "\U0001f1ff":
        return chr(ord(char) - 0x1F1E6 + ord("a"))
    if "\U0001f130" <= char <= "\U0001f189":
        return chr((ord(char) - 0x1F130) % 32 + ord("a"))
    words = _EMOJI.get(char)
    if words is None:
        names = unicodedata.name(char, "").lower().replace("-", " ").split()
        words = " ".join(name for name in names if name not in _DULL)
    if len(words) > MAX_FOLD - 2:
        words = words[: MAX_FOLD - 1].rpartition(" ")[0]
    return f" {words} " if words else ""


def _is_invisible(char: str) -> bool:
    code = ord(char)
    if any(low <= code <= high for low, high in _MARKS) or char in _BLANKS:
        return True
    return unicodedata.category(char) in {"Cf", "Cc"}


def _fold(char: str) -> str:
    if char in "\n\r\u2028\u2029":
        return "\n"
    if char in "\t\v\f" or unicodedata.category(char) == "Zs":
        return " "
    if char in _PUNCTUATION:
        return _PUNCTUATION[char]
    if char >= "\U0001f130" or char in _EMOJI:
        return _emoji_words(char) or ("" if char in _EMOJI or _is_invisible(char) else char)
    if "\uac00" <= char <= "\ud7a3":  # Hangul stays in syllables
        return char
    spelt = _SMALL_CAPITALS.get(char) or unicodedata.normalize("NFKD", char.lower())
    return "".join(part for part in spelt if not _is_invisible(part)).lower()[:MAX_FOLD]


#: What a character folds to, where that is several characters their row of LONG_FOLDS; and how many they are,
#: -1 where that is not known yet.
FOLD = np.arange(TABLE_SIZE, dtype=np.uint32)
FOLD_LENGTH = np.full(TABLE_SIZE, -1, np.int16)
LONG_FOLDS = np.zeros((_MOST_LONG, MAX_FOLD), np.uint32)
_rows = count()
_learning = Lock()


def learn(codes: Codes) -> None:
    """Fill in the folds of characters, which are worked out when they are first met: most never are.

    Parameters
    ----------
    codes : ndarray of shape (n,)
        Code points below TABLE_SIZE.
    """
    with _learning:
        for code in set(codes[FOLD_LENGTH[codes] < 0].tolist()):
            folded = _fold(chr(code)) if not 0xD800 <= code <= 0xDFFF else "\ufffd"
            if len(folded) > 1:
                FOLD[code] = row = next(_rows)
                LONG_FOLDS[row] = [ord(char) for char in folded.ljust(MAX_FOLD)]
            elif folded:
                FOLD[code] = ord(folded)
            FOLD_LENGTH[code] = len(folded)  # last: other threads read as we write


def _flags(test: Callable[[str], bool]) -> NDArray[np.bool_]:
    return np.fromiter(map(test, map(chr, range(TABLE_SIZE))), bool, TABLE_SIZE)


#: The same for texts of ASCII alone: a table and the characters that vanish, for `bytes.translate`.
learn(np.arange(128, dtype=np.uint32))
ASCII_FOLD = bytes(FOLD[:128].astype(np.uint8)) + bytes(128)
#: Folds all but capital letters.
ASCII_SPELT = bytes(code if chr(code).isupper() else ASCII_FOLD[code] for code in range(128)) + bytes(128)
ASCII_DROPPED = bytes(np.flatnonzero(FOLD_LENGTH[:128] == 0).tolist())

IS_UPPER = _flags(str.isupper)
IS_WORD = _flags(str.isalnum)
IS_LETTER = _flags(str.isalpha)

HOMOGLYPH = np.zeros(TABLE_SIZE, np.uint32)
HOMOGLYPH[[ord(char) for char in HOMOGLYPHS]] = [ord(char) for char in HOMOGLYPHS.values()]


def look_up(table: NDArray[Scalar], codes: Codes) -> NDArray[Scalar]:
    """Index a table by code points; those beyond the table count as its last entry.

    Parameters
    ----------
    table : ndarray of shape (TABLE_SIZE,)
        One value a code point.
    codes : ndarray of shape (n,)
        Code points.

    Returns
    -------
    ndarray of shape (n,)
        The table's value of each code point.
    """
    return table.take(codes, mode="clip")


def fold(codes: Codes) -> tuple[Codes, NDArray[np.int16]]:
    """Look up what characters fold to.

    Whoever repeats an emoji says nothing new: what stands beside it shall not drown.

    Parameters
    ----------
    codes : ndarray of shape (n,)
        Code points of a text, in order.

    Returns
    -------
    folded : ndarray of shape (n,)
        Code points, or rows of LONG_FOLDS where there are several.
    lengths : ndarray of shape (n,)
        How many there are; an emoji that was met before folds to a blank.
    """
    known = np.minimum(codes, TABLE_SIZE - 1)
    lengths = FOLD_LENGTH.take(known)
    if lengths.min(initial=1) < 0:
        learn(known)
        lengths = FOLD_LENGTH.take(known)
    folded = np.where(known == codes, FOLD.take(known), codes)
    several = np.flatnonzero(lengths > 1)
    emoji = several[LONG_FOLDS[folded[several], 0] == ord(" ")]
    again = np.delete(emoji, np.unique(codes[emoji], return_index=True)[1])
    folded[again], lengths[again] = ord(" "), 1
    return folded, lengths
