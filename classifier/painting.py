"""Painting: how much each word of the original added to the log-odds."""

import re

import numpy as np
from numpy.typing import NDArray

from classifier.encoding import Encoding
from classifier.features import CHAR_ORDERS, WORD_ORDERS, find_words
from classifier.stance import CLASS_ORDERS

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

_WORD = re.compile(r"\S+")
_CHARS = np.array(CHAR_ORDERS)
_WORDS = np.arange(len(WORD_ORDERS))
_CLASSES = np.arange(len(CLASS_ORDERS))


def paint(
    text: str, encoding: Encoding, contributions: dict[str, Floats]
) -> tuple[list[tuple[int, int]], Floats]:
    """Spread the contributions of n-grams evenly over their characters and gather them by word.

    Parameters
    ----------
    text : str
        The original.
    encoding : Encoding
        Of this one text.
    contributions : dict of str to ndarray of shape (n_places, n_orders, n_labels)
        Log-odds of each n-gram of the blocks.

    Returns
    -------
    places : list of (int, int)
        Half-open spans, sorted, without overlap; none without characters.
    sums : ndarray of shape (n_spans, n_labels)
        What each adds; together all contributions.
    """
    chars = encoding.texts[0]
    spans = (
        [match.span() for match in _WORD.finditer(text[: int(chars.ends[-1])])] if len(chars.codes) else []
    )
    if not spans:
        return [], np.zeros((0, contributions["char"].shape[-1]))
    starts, ends, kinds = _stretches(encoding)
    values = np.concatenate(
        [contributions[kind].reshape(-1, contributions[kind].shape[-1]) for kind in kinds]
    )
    folded = _spread(len(encoding.batch.codes), starts, ends, values)
    folded[1] += folded[0]
    folded[-2] += folded[-1]
    shares = folded[1:-1]
    if len(shares) != len(text) or np.count_nonzero(chars.ends[:-1] != chars.starts[1:]):
        shares = _spread(len(text), chars.starts.astype(np.intp), chars.ends.astype(np.intp), shares)
    # A gap belongs to the word before it, the first one to the first word.
    return spans, np.add.reduceat(shares, [0, *(start for start, _ in spans[1:])], axis=0)


def _stretches(encoding: Encoding) -> tuple[Places, Places, list[str]]:
    """Return where each n-gram begins and ends in the folded characters, and the blocks in that order."""
    size = len(encoding.batch.codes)
    begins, ends = find_words(encoding.batch)
    tokens, loaded = encoding.class_words, encoding.loaded
    places = np.arange(size)
    later = np.concatenate([ends, np.full(len(_WORDS), size)])
    last = tokens.take(np.arange(len(tokens))[:, None] + _CLASSES, mode="clip")
    related = np.full((len(loaded), encoding.blocks["relation"].rows.shape[1]), loaded[:, None])
    stretches = {
        "char": (places.repeat(len(_CHARS)), np.minimum(places[:, None] + _CHARS, size)),
        "word": (begins.repeat(len(_WORDS)), later.take(np.arange(len(ends))[:, None] + _WORDS)),
        "relation": (begins.take(related), ends.take(related)),
        "class": (begins.take(tokens).repeat(len(_CLASSES)), ends.take(last)),
    }
    begun, done = ([stretch[side].ravel() for stretch in stretches.values()] for side in (0, 1))
    return np.concatenate(begun), np.concatenate(done), list(stretches)


def _spread(size: int, starts: Places, ends: Places, values: Floats) -> Floats:
    """Give each character of [start, end) an equal share of the values, of shape (n, n_labels)."""
    labels = values.shape[1]
    shares = (values / (ends - starts)[:, None]).ravel()
    columns = np.arange(labels)
    begun, done = (
        np.bincount((places[:, None] * labels + columns).ravel(), shares, (size + 1) * labels)
        for places in (starts, ends)
    )
    return np.asarray((begun - done).reshape(-1, labels).cumsum(axis=0)[:size], np.float64)
