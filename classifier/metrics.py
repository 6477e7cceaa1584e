"""Measures of scores, and the thresholds that follow from a budget of held comments."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from classifier.model import LABELS, Thresholds

Floats = NDArray[np.float64]

#: Share of clean news comments that each label may hold; together they stay below 1 %.
HOLD_BUDGET = (0.003, 0.005, 0.001)
#: Spam is rejected unseen only above what one in this many real comments reaches.
REJECT_ONE_IN = 2_000
#: No comment is rejected below this score, however clean the data.
LEAST_REJECT = 0.98


def calibration_error(labels: Floats, scores: Floats, bins: int = 15) -> float:
    """Compute the expected calibration error (Naeini et al. 2015); lower is better.

    Parameters
    ----------
    labels : ndarray of shape (n,)
        1 or 0.
    scores : ndarray of shape (n,)
        Probabilities.
    bins : int
        Bins of equal width.

    Returns
    -------
    float
        Mean distance between share and score by bin, in [0, 1]; 0 without data.
    """
    if not len(scores):
        return 0.0
    index = np.minimum((scores * bins).astype(int), bins - 1)
    gaps = np.bincount(index, scores, bins) - np.bincount(index, labels, bins)
    return float(np.abs(gaps).sum() / len(scores))


def rank(labels: Floats, scores: Floats) -> dict[str, float]:
    """Measure one label on the rows whose label is known.

    Parameters
    ----------
    labels : ndarray of shape (n,)
        1, 0 or NaN.
    scores : ndarray of shape (n,)
        Probabilities.

    Returns
    -------
    dict of str to float
        rows, positives; of two classes also auc, average_precision (higher is better), calibration_error.
    """
    known = ~np.isnan(labels)
    truth, guess = labels[known], scores[known]
    result = {"rows": float(known.sum()), "positives": float(truth.sum())}
    if 0 < truth.sum() < len(truth):
        result["auc"] = float(roc_auc_score(truth, guess))
        result["average_precision"] = float(average_precision_score(truth, guess))
        result["calibration_error"] = calibration_error(truth, guess)
    return result


def held(scores: Floats, thresholds: Thresholds) -> NDArray[np.bool_]:
    """Say which comments at least one label would hold.

    Parameters
    ----------
    scores : ndarray of shape (n, 3)
        Probabilities in the order of LABELS.
    thresholds : dict
        As CommentModel.thresholds_.

    Returns
    -------
    ndarray of shape (n,), bool
        Held or rejected.
    """
    cuts = np.array([thresholds[label]["hold"] for label in LABELS], float)
    return np.asarray((scores >= cuts).any(axis=1), bool)


def choose_thresholds(news: Floats, ham: Floats) -> Thresholds:
    """Choose the recommended thresholds from development data.

    Parameters
    ----------
    news : ndarray of shape (n, 3)
        Scores of clean news comments.
    ham : ndarray of shape (m,)
        Spam scores of comments that are not spam.

    Returns
    -------
    dict
        Hold for each label within HOLD_BUDGET; reject for spam alone.
    """
    cuts = [
        float(np.nextafter(np.quantile(news[:, head], 1 - share, method="higher"), 1.0))
        for head, share in enumerate(HOLD_BUDGET)
    ]
    chosen: Thresholds = {
        label: {"hold": cut, "reject": None} for label, cut in zip(LABELS, cuts, strict=True)
    }
    blatant = float(np.nextafter(np.quantile(ham, 1 - 1 / REJECT_ONE_IN, method="higher"), 1.0))
    chosen["spam"]["reject"] = max(blatant, cuts[-1], LEAST_REJECT)
    return chosen
