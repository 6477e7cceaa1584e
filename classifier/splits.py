"""Who must stay together: minimal sets and near-copies never stand on both sides of a split."""

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from classifier.features import Words, sequence_grams

#: Twentieths: fine enough to halve what is kept from training.
FOLDS = 20
#: Keys of a text.
BANDS = 4
_MULTIPLIERS = np.random.default_rng(20261122).integers(1, 1 << 62, (BANDS, 2)).astype(np.uint64) * 2 + 1


def near_copies(texts: Sequence[str], words: Words) -> NDArray[np.uint64]:
    """Hash each text so that near-copies share at least one of their keys (Broder 1997).

    Parameters
    ----------
    texts : sequence of str
        Originals, n of them.
    words : Words
        Their words.

    Returns
    -------
    ndarray of shape (n, 4), uint64
        Keys of four bands over word trigrams; a text of fewer words has the key of its letters.
    """
    keys = np.zeros((len(texts), BANDS), np.uint64)
    shingles = _shingles(words)
    counts = np.maximum(np.diff(words.edges) - 2, 0)
    long = np.flatnonzero(counts)
    if len(long):
        begins = np.cumsum(counts)[long] - counts[long]
        for band, (first, second) in enumerate(_MULTIPLIERS):
            least = [np.minimum.reduceat(shingles * factor, begins) for factor in (first, second)]
            keys[long, band] = least[0] * np.uint64(31) ^ least[1] ^ np.uint64(band)
    for short in np.flatnonzero(counts == 0):
        keys[short] = stamp(texts[int(short)].lower().strip())
    return keys


def stamp(text: str) -> int:
    """Hash a text.

    Parameters
    ----------
    text : str
        Any.

    Returns
    -------
    int
        In [0, 2 ** 32); 0 for an empty text.
    """
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def _shingles(words: Words) -> NDArray[np.uint64]:
    """Return the word trigrams that stay within their text."""
    grams = sequence_grams(words.hashes, words.edges, (1, 2, 3), 31)[:, 2].astype(np.uint64)
    inside = np.ones(len(grams), bool)
    for back in (1, 2):
        places = words.edges[1:] - back
        inside[places[places >= words.edges[:-1]]] = False
    return grams[inside]


def group(keys: NDArray[np.uint64], pairs: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Join texts of one minimal set, and near-copies, into groups.

    Parameters
    ----------
    keys : ndarray of shape (n, 4), uint64
        From `near_copies`.
    pairs : ndarray of shape (n,), uint64
        Stamp of the minimal set of each, or 0.

    Returns
    -------
    ndarray of shape (n,)
        Number of the group of each.
    """
    size = len(keys)
    in_pair = np.flatnonzero(pairs)
    columns = [(np.arange(size), keys[:, band]) for band in range(BANDS)] + [(in_pair, pairs[in_pair])]
    rows, nodes, first = [], [], size
    for members, key in columns:
        values, inverse = np.unique(key, return_inverse=True)
        rows.append(members)
        nodes.append(inverse + first)
        first += len(values)
    edges = np.concatenate(rows), np.concatenate(nodes)
    graph = sparse.coo_matrix((np.ones(len(edges[0]), bool), edges), (first, first))
    groups: NDArray[np.int64] = connected_components(graph, directed=False)[1][:size].astype(np.int64)
    return groups


def folds(groups: NDArray[np.int64], marks: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Give each group one of FOLDS folds that depends on its members alone.

    Parameters
    ----------
    groups : ndarray of shape (n,)
        Group of each row.
    marks : ndarray of shape (n,), uint64
        Stamp of the stable name of each row.

    Returns
    -------
    ndarray of shape (n,)
        In [0, FOLDS).
    """
    least = np.full(groups.max(initial=-1) + 1, np.iinfo(np.int64).max)
    np.minimum.at(least, groups, marks.astype(np.int64))
    return least[groups] // 7 % FOLDS
