"""Counting n-grams for training: one sparse row a comment."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from classifier.encoding import AUTHOR_FIRST, BLOCK_FIRST, TABLE_SIZE, Encoding, encode
from classifier.lexicon import Lexicon
from classifier.structure import FIELDS, SPAM_ONLY
from classifier.text import Document

Floats = NDArray[np.float64]

#: Comments, or characters of them, that are scored in one go: bounds the memory of a batch.
CHUNK = 256
CHUNK_CHARACTERS = 60_000
#: An n-gram seen less often than this in training has no weight.
MIN_COUNT = 3

_PIECE = 1 << 22

COLUMNS = TABLE_SIZE + len(FIELDS)
FOR_SPAM_ONLY = np.zeros(COLUMNS, bool)
FOR_SPAM_ONLY[AUTHOR_FIRST:TABLE_SIZE] = True
FOR_SPAM_ONLY[[TABLE_SIZE + FIELDS.index(name) for name in SPAM_ONLY]] = True


def chunks(documents: Sequence[Document]) -> Iterator[Sequence[Document]]:
    """Cut into pieces of bounded size.

    Parameters
    ----------
    documents : sequence of Document
        Any number of comments.

    Yields
    ------
    sequence of Document
        At most CHUNK of them.
    """
    start, size = 0, 0
    for index, document in enumerate(documents):
        if index > start and (index - start >= CHUNK or size + len(document.text) > CHUNK_CHARACTERS):
            yield documents[start:index]
            start, size = index, 0
        size += len(document.text)
    if start < len(documents):
        yield documents[start:]


def count(documents: Sequence[Document], lexicon: Lexicon) -> sparse.csr_matrix:
    """Count n-grams by document.

    Parameters
    ----------
    documents : sequence of Document
        Comments, n of them.
    lexicon : Lexicon
        Word classes.

    Returns
    -------
    csr_matrix of shape (n, COLUMNS), float32
        Counts; the fields are the last columns.
    """
    data, indices, sizes = [], [], [np.zeros(1, np.int32)]
    for chunk in chunks(documents):
        part = _count_chunk(encode(chunk, lexicon))
        data.append(part.data)
        indices.append(part.indices)
        sizes.append(np.diff(part.indptr))
    columns = np.concatenate(indices)
    indices.clear()  # not both copies at once: this is the most memory that training takes
    values = np.concatenate(data)
    edges = np.cumsum(np.concatenate(sizes), dtype=np.int32)  # 64 bits would double the columns, too
    return sparse.csr_matrix((values, columns, edges), (len(documents), COLUMNS))


def totals(matrix: sparse.csr_matrix) -> Floats:
    """Add up columns a piece at a time: at once it would take a copy of everything in 64 bits.

    Parameters
    ----------
    matrix : csr_matrix of shape (n, COLUMNS)
        Any.

    Returns
    -------
    ndarray of shape (COLUMNS,)
        Sums.
    """
    sums = np.zeros(COLUMNS)
    for start in range(0, len(matrix.data), _PIECE):
        piece = slice(start, start + _PIECE)
        sums += np.bincount(matrix.indices[piece], matrix.data[piece], COLUMNS)
    return sums


def _count_chunk(encoding: Encoding) -> sparse.csr_matrix:
    size = len(encoding.fields)
    rows, columns = [], []
    for block in encoding.blocks.values():
        rows.append(np.repeat(np.arange(size), np.diff(block.edges) * block.rows.shape[1]))
        columns.append(block.rows.ravel())
    fields = sparse.coo_matrix(encoding.fields)
    entries = np.concatenate([*(np.ones(len(part)) for part in rows), fields.data])
    places = np.concatenate([*rows, fields.row]), np.concatenate([*columns, fields.col + TABLE_SIZE])
    return sparse.csr_matrix((entries.astype(np.float32), places), (size, COLUMNS))


def squared_rarity(counts: Floats, documents: int) -> NDArray[np.float32]:
    """Compute the squared inverse document frequency (Sparck Jones 1972).

    Parameters
    ----------
    counts : ndarray of shape (TABLE_SIZE,)
        Occurrences of each n-gram.
    documents : int
        Number of comments.

    Returns
    -------
    ndarray of shape (TABLE_SIZE,), float32
        0 for n-grams that are too rare to trust.
    """
    rarity = 1.0 + np.log((1.0 + documents) / (1.0 + np.minimum(counts, documents)))
    rarity[counts < MIN_COUNT] = 0
    rarity[BLOCK_FIRST] = 0
    return (rarity**2).astype(np.float32)


def weigh(
    matrix: sparse.csr_matrix, rarity: NDArray[np.float32]
) -> tuple[sparse.csr_matrix, NDArray[np.intp]]:
    """Weigh counts by rarity and bring each block of each document to length one.

    Parameters
    ----------
    matrix : csr_matrix of shape (n, COLUMNS)
        Counts; its memory is used up.
    rarity : ndarray of shape (TABLE_SIZE,)
        Inverse document frequency.

    Returns
    -------
    weighted : csr_matrix of shape (n, n_used)
        Only the columns that occur and count: the solver's time grows with their number.
    used : ndarray of shape (n_used,)
        Which these are.
    """
    rarity = np.append(rarity, np.zeros(len(FIELDS), np.float32))
    for start in range(0, matrix.shape[0], CHUNK):
        edges = matrix.indptr[start : start + CHUNK + 1]
        columns, values = matrix.indices[edges[0] : edges[-1]], matrix.data[edges[0] : edges[-1]]
        rows = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
        cells = rows * len(BLOCK_FIRST) + np.searchsorted(BLOCK_FIRST, columns, "right") - 1
        squares = np.bincount(cells, values * rarity[columns] ** 2)
        norms = np.sqrt(np.where(squares > 0, squares, 1.0))[cells]
        values *= np.where(columns < TABLE_SIZE, rarity[columns] / norms, 1.0)
    matrix.eliminate_zeros()
    used = np.flatnonzero(totals(matrix))
    places = np.zeros(COLUMNS, np.int32)
    places[used] = np.arange(len(used), dtype=np.int32)
    shape = (matrix.shape[0], len(used))
    return sparse.csr_matrix((matrix.data, places[matrix.indices], matrix.indptr), shape), used
