"""Measures of scores."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from classifier import LABELS
from classifier.examples import Scored
from classifier.model import Thresholds
from classifier.thresholds import cut_at, expected_hold

Floats = NDArray[np.float64]

#: Shares of clean news comments that a table of thresholds shows.
_SHARES = (0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05)


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


def share_by_score(labels: Floats, scores: Floats, bins: int = 15) -> tuple[Floats, Floats]:
    """Compare scores with what they promise: the points of a reliability diagram.

    Parameters
    ----------
    labels : ndarray of shape (n,)
        1 or 0.
    scores : ndarray of shape (n,)
        Probabilities.
    bins : int
        Bins of equal width; empty ones are left out.

    Returns
    -------
    mean, share : ndarray
        Mean score and share of positives by bin.
    """
    index = np.minimum((scores * bins).astype(int), bins - 1)
    counts = np.bincount(index, minlength=bins)
    filled = counts > 0
    mean, share = (np.bincount(index, values, bins)[filled] / counts[filled] for values in (scores, labels))
    return mean, share


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


def trade(labels: Floats, scores: Floats, news: Floats) -> list[tuple[float, float, float]]:
    """List what a threshold catches and what it holds by mistake: the choice that a site has.

    Parameters
    ----------
    labels, scores : ndarray of shape (n,)
        1, 0 or NaN, and probabilities.
    news : ndarray of shape (m,)
        Scores of clean news comments.

    Returns
    -------
    list of (float, float, float)
        Threshold, share of clean news held, share of positives caught; empty without news or positives.
    """
    caught = scores[labels == 1]
    if not len(news) or not len(caught):
        return []
    cuts = [cut_at(news, share) for share in _SHARES]
    return [(cut, float((news >= cut).mean()), float((caught >= cut).mean())) for cut in cuts]


def measure(thresholds: Thresholds, tuning: Scored, check: Scored) -> dict[str, Any]:
    """Measure a model on rows that it has not seen.

    Parameters
    ----------
    thresholds : dict
        As Cascade.thresholds_.
    tuning, check : Scored
        Rows kept from training; on the first the model was calibrated, the second measures.

    Returns
    -------
    dict
        By label: the measures of `rank` in all and by source, and `trade`; of clean_news `expected_hold`.
    """
    scores, labels, sources = check.scores, check.examples.labels, check.examples.sources
    result: dict[str, Any] = {}
    for head, label in enumerate(LABELS):
        by_source = {
            name: rank(labels[sources == name, head], scores[sources == name, head]) for name in set(sources)
        }
        caught = scores[labels[:, head] == 1, head] >= thresholds[label]["hold"]
        result[label] = rank(labels[:, head], scores[:, head]) | {
            "caught_at_hold": float(caught.mean()) if len(caught) else None,
            "thresholds": trade(labels[:, head], scores[:, head], check.news[:, head]),
            "by_source": {name: by_source[name] for name in sorted(by_source) if "auc" in by_source[name]},
        }
    rows, share = expected_hold((tuning, check))
    return result | {"clean_news": {"rows": rows, "held": share}}
