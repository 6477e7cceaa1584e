"""What stands between two blanks, taken apart once and remembered: words, their classes, marks.

Words repeat (Zipf 1949), and to look one up takes a tenth of the time of reading it.
"""

import re
import struct
from collections.abc import Container
from itertools import accumulate

import numpy as np

#: Words and marks of a text, one entry each: the word's hash; what it is in the delexicalised channel, 0 for
#: marks; its class; ends of sentences, counted in the lower half of a number, and quotation marks, in the
#: upper half.
ENTRY = np.dtype([("hash", np.uint64), ("token", np.uint64), ("class", np.int64), ("marks", np.int64)])
#: Stands before a capital letter where the text is not ASCII as received: no folded text contains it.
CAPITAL = "\x01"
STOP, QUOTATION = 1, 1 << 32

_ENTRY = struct.Struct("=QQqq").pack
_MARKS = dict.fromkeys(".!?;:\n", _ENTRY(0, 0, 0, STOP)) | {'"': _ENTRY(0, 0, 0, QUOTATION)}
_MOST = 1 << 15
_LONGEST = 32
_ROLL = 0x100000001B3
_64_BITS = (1 << 64) - 1
_SPREAD = 0x9E3779B97F4A7C15
_CAPITALS = re.compile("[A-Z](?![A-Z])")
#: Code points above 0x1FFFF are no letters, as in `classifier.characters`.
_PARTS = re.compile(r"([^\W_\U00020000-\U0010ffff]+(?:'[^\W_\U00020000-\U0010ffff]+)*)|([.!?;:\n\"])")


def hash_word(word: str) -> int:
    """Hash a word as a polynomial in its characters.

    Parameters
    ----------
    word : str
        Folded.

    Returns
    -------
    int
        In [0, 2 ** 64); equal for equal words, wherever they stand.
    """
    hashed = 0
    for code in map(ord, reversed(word)):
        hashed = (hashed + code) * _ROLL & _64_BITS
    return hashed


def class_token(number: int) -> int:
    """Return the token that stands for the words of a class.

    Parameters
    ----------
    number : int
        Of the class.

    Returns
    -------
    int
        In [0, 2 ** 64).
    """
    return (number + 1) * _SPREAD & _64_BITS


class Vocabulary(dict[str, bytes]):
    """The entries, as bytes, of what was met between two blanks; bounded, and safe to share between threads.

    Parameters
    ----------
    classes : dict of int to int
        Number of the class by the hash of the word, for words that are in a class.
    function, name : int
        Number of the class whose words stand for themselves, and that of capitalised words without a class.
    """

    def __init__(self, classes: dict[int, int], function: int, name: int) -> None:
        super().__init__()
        self._classes = classes
        self._function = function
        self._name = name

    def __missing__(self, chunk: str) -> bytes:
        """Take a piece of text apart.

        Parameters
        ----------
        chunk : str
            Without blanks; folded but for capital letters.

        Returns
        -------
        bytes
            Its entries.
        """
        folded, capitals = _unmark(chunk)
        entries = b"".join(
            [
                self._word(part[1], part.start() in capitals) if part[1] else _MARKS[part[2]]
                for part in _PARTS.finditer(folded)
            ]
        )
        if len(chunk) <= _LONGEST:
            if len(self) >= _MOST:
                self.clear()
            self[chunk] = entries
        return entries

    def _word(self, word: str, is_capital: bool) -> bytes:
        hashed = hash_word(word)
        number = self._classes.get(hashed, self._name if is_capital else 0)
        own = hashed if number == self._function else 0
        return _ENTRY(hashed, class_token(number) ^ own, number, 0)


def _unmark(chunk: str) -> tuple[str, Container[int]]:
    """Return the folded text, and where capital letters stand that are not followed by another."""
    if CAPITAL in chunk:
        parts = chunk.split(CAPITAL)
        return "".join(parts), set(accumulate(map(len, parts[:-1])))
    folded = chunk.lower() if chunk.isascii() else chunk
    return folded, () if folded == chunk else {found.start() for found in _CAPITALS.finditer(chunk)}
