"""Hashed character and word n-grams of whole batches, each of which knows its place in its comment.

A rolling hash over the code points of all comments at once stands in for a vocabulary (Weinberger et al.
2009); nothing is kept per n-gram but its bucket.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.characters import IS_WORD, Codes, look_up
from classifier.text import MAX_NORMALISED, Normalised

CHAR_ORDERS = (3, 4, 5)
WORD_ORDERS = (1, 2, 3)
CHAR_BITS = 18
WORD_BITS = 18

Buckets = NDArray[np.int32]

_BLANK = 32
_APOSTROPHE = 39
_ROLL = np.uint32(0x01000193)
_MIX = np.uint32(0x9E3779B1)
_WORD_ROLL = np.uint64(0x100000001B3)
_WORD_MIX = np.uint64(0x9E3779B97F4A7C15)
_POWERS = np.cumprod(np.full(MAX_NORMALISED + 2, _WORD_ROLL, np.uint64))


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
    starts, ends : ndarray of shape (n_words,)
        Half-open span of each in the batch's characters.
    hashes : ndarray of shape (n_words,), uint64
        Equal for equal words, wherever they stand.
    edges : ndarray of shape (n_documents + 1,)
        Where each comment's words begin.
    """

    starts: NDArray[np.intp]
    ends: NDArray[np.intp]
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
    lengths = np.fromiter((len(text.codes) + 2 for text in texts), np.intp, len(texts))
    edges = np.concatenate([[0], np.cumsum(lengths)])
    blank = np.array([_BLANK], np.uint32)
    pieces = [piece for text in texts for piece in (blank, text.codes, blank)]
    return Batch(np.concatenate([*pieces, blank[:0]]), edges)


def char_grams(batch: Batch) -> Buckets:
    """Hash the character n-grams of a batch.

    Parameters
    ----------
    batch : Batch
        Comments laid end to end.

    Returns
    -------
    ndarray of shape (n_chars, len(CHAR_ORDERS)), int32
        Bucket of the n-gram that begins at each character; 0 where it would leave its comment.
    """
    codes = batch.codes
    grams = np.zeros((len(codes), len(CHAR_ORDERS)), np.int32)
    rolled = (codes[:-1] * _ROLL + codes[1:]) * _ROLL
    for column, order in enumerate(CHAR_ORDERS):
        rolled = (rolled[: max(len(codes) - order + 1, 0)] + codes[order - 1 :]) * _ROLL
        grams[: len(rolled), column] = _bucket(rolled, CHAR_BITS)
        _blot_ends(grams[:, column], batch.edges, order)
    return grams


def find_words(batch: Batch) -> Words:
    """Find the words of a batch: runs of letters, digits and inner apostrophes.

    Parameters
    ----------
    batch : Batch
        Comments laid end to end.

    Returns
    -------
    Words
        Their places and hashes.
    """
    codes = batch.codes
    inside = np.zeros(len(codes) + 1, bool)
    inside[:-1] = look_up(IS_WORD, codes)
    apostrophes = np.flatnonzero(codes == _APOSTROPHE)
    inside[apostrophes] = inside[apostrophes - 1] & inside[apostrophes + 1]
    changes = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    starts, ends = changes[::2], changes[1::2]
    edges = np.searchsorted(starts, batch.edges)
    return Words(starts, ends, _hash_words(codes, starts, ends), edges)


def _hash_words(codes: Codes, starts: NDArray[np.intp], ends: NDArray[np.intp]) -> NDArray[np.uint64]:
    """Hash each word as a polynomial in its characters: the last has the lowest power."""
    if not len(starts):
        return np.zeros(0, np.uint64)
    lengths = ends - starts
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    index = np.repeat(starts, lengths) + within
    terms = codes[index] * _POWERS[within]
    hashes: NDArray[np.uint64] = np.add.reduceat(terms, np.cumsum(lengths) - lengths)
    return hashes


def word_grams(words: Words) -> Buckets:
    """Hash the word n-grams of a batch.

    Parameters
    ----------
    words : Words
        The words of a batch.

    Returns
    -------
    ndarray of shape (n_words, len(WORD_ORDERS)), int32
        Bucket of the n-gram that begins at each word; 0 where it would leave its comment.
    """
    return sequence_grams(words.hashes, words.edges, WORD_ORDERS, WORD_BITS)


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
    ndarray of shape (n_tokens, len(orders)), int32
        Bucket of the n-gram that begins at each token; 0 where it would leave its comment.
    """
    grams = np.zeros((len(hashes), len(orders)), np.int32)
    rolled = hashes
    for column, order in enumerate(orders):
        if order > 1:
            rolled = (rolled[:-1] * _WORD_ROLL) ^ (hashes[order - 1 :] + np.uint64(order))
        high = ((rolled ^ (rolled >> np.uint64(29))) * _WORD_MIX) >> np.uint64(64 - bits)
        grams[: len(rolled), column] = high
        _blot_ends(grams[:, column], edges, order)
    return grams


def _bucket(rolled: NDArray[np.uint32], bits: int) -> NDArray[np.uint32]:
    return ((rolled ^ (rolled >> np.uint32(15))) * _MIX) >> np.uint32(32 - bits)


def _blot_ends(column: Buckets, edges: NDArray[np.intp], order: int) -> None:
    """Send n-grams that would run into the next comment to bucket 0, which has no weight."""
    for back in range(1, order):
        places = edges[1:] - back
        column[places[places >= edges[:-1]]] = 0
