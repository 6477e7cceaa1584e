"""The heads of the second stage: linear in what was read and in what the fast stage said."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from classifier import LABELS
from classifier.reader import Reader, Reading, Window

Floats = NDArray[np.float64]

#: Inverse regularisation strength: there are two inputs a label.
_C = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Heads:
    """What is fitted of the second stage, for labels in the order of LABELS.

    Attributes
    ----------
    reader : str
        Id of the reader whose vectors they weigh.
    ask : ndarray of shape (3,)
        Log-odds of the fast stage from which the reader is asked, whichever label has them.
    words : ndarray of shape (n_dimensions, 3)
        Weight of the mean of the token vectors.
    fast : ndarray of shape (3,)
        Weight of what the fast stage says of the same label.
    bias : ndarray of shape (3,)
        Log-odds of a passage whose words are all like the mean.
    mean : ndarray of shape (n_dimensions,)
        Of passages at large: a word counts by what it differs from it.
    """

    reader: str
    ask: Floats
    words: Floats
    fast: Floats
    bias: Floats
    mean: Floats

    def judge(self, reading: Reading, fast: Floats) -> Floats:
        """Compute the log-odds of passages.

        Parameters
        ----------
        reading : Reading
            Of n windows.
        fast : ndarray of shape (3,)
            Log-odds of the whole comment in the fast stage.

        Returns
        -------
        ndarray of shape (n, 3)
            Log-odds.
        """
        return np.asarray(self.bias + (reading.means - self.mean) @ self.words + fast * self.fast, np.float64)

    def tokens(self, window: Window, head: int) -> Floats:
        """Compute what each token adds to one label.

        Parameters
        ----------
        window : Window
            What was read.
        head : int
            Place in LABELS.

        Returns
        -------
        ndarray of shape (n_tokens,)
            Log-odds.
        """
        return np.asarray((window.vectors - self.mean) @ self.words[:, head] / len(window.vectors), float)


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """Comments that were read, n of them.

    Attributes
    ----------
    means : ndarray of shape (n, n_dimensions)
        Mean of the token vectors of the first window of each.
    fast : ndarray of shape (n, 3)
        Log-odds of the fast stage.
    labels, weights : ndarray of shape (n, 3)
        1, 0 or NaN; not negative.
    """

    means: Floats
    fast: Floats
    labels: Floats
    weights: Floats


def fit(reader: Reader, ask: Floats, lessons: Lessons) -> Heads:
    """Fit a logistic regression a label to what either stage says of comments that neither was taught.

    Parameters
    ----------
    reader : Reader
        Whose readings these are.
    ask : ndarray of shape (3,)
        Log-odds of the fast stage from which it is asked.
    lessons : Lessons
        To fit to.

    Returns
    -------
    Heads
        With the taught heads of the reader folded in (stacking, Wolpert 1992).

    Raises
    ------
    ValueError
        If a label has examples of one class only.
    """
    read = lessons.means @ reader.taught[:-1] + reader.taught[-1]
    found = [
        _fit_head(np.column_stack([read[:, head], lessons.fast[:, head]]), lessons, head)
        for head in range(len(LABELS))
    ]
    (of_reader, of_fast), bias = (
        np.array([head.coef_[0] for head in found]).T,
        np.array([head.intercept_[0] for head in found]),
    )
    words, mean = reader.taught[:-1] * of_reader, lessons.means.mean(axis=0)
    return Heads(reader.id, ask, words, of_fast, bias + reader.taught[-1] * of_reader + mean @ words, mean)


def _fit_head(inputs: Floats, lessons: Lessons, head: int) -> Any:
    truth, weights = lessons.labels[:, head], lessons.weights[:, head]
    known = np.flatnonzero(~np.isnan(truth) & (weights > 0))
    return LogisticRegression(C=_C, solver="newton-cholesky").fit(
        inputs[known], truth[known], sample_weight=weights[known]
    )
