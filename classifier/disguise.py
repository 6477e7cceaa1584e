"""Words that are written so that a filter does not see them: spaced out, or with signs for letters."""

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

#: Where a piece of text begins and ends, and what stands in its place.
Edit = tuple[int, int, str]

# From the first letter of a run on, so that a failing match is looked for once and not from every letter.
_LEET = re.compile(r"(?<![a-z])[a-z]+[0134578@$!|][a-z0134578@$!|]*[a-z]|[$@5](?=[a-z]{3})[a-z]+")
_LEET_LETTERS = str.maketrans("0134578@$!|", "oieastbasil")
_UNITS = re.compile(r"[$@]?[a-z]{1,4}[0-9]+[a-z]?$")
_SPACED = re.compile(
    r"(?<![a-z0-9])[a-z0-9@$](?: [a-z0-9@$](?![a-z0-9@$])){3,}"
    r"|(?<![a-z0-9])[a-z0-9@$]([._\-*·~/,])[a-z0-9@$](?:\1[a-z0-9@$])+(?![a-z0-9])"
)
_NOT_LETTER = re.compile(r"[^a-z0-9@$]")
# What calls for more than folding; those that begin with what is rare in a text are passed over fast.
_SUSPICIOUS = re.compile(r"[0134578@$!|](?:(?<=[a-z].)[a-z0-9]|(?<=[$@5])[a-z]{3})")
_MAYBE_SEPARATED = re.compile(r"[ ._\-*·~/,][a-z0-9@$][ ._\-*·~/,]{1,2}[a-z0-9@$][ ._\-*·~/,]")
_SEPARATED = re.compile(
    r"(?<![a-z0-9])[a-z0-9@$][ ._\-*·~/,]{1,2}[a-z0-9@$][ ._\-*·~/,]{1,2}[a-z0-9@$][ ._\-*·~/,]"
)


def is_separated(text: str) -> bool:
    """Tell whether letters of a word may stand apart.

    Parameters
    ----------
    text : str
        Folded.

    Returns
    -------
    bool
        Whether it is worth looking for their joints.
    """
    return _MAYBE_SEPARATED.search(text) is not None and _SEPARATED.search(text) is not None


def joints(text: str) -> NDArray[np.bool_]:
    """Mark the separators in s p a c e d and d-o-t-t-e-d words.

    Parameters
    ----------
    text : str
        Folded.

    Returns
    -------
    ndarray of shape (n,), bool
        One flag a character.
    """
    found = np.zeros(len(text), bool)
    for match in _SPACED.finditer(text):
        for gap in _NOT_LETTER.finditer(text, *match.span()):
            found[gap.start()] = True
    return found


def leet(text: str) -> Iterator[Edit]:
    """Find words with signs in place of letters.

    Parameters
    ----------
    text : str
        Folded.

    Yields
    ------
    Edit
        The word as it is meant.
    """
    for match in _LEET.finditer(text) if _SUSPICIOUS.search(text) else ():
        word = match.group()
        if not _UNITS.match(word):
            yield *match.span(), word.translate(_LEET_LETTERS)
