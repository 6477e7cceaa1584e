"""Counting n-grams for training: one sparse row a comment."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from classifier.encoding import AUTHOR_FIRST, BLOCK_FIRST, STANCE, TABLE_SIZE, Encoding
from classifier.structure import FIELDS, SPAM_ONLY
from classifier.text import Document

Floats = NDArray[np.float64]

#: Comments, or characters of them, that are scored in one go: bounds the memory of a batch.
CHUNK = 256
CHUNK_CHARACTERS = 60_000
#: An n-gram seen less often than this in training has no weight.
MIN_COUNT = 3

COLUMNS = TABLE_SIZE + len(FIELDS)
FOR_SPAM_ONLY = np.zeros(COLUMNS, bool)
FOR_SPAM_ONLY[AUTHOR_FIRST:TABLE_SIZE] = True
FOR_SPAM_ONLY[[TABLE_SIZE + FIELDS.index(name) for name in SPAM_ONLY]] = True
#: Who is likened to what, and how, says nothing about spam: what its examples talk of by chance would be
#: learnt.
NEVER_FOR_SPAM = np.zeros(COLUMNS, bool)
NEVER_FOR_SPAM[STANCE] = True


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


def count(encoding: Encoding) -> sparse.csr_matrix:
    """Count n-grams by document.

    Parameters
    ----------
    encoding : Encoding
        Of n comments.

    Returns
    -------
    csr_matrix of shape (n, COLUMNS), float32
        Counts; the fields are the last columns.
    """
    size = len(encoding.fields)
    rows, columns = [], []
    for block in encoding.blocks.values():
        rows.append(np.repeat(np.arange(size), np.diff(block.edges) * block.rows.shape[1]))
        columns.append(block.rows.ravel())
    fields = sparse.coo_matrix(encoding.fields)
    entries = np.concatenate([*(np.ones(len(part)) for part in rows), fields.data])
    places = np.concatenate([*rows, fields.row]), np.concatenate([*columns, fields.col + TABLE_SIZE])
    return sparse.csr_matrix((entries.astype(np.float32), places), (size, COLUMNS))


def totals(matrix: sparse.csr_matrix) -> Floats:
    """Add up columns.

    Parameters
    ----------
    matrix : csr_matrix of shape (n, COLUMNS)
        Any.

    Returns
    -------
    ndarray of shape (COLUMNS,)
        Sums.
    """
    return np.asarray(np.bincount(matrix.indices, matrix.data, COLUMNS), float)


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


def weigh(matrix: sparse.csr_matrix, rarity: NDArray[np.float32]) -> sparse.csr_matrix:
    """Weigh counts by rarity and bring each block of each document to length one.

    Parameters
    ----------
    matrix : csr_matrix of shape (n, COLUMNS)
        Counts; used up.
    rarity : ndarray of shape (TABLE_SIZE,)
        Inverse document frequency.

    Returns
    -------
    csr_matrix of shape (n, COLUMNS), float32
        Without the n-grams that do not count.
    """
    rarity = np.append(rarity, np.zeros(len(FIELDS), np.float32))
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    cells = rows * len(BLOCK_FIRST) + np.searchsorted(BLOCK_FIRST, matrix.indices, "right") - 1
    squares = np.bincount(cells, matrix.data * rarity[matrix.indices] ** 2)
    norms = np.sqrt(np.where(squares > 0, squares, 1.0))[cells]
    matrix.data *= np.where(matrix.indices < TABLE_SIZE, rarity[matrix.indices] / norms, 1.0)
    matrix.eliminate_zeros()
    return matrix
