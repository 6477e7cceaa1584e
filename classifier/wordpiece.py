"""From folded text to the numbers of word pieces (Schuster and Nakajima 2012) that the encoder knows."""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

#: A longer word is one unknown piece.
LONGEST_WORD = 100
#: Words whose pieces are remembered.
_REMEMBERED = 20_000

#: What is a word of its own wherever it stands; other signs belong to the word that they touch.
_PUNCTUATION = "".join(
    char
    for char in map(chr, range(0x21, 0x3100))
    if (not char.isalnum() if char.isascii() else unicodedata.category(char)[0] == "P")
)
_WORD = re.compile(f"[^\\s{(marks := re.escape(_PUNCTUATION))}\u4e00-\u9fff]+|[{marks}\u4e00-\u9fff]")


class Piece(NamedTuple):
    """A piece of a word.

    Attributes
    ----------
    number : int
        Its place in the vocabulary.
    start : int
        Where it begins in the text, in code points.
    """

    number: int
    start: int


class WordPieces:
    """Splits words into the longest pieces that a vocabulary has.

    Parameters
    ----------
    vocabulary : sequence of str
        Pieces; those that go on within a word begin with ##. Must hold [UNK], [CLS] and [SEP].

    Raises
    ------
    ValueError
        If one of the three is missing.
    """

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self._numbers = {piece: number for number, piece in enumerate(vocabulary)}
        for needed in ("[UNK]", "[CLS]", "[SEP]"):
            if needed not in self._numbers:
                msg = f"the vocabulary has no {needed}"
                raise ValueError(msg)
        self.begin, self.end = self._numbers["[CLS]"], self._numbers["[SEP]"]
        self._known: dict[str, list[Piece]] = {}

    def split(self, text: str) -> list[Piece]:
        """Split a text.

        Parameters
        ----------
        text : str
            Folded to lower case.

        Returns
        -------
        list of Piece
            In order; without those that mark its begin and end.
        """
        return [
            Piece(number, start + found.start())
            for found in _WORD.finditer(text)
            for number, start in self._pieces(found.group())
        ]

    def _pieces(self, word: str) -> list[Piece]:
        # Several threads read at once: what one has found another may forget meanwhile.
        found = self._known.get(word)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._known[word] = self._cut(word)
        return found

    def _cut(self, word: str) -> list[Piece]:
        unknown = [Piece(self._numbers["[UNK]"], 0)]
        pieces: list[Piece] = []
        start = 0
        while start < len(word) <= LONGEST_WORD:
            for end in range(len(word), start, -1):
                number = self._numbers.get("##" * (start > 0) + word[start:end])
                if number is not None:
                    break
            else:
                return unknown
            pieces.append(Piece(number, start))
            start = end
        return pieces or unknown
