"""Painting: how much each word of the original added to the log-odds."""

import re

import numpy as np
from numpy.typing import NDArray

from classifier.encoding import Encoding
from classifier.features import CHAR_ORDERS, WORD_ORDERS, find_words
from classifier.stance import CLASS_ORDERS

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
Integers = NDArray[np.signedinteger]

_WORD = re.compile(r"\S+")
_CHARS = np.array(CHAR_ORDERS, float)[:, None, None]


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
    contributions : dict of str to ndarray of shape (n_orders, n_places, n_labels)
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
    labels = contributions["char"].shape[-1]
    values = np.concatenate([contributions[kind].reshape(-1, labels) for kind in kinds])
    changes = _changes(len(encoding.batch.codes), starts, ends, values)
    _add_runs(changes, contributions["char"] / _CHARS)
    folded = changes.cumsum(axis=0)
    folded[1] += folded[0]
    folded[-2] += folded[-1]
    shares = folded[1:-1]
    if len(shares) != len(text) or np.count_nonzero(chars.ends[:-1] != chars.starts[1:]):
        shares = _changes(len(text), chars.starts, chars.ends, shares).cumsum(axis=0)
    # A gap belongs to the word before it, the first one to the first word.
    return spans, np.add.reduceat(shares, [0, *(start for start, _ in spans[1:])], axis=0)


def _stretches(encoding: Encoding) -> tuple[Places, Places, list[str]]:
    """Return where n-grams of words begin and end in the folded characters, and the order of their blocks."""
    begins, ends = find_words(encoding.batch)
    tokens, loaded = encoding.class_words, encoding.loaded
    words, relations, classes = len(WORD_ORDERS), encoding.blocks["relation"].rows.shape[1], len(CLASS_ORDERS)
    last = [len(encoding.batch.codes)]
    begun = [begins] * words + [begins.take(loaded)] * relations + [begins.take(tokens)] * classes
    done = (
        _later(ends, last, words)
        + [ends.take(loaded)] * relations
        + _later(ends.take(tokens), ends[-1:], classes)
    )
    return np.concatenate(begun), np.concatenate(done), ["word", "relation", "class"]


def _later(ends: Places, last: Places | list[int], orders: int) -> list[Places]:
    """Return where n-grams of each order end: those that would not fit in do at the last of all."""
    longer = np.concatenate([ends, *[last] * (orders - 1)])
    return [longer[more : more + len(ends)] for more in range(orders)]


def _changes(size: int, starts: Integers, ends: Integers, values: Floats) -> Floats:
    """Give each character of [start, end) an equal share of the values, of shape (n, n_labels).

    Returned is by how much the share of each character differs from that of the character before it.
    """
    labels = values.shape[1]
    shares = values / (ends - starts)[:, None]
    places = np.concatenate([starts, ends]).astype(np.intp)[:, None] * labels + np.arange(labels)
    changes = np.concatenate([shares, -shares])
    found = np.bincount(places.ravel(), changes.ravel(), (size + 1) * labels)
    return np.asarray(found.reshape(-1, labels)[:size], np.float64)


def _add_runs(changes: Floats, shares: Floats) -> None:
    """Add those of the n-grams of characters, one of each order from each character on."""
    changes += np.add.reduce(shares, axis=0)
    for share, order in zip(shares, CHAR_ORDERS, strict=True):
        changes[order:] -= share[: max(len(changes) - order, 0)]
