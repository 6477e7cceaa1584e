"""Fitting the heads, out of core: weighed comments pass by piece by piece, epoch by epoch."""

import itertools
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import SGDClassifier

from classifier import LABELS
from classifier.counting import COLUMNS, FOR_SPAM_ONLY, NEVER_FOR_SPAM, squared_rarity, totals, weigh
from classifier.encoding import TABLE_SIZE
from classifier.spool import Piece, Spool, Step, undamaged

Floats = NDArray[np.float64]

#: How often each comment is shown where there are enough of them, and at most: few are shown more often.
_EPOCHS, _MOST_EPOCHS, _ENOUGH = 10, 64, 100_000
#: Pieces that are mixed before the solver sees them: files come one after another, and it forgets.
_MIXED = 12
#: First step of each head's solver, which falls with the fourth root of the comments seen, and passes an
#: epoch: few comments are known to be spam or not, and it takes as many steps.
_FIRST_STEPS, _FALL, _PASSES = (8.0, 8.0, 30.0), 0.25, (1, 1, 2)


@dataclass
class Heads:
    """The state of the fit after some epochs.

    Attributes
    ----------
    solvers : list of SGDClassifier
        One a head.
    epoch : int
        Epochs done.
    sums : ndarray of shape (n_heads, COLUMNS + 1)
        Weights and bias added up over the later half of the epochs (Polyak and Juditsky 1992).
    """

    solvers: list[Any]
    epoch: int
    sums: NDArray[np.float32]

    def keep(self, path: Path) -> None:
        """Write the state so that a later run goes on from here.

        Parameters
        ----------
        path : Path
            Replaced whole or not at all.
        """
        unfinished = path.with_suffix(".unfinished")
        joblib.dump(self, unfinished)
        os.replace(unfinished, path)


def epochs_for(comments: int) -> int:
    """Say how many epochs are enough.

    Parameters
    ----------
    comments : int
        To learn from.

    Returns
    -------
    int
        From 10 to 64.
    """
    return int(np.clip(_EPOCHS * _ENOUGH / max(comments, 1), _EPOCHS, _MOST_EPOCHS))


def prepare(counts: Spool, taught: NDArray[np.bool_], weighed: Spool, step: Step) -> NDArray[np.float32]:
    """Weigh the comments to learn from.

    Parameters
    ----------
    counts : Spool
        Counts of n comments, with the columns labels and weights; a label may be a probability.
    taught : ndarray of shape (n,), bool
        Which of them to learn from.
    weighed : Spool
        Where to write; what it holds already is not written again.
    step : callable
        Called after each piece, twice for each.

    Returns
    -------
    ndarray of shape (TABLE_SIZE,), float32
        Squared inverse document frequency.
    """
    edges = np.cumsum([0, *counts.sizes()]).tolist()
    chosen = [taught[start:end] for start, end in itertools.pairwise(edges)]
    sums = np.zeros(COLUMNS)
    for piece, keep in zip(counts, chosen, strict=True):
        sums += totals(piece.matrix[keep])
        step()
    rarity = squared_rarity(sums[:TABLE_SIZE], int(taught.sum()))
    for number, keep in enumerate(chosen):
        if number >= len(weighed):
            weighed.append(_weighed(counts.read(number), keep, np.sqrt(rarity)))
        step()
    return rarity


def _weighed(piece: Piece, keep: NDArray[np.bool_], rarity: NDArray[np.float32]) -> Piece:
    matrix = weigh(piece.matrix[keep], rarity)
    matrix.data = matrix.data.astype(np.float16)
    return Piece(matrix, {name: piece.columns[name][keep] for name in ("labels", "weights")})


def fit_heads(weighed: Spool, C: tuple[float, ...], epochs: int, kept: Path, step: Step) -> Floats:
    """Fit one logistic regression a label by stochastic gradient descent (Bottou 2010).

    Parameters
    ----------
    weighed : Spool
        From `prepare`.
    C : tuple of float
        Inverse regularisation strength of each head; the last head is spam.
    epochs : int
        How often each comment is seen.
    kept : Path
        The state after each epoch; a run that was broken off goes on from there.
    step : callable
        Called after each epoch, also for those that were done before.

    Returns
    -------
    ndarray of shape (n_heads, COLUMNS + 1)
        Weights, and the bias last.

    Raises
    ------
    UnreadableError
        If what an earlier run left is damaged.
    ValueError
        If a label has examples of one class only.
    """
    labels, weights = weighed.column("labels"), weighed.column("weights")
    shares = np.where(np.isnan(labels), 0, weights)
    _refuse_one_class(labels, shares)
    with undamaged(kept):
        heads = joblib.load(kept) if kept.exists() else _begin(C, shares.sum(axis=0))
    means = shares.sum(axis=0) / np.maximum((shares > 0).sum(axis=0), 1)
    for _ in range(heads.epoch):
        step()
    while heads.epoch < epochs:
        _pass(heads, weighed, means)
        heads.epoch += 1
        if heads.epoch > epochs // 2:
            heads.sums += [np.append(solver.coef_[0], solver.intercept_) for solver in heads.solvers]
        heads.keep(kept)
        step()
    return np.asarray(heads.sums, float) / (epochs - epochs // 2)


def _refuse_one_class(labels: NDArray[Any], shares: NDArray[Any]) -> None:
    for head, label in enumerate(LABELS):
        known = labels[shares[:, head] > 0, head]
        if not ((known > 0).any() and (known < 1).any()):
            msg = f"label {label}: examples of both classes are needed"
            raise ValueError(msg)


def _begin(C: tuple[float, ...], totals: Floats) -> Heads:
    solvers = [
        SGDClassifier(
            loss="log_loss",
            alpha=1 / (strength * total),
            learning_rate="invscaling",
            eta0=first_step,
            power_t=_FALL,
            random_state=0,
        )
        for strength, total, first_step in zip(C, totals, _FIRST_STEPS, strict=True)
    ]
    return Heads(solvers, 0, np.zeros((len(C), COLUMNS + 1), np.float32))


def _pass(heads: Heads, weighed: Spool, means: Floats) -> None:
    """Show every piece to every head once, in an order of this epoch's own."""
    order, last = np.random.default_rng(heads.epoch).permutation(len(weighed)), len(heads.solvers) - 1
    with ThreadPoolExecutor(3) as threads:
        for piece in _mixed(weighed, order.tolist(), threads):
            shown = list(threads.map(partial(_without, piece.matrix), (FOR_SPAM_ONLY, NEVER_FOR_SPAM)))
            labels, weights = piece.columns["labels"].T, (piece.columns["weights"] / means).T
            tasks = [
                Task(solver, _PASSES[head], shown[head == last], labels[head], weights[head])
                for head, solver in enumerate(heads.solvers)
            ]
            # The last head, spam, takes as long as the two others: it is begun first.
            for _ in threads.map(partial(teach, epoch=heads.epoch), reversed(tasks)):
                pass


def _mixed(weighed: Spool, order: list[int], threads: ThreadPoolExecutor) -> Iterator[Piece]:
    """Join some pieces at a time, while those before are learnt."""
    numbers = [order[start : start + _MIXED] for start in range(0, len(order), _MIXED)]
    coming = threads.submit(_joined, weighed, numbers[0])
    for following in numbers[1:]:
        piece, coming = coming.result(), threads.submit(_joined, weighed, following)
        yield piece
    yield coming.result()


def _joined(weighed: Spool, numbers: Sequence[int]) -> Piece:
    pieces = [weighed.read(number) for number in numbers]
    columns = {name: np.concatenate([p.columns[name] for p in pieces]) for name in ("labels", "weights")}
    return Piece(sparse.vstack([piece.matrix for piece in pieces], "csr"), columns)


def _without(matrix: sparse.csr_matrix, hidden: NDArray[np.bool_]) -> sparse.csr_matrix:
    # What is hidden lies close together: most entries are told from it by two comparisons.
    first, last = np.flatnonzero(hidden)[[0, -1]].astype(matrix.indices.dtype)
    near = ((matrix.indices >= first) & (matrix.indices <= last)).nonzero()[0]
    shown = matrix.data.copy()
    shown[near[hidden[matrix.indices[near]]]] = 0
    return sparse.csr_matrix((shown, matrix.indices, matrix.indptr), matrix.shape)


class Task(NamedTuple):
    """Some comments that one head is to be shown.

    Attributes
    ----------
    solver : SGDClassifier
        Of the head.
    passes : int
        How often.
    matrix : csr_matrix of shape (n, COLUMNS)
        The comments.
    labels, weights : ndarray of shape (n,)
        In [0, 1] or NaN; not negative.
    """

    solver: Any
    passes: int
    matrix: sparse.csr_matrix
    labels: Floats
    weights: Floats


def teach(task: Task, epoch: int) -> None:
    """Show comments to a head; a soft label is 1 as often as it is probable.

    Parameters
    ----------
    task : Task
        What to show.
    epoch : int
        Of every chance.
    """
    known = ~np.isnan(task.labels) & (task.weights > 0)
    if known.any():
        rows = task.matrix if known.all() else task.matrix[known]
        labels, weights = task.labels[known], task.weights[known]
        for number in range(task.passes):
            chances = np.random.default_rng([epoch, number]).random(len(labels))
            drawn = (chances < labels).astype(float)
            task.solver.partial_fit(rows, drawn, classes=[0.0, 1.0], sample_weight=weights)
