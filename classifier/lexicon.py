"""Word classes: what a word stands for in the delexicalised features."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from classifier.features import find_words, lay_out
from classifier.text import normalise

#: Likenings that deny humanity, and what hate is made of: the words that relations are drawn from.
LOADED = (
    "VERMIN",
    "ANIMAL",
    "DISEASE",
    "FILTH",
    "OBJECT",
    "SLAVE",
    "MONSTER",
    "SUBHUMAN",
    "ELIMINATE",
    "SLUR",
    "KILL",
    "EXPEL",
    "HATE",
    "INSULT",
    "LOVE",
)
#: Whom something may be said of.
SUBJECTS = ("GROUP", "SIDE", "PEOPLE", "THEY", "HE", "YOU", "ME", "IT")
#: How it is said.
FRAMES = ("NEG", "BE", "LIKE", "SAY", "WORD", "CONDEMN", "MODAL", "ALL", "LITERAL")
#: Class 0 is any other word; words of FUNCTION stand for themselves.
CLASSES = ("OTHER", *LOADED, *SUBJECTS, *FRAMES, "FUNCTION", "NAME")
NUMBER = {name: number for number, name in enumerate(CLASSES)}


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Classes by hashed word.

    Attributes
    ----------
    hashes : ndarray of shape (n_words,), uint64
        Ascending.
    classes : ndarray of shape (n_words,), uint8
        Number in CLASSES of each.
    """

    hashes: NDArray[np.uint64]
    classes: NDArray[np.uint8]

    def look_up(self, hashes: NDArray[np.uint64]) -> NDArray[np.uint8]:
        """Find the classes of words.

        Parameters
        ----------
        hashes : ndarray of shape (n,), uint64
            Of the words.

        Returns
        -------
        ndarray of shape (n,), uint8
            Number in CLASSES, 0 for words that are in no class.
        """
        places = self.hashes.searchsorted(hashes)
        known = self.hashes.take(places, mode="clip") == hashes
        return np.asarray(self.classes.take(places, mode="clip") * known, np.uint8)

    @classmethod
    def read(cls, directory: Path) -> Self:
        """Read the word lists.

        Parameters
        ----------
        directory : Path
            One file CLASS.txt for each class but OTHER and NAME; lines that begin with # are remarks.

        Returns
        -------
        Lexicon
            All of them.

        Raises
        ------
        ValueError
            If a word stands in two lists.
        """
        entries: dict[str, str] = {}
        for name in CLASSES[1:-1]:
            lines = (directory / f"{name}.txt").read_text("utf-8").splitlines()
            for word in " ".join(line for line in lines if not line.startswith("#")).split():
                if entries.setdefault(word, name) != name:
                    msg = f"{directory / name}.txt: {word!r} is also in {entries[word]}.txt; keep one"
                    raise ValueError(msg)
        words = find_words(lay_out([normalise(word) for word in entries]))
        order = np.argsort(words.hashes)
        classes = np.array([NUMBER[name] for name in entries.values()], np.uint8)
        return cls(words.hashes[order], classes[order])
