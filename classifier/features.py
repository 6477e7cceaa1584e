"""Hashed character and word n-grams of whole batches, each of which knows its place in its comment.

A rolling hash over the code points of all comments at once stands in for a vocabulary (Weinberger et al.
2009); nothing is kept per n-gram but its bucket.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from classifier.characters import IS_WORD, Codes, look_up
from classifier.text import Normalised

CHAR_ORDERS = (3, 4, 5)
WORD_ORDERS = (1, 2, 3)
CHAR_BITS = 18
WORD_BITS = 18

Buckets = NDArray[np.integer]

_BLANK = 32
_APOSTROPHE = 39
_ROLL = np.uint32(0x01000193)
_MIX = np.uint32(0x9E3779B1)
_FOLD, _CHAR_SHIFT = np.uint32(15), np.uint32(32 - CHAR_BITS)
_WORD_ROLL = np.uint64(0x100000001B3)
_WORD_FOLD = np.uint64(29)
_WORD_MIX = np.uint64(0x9E3779B97F4A7C15)
_PAD = np.array([_BLANK], np.uint32)


@dataclass(frozen=True, slots=True)
class Batch:
    """Comments laid end to end, each between two blanks.

    Attributes
    ----------
    codes : ndarray of shape (n_chars,), uint32
        Folded code points.
    edges : ndarray of shape (n_documents + 1,)
        Where each comment begins; the last entry is n_chars.
    """

    codes: Codes
    edges: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a batch.

    Attributes
    ----------
    hashes : ndarray of shape (n_words,), uint64
        Equal for equal words, wherever they stand.
    edges : ndarray of shape (n_documents + 1,)
        Where each comment's words begin.
    """

    hashes: NDArray[np.uint64]
    edges: NDArray[np.intp]


def lay_out(texts: Sequence[Normalised]) -> Batch:
    """Lay comments end to end.

    Parameters
    ----------
    texts : sequence of Normalised
        Any number of them, empty ones too.

    Returns
    -------
    Batch
        Their characters with a blank before and after each.
    """
    sizes = np.array([0, *(len(text.codes) + 2 for text in texts)], np.intp)
    pieces = [piece for text in texts for piece in (_PAD, text.codes, _PAD)]
    return Batch(np.concatenate(pieces or [_PAD[:0]]), sizes.cumsum())


def char_grams(batch: Batch) -> Buckets:
    """Hash the character n-grams of a batch.

    Parameters
    ----------
    batch : Batch
        Comments laid end to end.

    Returns
    -------
    ndarray of shape (n_chars, len(CHAR_ORDERS))
        Bucket of the n-gram that begins at each character; 0 where it would leave its comment.
    """
    codes = batch.codes
    rolled = np.zeros((len(CHAR_ORDERS), len(codes)), np.uint32)
    run = (codes[:-1] * _ROLL + codes[1:]) * _ROLL
    for row, order in zip(rolled, CHAR_ORDERS, strict=True):
        before, run = run, row[: max(len(codes) - order + 1, 0)]
        np.add(before[: len(run)], codes[order - 1 :], out=run)
        run *= _ROLL
    rolled ^= rolled >> _FOLD
    rolled *= _MIX
    rolled >>= _CHAR_SHIFT
    if len(batch.edges) > 2:
        _blot_ends(rolled, batch.edges, CHAR_ORDERS)
    return rolled.T


def find_words(batch: Batch) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find the words of a batch: runs of letters, digits and inner apostrophes.

    Parameters
    ----------
    batch : Batch
        Comments laid end to end.

    Returns
    -------
    starts, ends : ndarray of shape (n_words,)
        Half-open span of each in the batch's characters.
    """
    codes = batch.codes
    inside = np.zeros(len(codes) + 1, bool)
    inside[:-1] = look_up(IS_WORD, codes)
    apostrophes = (codes == _APOSTROPHE).nonzero()[0]
    if len(apostrophes):
        inside[apostrophes] = inside[apostrophes - 1] & inside[apostrophes + 1]
    changes = (inside[1:] != inside[:-1]).nonzero()[0] + 1
    return changes[::2], changes[1::2]


def sequence_grams(
    hashes: NDArray[np.uint64], edges: NDArray[np.intp], orders: Sequence[int], bits: int
) -> Buckets:
    """Hash the n-grams of a sequence of hashed tokens.

    Parameters
    ----------
    hashes : ndarray of shape (n_tokens,), uint64
        One a token.
    edges : ndarray of shape (n_documents + 1,)
        Where each comment's tokens begin.
    orders : sequence of int
        Lengths of the n-grams, ascending from 1.
    bits : int
        Buckets are in [0, 2 ** bits).

    Returns
    -------
    ndarray of shape (n_tokens, len(orders))
        Bucket of the n-gram that begins at each token; 0 where it would leave its comment.
    """
    rolled = np.zeros((len(orders), len(hashes)), np.uint64)
    rolled[0] = run = hashes
    for row, order in zip(rolled[1:], orders[1:], strict=True):
        before, run = run, row[: max(len(hashes) - order + 1, 0)]
        np.multiply(before[: len(run)], _WORD_ROLL, out=run)
        run ^= hashes[order - 1 :] + np.uint64(order)
    rolled ^= rolled >> _WORD_FOLD
    rolled *= _WORD_MIX
    rolled >>= np.uint64(64 - bits)
    _blot_ends(rolled, edges, orders)
    return rolled.view(np.int64).T


def _blot_ends(
    rolled: NDArray[np.uint32] | NDArray[np.uint64], edges: NDArray[np.intp], orders: Sequence[int]
) -> None:
    """Send n-grams that would run into the next comment to bucket 0, which has no weight."""
    ends = edges[1:]
    room = ends.repeat(ends - edges[:-1]) - np.arange(rolled.shape[1])
    rolled *= room >= _column(tuple(orders))


@lru_cache(8)
def _column(orders: tuple[int, ...]) -> NDArray[np.intp]:
    return np.array(orders, np.intp)[:, None]
