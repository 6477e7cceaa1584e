"""Word classes: what a word stands for in the delexicalised features."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from classifier.text import normalise
from classifier.vocabulary import Vocabulary, hash_word

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


# Without slots: with them Python before 3.11.4 puts a state of its own in the place of the one below.
@dataclass(frozen=True)
class Lexicon:
    """Classes by hashed word.

    Attributes
    ----------
    hashes : ndarray of shape (n_words,), uint64
        Ascending.
    classes : ndarray of shape (n_words,), uint8
        Number in CLASSES of each.
    known : Vocabulary
        What was met in texts, by these classes; not kept with a model.
    """

    hashes: NDArray[np.uint64]
    classes: NDArray[np.uint8]
    known: Vocabulary = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        classes = dict(zip(self.hashes.tolist(), self.classes.tolist(), strict=True))
        object.__setattr__(self, "known", Vocabulary(classes, NUMBER["FUNCTION"], NUMBER["NAME"]))

    def __getstate__(self) -> list[Any]:
        return [self.hashes, self.classes]

    def __setstate__(self, state: list[Any]) -> None:
        for name, value in zip(("hashes", "classes"), state, strict=True):
            object.__setattr__(self, name, value)
        self.__post_init__()

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
        hashes = np.array([hash_word(normalise(word).text) for word in entries], np.uint64)
        order = np.argsort(hashes)
        classes = np.array([NUMBER[name] for name in entries.values()], np.uint8)
        return cls(hashes[order], classes[order])
