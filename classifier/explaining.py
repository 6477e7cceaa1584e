"""Painting: how much each word of the original added to the log-odds."""

import re

import numpy as np
from numpy.typing import NDArray

from classifier.encoding import Encoding
from classifier.features import CHAR_ORDERS, WORD_ORDERS
from classifier.stance import CLASS_ORDERS
from classifier.text import Offsets

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

_WORD = re.compile(r"\S+")


def paint(text: str, encoding: Encoding, contributions: dict[str, Floats]) -> list[tuple[int, int, float]]:
    """Spread the contributions of n-grams evenly over their characters and gather them by word.

    Parameters
    ----------
    text : str
        The original.
    encoding : Encoding
        Of this one text.
    contributions : dict of str to ndarray of shape (n_places, n_orders)
        Log-odds of each n-gram of the blocks "char" and "word".

    Returns
    -------
    list of (int, int, float)
        Half-open spans, sorted, without overlap, that add up to all contributions; none without characters.
    """
    size = len(encoding.batch.codes)
    places = np.arange(size)
    folded = np.zeros(size)
    for column, order in enumerate(CHAR_ORDERS):
        folded += _spread(size, places, np.minimum(places + order, size), contributions["char"][:, column])
    words = encoding.words
    for column, order in enumerate(WORD_ORDERS):
        ends = np.append(words.ends, np.full(order - 1, size))[order - 1 :]
        folded += _spread(size, words.starts, ends, contributions["word"][:, column])
    if not len(encoding.texts[0].codes):
        return []
    folded += _spread(size, words.starts, words.ends, contributions["relation"].sum(axis=1))
    tokens = encoding.class_words
    for column, order in enumerate(CLASS_ORDERS):
        last = words.ends[tokens[np.minimum(np.arange(len(tokens)) + order - 1, len(tokens) - 1)]]
        folded += _spread(size, words.starts[tokens], last, contributions["class"][:, column])
    return _by_word(text, _original(folded, encoding, len(text)))


def _spread(size: int, starts: Places | Offsets, ends: Places | Offsets, values: Floats) -> Floats:
    """Give each character of [start, end) an equal share of the value."""
    share = values / (ends - starts)
    steps = np.bincount(starts, share, size + 1) - np.bincount(ends, share, size + 1)
    sums: Floats = np.cumsum(steps)[:size]
    return sums


def _original(folded: Floats, encoding: Encoding, size: int) -> Floats:
    """Move the shares of folded characters, the blanks around them included, to the original's."""
    chars = encoding.texts[0]
    inner = folded[1:-1].copy()
    inner[0] += folded[0]
    inner[-1] += folded[-1]
    return _spread(size, chars.starts, chars.ends, inner)


def _by_word(text: str, shares: Floats) -> list[tuple[int, int, float]]:
    """Add up the shares by word; a gap belongs to the word before it, the first one to the first word."""
    spans = [match.span() for match in _WORD.finditer(text[: len(shares)])]
    if not spans:
        return []
    begins = np.array([0, *(start for start, _ in spans[1:])])
    sums = np.add.reduceat(shares, begins)
    return [(start, end, float(value)) for (start, end), value in zip(spans, sums, strict=True)]
