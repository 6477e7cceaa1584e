"""The estimator: three calibrated linear heads over one table of hashed features."""

import tempfile
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted

from classifier import LABELS
from classifier.counting import COLUMNS, chunks, count
from classifier.encoding import TABLE_SIZE, Block, Encoding, encode
from classifier.explaining import Explanation, explain, sigmoid
from classifier.lexicon import Lexicon
from classifier.spool import Piece, Spool, Step
from classifier.text import Document
from classifier.training import fit_heads, prepare

Floats = NDArray[np.float64]
Thresholds = dict[str, dict[str, float | None]]

_LAST = np.zeros(1, np.intp)
_TINY = 1e-300

# glibc gives memory back to the kernel after each batch, and takes it anew for the next one, page by page: a
# third of the time of a batch. From the largest piece freed so far it learns how much is worth keeping.
np.empty(8 << 20, np.uint8)


class CommentModel(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Score comments for LABELS by logistic regression on hashed n-grams, Platt-calibrated.

    Parameters
    ----------
    lexicon : Lexicon
        Word classes.
    C : tuple of float
        Inverse regularisation strength of each head.
    max_iter : int
        Epochs.
    """

    def __init__(
        self, lexicon: Lexicon, C: tuple[float, float, float] = (3.0, 2.0, 30.0), max_iter: int = 16
    ) -> None:
        self.lexicon = lexicon
        self.C = C
        self.max_iter = max_iter

    def fit(self, documents: Sequence[Document], labels: Floats, sample_weight: Floats) -> Self:
        """Learn the heads, each from the documents whose label is known.

        Parameters
        ----------
        documents : sequence of Document
            Comments, n of them.
        labels : ndarray of shape (n, 3)
            1, 0 or NaN for unknown, in the order of LABELS.
        sample_weight : ndarray of shape (n, 3)
            Not negative.

        Returns
        -------
        CommentModel
            Itself; scores are not calibrated yet.

        Raises
        ------
        ValueError
            If a label has examples of one class only.
        """
        with tempfile.TemporaryDirectory() as name:
            counts, done = Spool(Path(name) / "counts"), 0
            for chunk in chunks(documents):
                rows = slice(done, done := done + len(chunk))
                columns = {"labels": labels[rows], "weights": sample_weight[rows]}
                counts.append(Piece(count(encode(chunk, self.lexicon)), columns))
            return self.learn(counts, np.ones(len(documents), bool), Path(name))

    def learn(self, counts: Spool, taught: NDArray[np.bool_], work: Path, step: Step = lambda: None) -> Self:
        """Learn the heads from comments that were counted before.

        Parameters
        ----------
        counts : Spool
            Counts of n comments, with the columns labels and weights, as for `fit`.
        taught : ndarray of shape (n,), bool
            Which of them to learn from.
        work : Path
            Directory for what would be lost if the run were broken off: the next one goes on from there.
        step : callable
            Called twice for each piece and once for each epoch.

        Returns
        -------
        CommentModel
            Itself; scores are not calibrated yet.

        Raises
        ------
        ValueError
            If a label has examples of one class only.
        """
        weighed = Spool(work / "weighed")
        rarity = prepare(counts, taught, weighed, step)
        found = fit_heads(weighed, self.C, self.max_iter, work / "epoch.joblib", step).T
        table = found[:TABLE_SIZE] * np.sqrt(rarity)[:, None]
        self.table_ = np.ascontiguousarray(np.column_stack([table, rarity]), np.float32)  # is read by row
        self.field_weights_, self.bias_ = found[TABLE_SIZE:COLUMNS].copy(), found[COLUMNS].copy()
        self.thresholds_: Thresholds = {label: {"hold": 0.5, "reject": None} for label in LABELS}
        return self

    def calibrate(self, documents: Sequence[Document], labels: Floats, sample_weight: Floats) -> Self:
        """Scale and shift the log-odds of each head to fit documents that were not trained on (Platt 1999).

        Parameters
        ----------
        documents : sequence of Document
            Comments, n of them.
        labels : ndarray of shape (n, 3)
            1, 0 or NaN for unknown.
        sample_weight : ndarray of shape (n, 3)
            Not negative.

        Returns
        -------
        CommentModel
            Itself, with the map folded into its weights: explanations stay exact.
        """
        log_odds = self.log_odds(documents)
        for head in range(len(LABELS)):
            known = np.flatnonzero(~np.isnan(labels[:, head]) & (sample_weight[:, head] > 0))
            platt = LogisticRegression(C=1e6)
            platt.fit(
                log_odds[known, head, None], labels[known, head], sample_weight=sample_weight[known, head]
            )
            scale = platt.coef_[0, 0]
            self.table_[:, head] *= scale
            self.field_weights_[:, head] *= scale
            self.bias_[head] = self.bias_[head] * scale + platt.intercept_[0]
        self.table_ = self.table_.astype(np.float16).astype(np.float32)  # half the bytes to ship, same order
        return self

    def log_odds(self, documents: Sequence[Document]) -> Floats:
        """Compute the log-odds of each label.

        Parameters
        ----------
        documents : sequence of Document
            Comments, n of them; any text at all.

        Returns
        -------
        ndarray of shape (n, 3)
            In the order of LABELS.

        Raises
        ------
        NotFittedError
            If the model was not fitted.
        """
        if not hasattr(self, "table_"):
            check_is_fitted(self)  # says what is missing, and is too slow to ask each time
        parts = [self._score_chunk(encode(chunk, self.lexicon)) for chunk in chunks(documents)]
        return np.concatenate(parts) if parts else np.zeros((0, len(LABELS)))

    def score(self, documents: Sequence[Document]) -> Floats:
        """Compute the calibrated probability of each label.

        Parameters
        ----------
        documents : sequence of Document
            Comments, n of them; any text at all.

        Returns
        -------
        ndarray of shape (n, 3)
            In [0, 1], in the order of LABELS.
        """
        return sigmoid(self.log_odds(documents))

    def _score_chunk(self, encoding: Encoding) -> Floats:
        sums = self._block_sums(list(encoding.blocks.values()))
        total = encoding.fields @ self.field_weights_
        total += self.bias_
        total += np.add.reduce(sums[..., :-1] / _norm(sums[..., -1:]), axis=0)
        return np.asarray(total, np.float64)

    def _block_sums(self, blocks: Sequence[Block]) -> Floats:
        """Add up the rows of the table that blocks name, by block and document."""
        # By order and not by place: each block lies in memory that way. The last row has no weight.
        rows = np.concatenate([*(block.rows.T.ravel() for block in blocks), _LAST])
        orders = [block.rows.shape[1] for block in blocks]
        edges = np.array([block.edges for block in blocks])
        sizes = (edges[:, 1:] - edges[:, :-1]).repeat(orders, axis=0)
        ends = sizes.cumsum().reshape(sizes.shape)
        values = self.table_.take(rows, axis=0, mode="clip")
        sums = np.add.reduceat(values, (ends - sizes).ravel(), axis=0, dtype=np.float64)
        by_order = sums.reshape(*sizes.shape, -1) * (sizes > 0)[..., None]
        return np.asarray(np.add.reduceat(by_order, [0, *accumulate(orders[:-1])], axis=0), np.float64)

    def explain(self, document: Document, label: str) -> Explanation:
        """Explain the score of one label exactly.

        Parameters
        ----------
        document : Document
            A comment.
        label : str
            One of LABELS.

        Returns
        -------
        Explanation
            Its contributions by word and by field.

        Raises
        ------
        ValueError
            If there is no such label.
        """
        return self.explain_all(document, [label])[0]

    def explain_all(self, document: Document, labels: Sequence[str]) -> tuple[Explanation, ...]:
        """Explain the scores of several labels, in the time of little more than one.

        Parameters
        ----------
        document : Document
            A comment.
        labels : sequence of str
            Of LABELS.

        Returns
        -------
        tuple of Explanation
            One a label.

        Raises
        ------
        ValueError
            If there is no such label.
        """
        return explain(self, document, labels)

    def shares(self, blocks: dict[str, Block], heads: Sequence[int]) -> dict[str, Floats]:
        """Compute what the n-grams of one comment add to some labels.

        Parameters
        ----------
        blocks : dict of str to Block
            Of one comment, each of shape (n_places, n_orders).
        heads : sequence of int
            Places in LABELS.

        Returns
        -------
        dict of str to ndarray of shape (n_orders, n_places, n_heads)
            Log-odds.
        """
        rows = np.concatenate([block.rows.T.ravel() for block in blocks.values()])
        values = self.table_.take(rows, axis=0, mode="clip").astype(np.float64)
        weights, found, done = values.take(heads, axis=1), {}, 0
        for kind, block in blocks.items():
            part = slice(done, done := done + block.rows.size)
            share = weights[part] / _norm(np.add.reduce(values[part, -1]))
            found[kind] = share.reshape(*block.rows.shape[::-1], len(heads))
        return found


def _norm(squares: Floats) -> Floats:
    """Return the length; where nothing was found, that of nothing is divided by."""
    return np.asarray(np.sqrt(np.maximum(squares, _TINY)), np.float64)
