"""Labelled comments with their part in training, one by one and in memory."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from classifier import LABELS
from classifier.reading import Row
from classifier.text import Document

Floats = NDArray[np.float64]

#: The set of real news comments that the hold budget is counted on.
NEWS = "civil_comments_toxic_spans"
#: Weight of a label that nobody gave, and the reader did, beside one that somebody gave.
SOFT_WEIGHT = 0.5
NOT_READ = (np.nan,) * len(LABELS)


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled comment with its part in training.

    Attributes
    ----------
    row : Row
        The comment.
    weights : tuple of float
        Of each label.
    dev : int
        Twentieths of its source that are kept from training.
    made : bool
        Made from another one of the same pair: learnt from, never measured with.
    soft : tuple of float
        Probability of each label as the reader judges it, or NaN: learnt from, never measured with.
    """

    row: Row
    weights: tuple[float, ...]
    dev: int
    made: bool = False
    soft: tuple[float, ...] = NOT_READ

    def lesson(self) -> tuple[Floats, Floats]:
        """Say what the fast stage learns of it.

        Returns
        -------
        labels, weights : ndarray of shape (3,)
            Soft where nobody gave a label; NaN where nothing is known.
        """
        given = np.array(self.row.labels, float)
        unknown = np.isnan(given)
        labels = np.where(unknown, self.soft, given)
        return labels, np.where(unknown, SOFT_WEIGHT, 1.0) * self.weights


@dataclass(frozen=True)
class Examples:
    """Labelled comments in memory, to measure with.

    Attributes
    ----------
    rows : list of Row
        The comments, n of them.
    weights : ndarray of shape (n, 3)
        Of each label of each row.
    """

    rows: list[Row]
    weights: Floats

    @classmethod
    def of(cls, found: Iterable[Example]) -> Self:
        """Keep in memory.

        Parameters
        ----------
        found : iterable of Example
            Any.

        Returns
        -------
        Examples
            The same ones.
        """
        kept = list(found)
        weights = np.array([example.weights for example in kept], float).reshape(-1, len(LABELS))
        return cls([example.row for example in kept], weights)

    @property
    def documents(self) -> list[Document]:
        """What the model may see of each.

        Returns
        -------
        list of Document
            n of them.
        """
        return [row.document for row in self.rows]

    @property
    def labels(self) -> Floats:
        """Labels, of shape (n, 3).

        Returns
        -------
        ndarray of shape (n, 3)
            1, 0 or NaN.
        """
        return np.array([row.labels for row in self.rows], float).reshape(-1, len(LABELS))

    @property
    def sources(self) -> NDArray[np.str_]:
        """Name of the file of each.

        Returns
        -------
        ndarray of shape (n,)
            Of str.
        """
        return np.array([row.source for row in self.rows])

    @property
    def clean_news(self) -> NDArray[np.bool_]:
        """Which rows are news comments known to be neither dehumanising nor hateful, nor spam.

        Returns
        -------
        ndarray of shape (n,)
            Of bool.
        """
        harmless = (self.labels[:, :2] == 0).all(axis=1) & (self.labels[:, 2] != 1)
        return np.asarray((self.sources == NEWS) & harmless, bool)

    def __add__(self, other: Self) -> Self:
        """Join."""
        return type(self)([*self.rows, *other.rows], np.concatenate([self.weights, other.weights]))

    def take(self, chosen: NDArray[np.bool_]) -> Self:
        """Select rows.

        Parameters
        ----------
        chosen : ndarray of shape (n,), bool
            Which.

        Returns
        -------
        Examples
            Those rows.
        """
        rows = [row for row, keep in zip(self.rows, chosen, strict=True) if keep]
        return type(self)(rows, self.weights[chosen])


@dataclass(frozen=True)
class Scored:
    """Labelled comments with what a model says of them, which is asked once.

    Attributes
    ----------
    examples : Examples
        The comments, n of them.
    scores : ndarray of shape (n, 3)
        Probabilities in the order of LABELS.
    """

    examples: Examples
    scores: Floats

    @property
    def news(self) -> Floats:
        """Scores of the clean news comments.

        Returns
        -------
        ndarray of shape (m, 3)
            Of `Examples.clean_news`.
        """
        return self.scores[self.examples.clean_news]

    def __add__(self, other: Self) -> Self:
        """Join."""
        return type(self)(self.examples + other.examples, np.concatenate([self.scores, other.scores]))
