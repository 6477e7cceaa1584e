"""What is added to the champion's log-odds for one site, linear in what both stages see."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from classifier.cascade import Cascade, read_own_words
from classifier.counting import chunks, count, weigh
from classifier.encoding import BLOCK_FIRST, encode
from classifier.reader import Reader
from classifier.text import Document

Floats = NDArray[np.float64]

#: A correction moves no score further, in log-odds: no moderator can turn a clear case around.
MOST = 3.0
#: Log-odds beyond which the champion is sure, as far as a correction is concerned.
SURE = 10.0

# The rows of the table for words and word classes, which follow each other.
_FIRST, _LAST = int(BLOCK_FIRST[1]), int(BLOCK_FIRST[3])


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """What is added to the champion's log-odds for one site, for labels in the order of LABELS.

    Attributes
    ----------
    shift, slope : ndarray of shape (3,)
        Added to all comments, and for each unit of the champion's own log-odds.
    columns : ndarray of shape (n_columns,), int32
        Rows of the champion's table of n-grams, sorted.
    grams : ndarray of shape (n_columns, 3), float32
        What each adds, by its rarity and the length of its block.
    words : ndarray of shape (n_dimensions, 3), float32
        What the mean of the reader's vectors adds; all 0 where it was not read.
    """

    shift: Floats
    slope: Floats
    columns: NDArray[np.int32]
    grams: NDArray[np.float32]
    words: NDArray[np.float32]

    def moves(self, seen: "Seen") -> Floats:
        """Compute by how much it moves comments that were looked at.

        Parameters
        ----------
        seen : Seen
            Of n comments.

        Returns
        -------
        ndarray of shape (n, 3)
            Log-odds, at most MOST up or down.
        """
        wanted = self.calibrated(seen.odds) + seen.means @ self.words
        wanted += seen.grams[:, self.columns - _FIRST] @ self.grams
        return np.asarray(np.clip(wanted, -MOST, MOST), np.float64)

    def calibrated(self, odds: Floats) -> Floats:
        """Compute by how much it moves all comments that the champion scores alike.

        Parameters
        ----------
        odds : ndarray of shape (..., 3)
            Log-odds of the champion.

        Returns
        -------
        ndarray of shape (..., 3)
            Log-odds, not bounded.
        """
        return np.asarray(self.shift + self.slope * np.clip(odds, -SURE, SURE), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a correction rests on, of n comments.

    Attributes
    ----------
    odds : ndarray of shape (n, 3)
        Log-odds of the champion.
    grams : csr_matrix of shape (n, n_grams)
        Words and word classes, each kind brought to length one.
    means : ndarray of shape (n, n_dimensions)
        Mean of the reader's vectors, less that of passages at large; 0 of what was not read.
    """

    odds: Floats
    grams: sparse.csr_matrix
    means: Floats

    def take(self, chosen: NDArray[np.intp]) -> "Seen":
        """Select comments.

        Parameters
        ----------
        chosen : ndarray of shape (m,)
            Their places.

        Returns
        -------
        Seen
            Of these.
        """
        return Seen(self.odds[chosen], self.grams[chosen], self.means[chosen])


def look(champion: Cascade, documents: Sequence[Document]) -> Seen:
    """Look at comments as a correction does.

    Parameters
    ----------
    champion : Cascade
        In use.
    documents : sequence of Document
        At least one, n of them.

    Returns
    -------
    Seen
        Of each.
    """
    rarity = np.sqrt(champion.fast.table_[:, -1])
    counted = [weigh(count(encode(chunk, champion.fast.lexicon)), rarity) for chunk in chunks(documents)]
    means = np.array([mean_read(champion, document) for document in documents])
    grams = sparse.vstack(counted, "csr")[:, _FIRST:_LAST]
    return Seen(champion.log_odds(documents), grams, means)


def mean_read(champion: Cascade, document: Document) -> Floats:
    """Average the reader's vectors of a comment's own words.

    Parameters
    ----------
    champion : Cascade
        In use.
    document : Document
        A comment.

    Returns
    -------
    ndarray of shape (n_dimensions,)
        Less the mean of passages at large; 0 where it is not read.
    """
    reader, heads = champion.reader(), champion.heads
    reading = read_own_words(reader, document) if isinstance(reader, Reader) else None
    if heads is None:
        return np.zeros(0)
    if reading is None:
        return np.zeros(len(heads.mean))
    return np.asarray(reading.means.mean(axis=0) - heads.mean, np.float64)


def assemble(seen: Seen, weights: Floats, grams: Floats, means: Floats, calibration: Floats) -> Correction:
    """Make a correction of what each decision adds to it.

    Parameters
    ----------
    seen : Seen
        Of the comments that were decided, n of them.
    weights : ndarray of shape (n, 3)
        Of each decision for each label; 0 where it is not learnt from.
    grams, means : ndarray of shape (3,)
        Variance of the weight of n-grams and of the reader's dimensions, by label.
    calibration : ndarray of shape (2,)
        Variance of the shift and of the slope.

    Returns
    -------
    Correction
        Without the n-grams that add nothing.
    """
    odds = np.clip(seen.odds, -SURE, SURE)
    dense = seen.grams.T @ (weights * grams)
    found = np.flatnonzero(dense.any(axis=1))
    return Correction(
        shift=calibration[0] * weights.sum(axis=0),
        slope=calibration[1] * (weights * odds).sum(axis=0),
        columns=(found + _FIRST).astype(np.int32),
        grams=dense[found].astype(np.float32),
        words=(seen.means.T @ (weights * means)).astype(np.float32),
    )
