"""Words that are spaced out so that a filter does not see them."""

import re

import numpy as np
from numpy.typing import NDArray

#: Where a piece of text begins and ends, and what stands in its place.
Edit = tuple[int, int, str]

_SPACED = re.compile(
    r"(?<![a-z0-9])[a-z0-9@$](?: [a-z0-9@$](?![a-z0-9@$])){3,}"
    r"|(?<![a-z0-9])[a-z0-9@$]([._\-*·~/,])[a-z0-9@$](?:\1[a-z0-9@$])+(?![a-z0-9])"
)
_NOT_LETTER = re.compile(r"[^a-z0-9@$]")
# What begins with what is rare in a text is passed over fast.
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
