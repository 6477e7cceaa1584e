"""A Gaussian process fitted to decisions of which a share is the wrong way round."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from classifier.explaining import sigmoid

Floats = NDArray[np.float64]

_STEPS, _SMALL, _DONE = 30, 1e-9, 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A correction fitted to the decisions on one label, n of them.

    Attributes
    ----------
    weights : ndarray of shape (n,)
        What each decision adds.
    odds : ndarray of shape (n,)
        Log-odds of each comment as all other decisions would have it.
    said : ndarray of shape (n,)
        Log-likelihood of each decision by these.
    """

    weights: Floats
    odds: Floats
    said: Floats


def fit(covariance: Floats, prior: Floats, truth: Floats, weights: Floats, careless: float) -> Fit:
    """Fit a Gaussian process to labels of which a share is the wrong way round.

    Parameters
    ----------
    covariance : ndarray of shape (n, n)
        Of the correction.
    prior : ndarray of shape (n,)
        Log-odds of the champion.
    truth : ndarray of shape (n,)
        1 or 0.
    weights : ndarray of shape (n,)
        Not negative.
    careless : float
        In (0, 0.5).

    Returns
    -------
    Fit
        The mode of the posterior, found by Fisher scoring.

    References
    ----------
    Rasmussen and Williams (2006), Gaussian processes for machine learning, algorithm 3.1; the likelihood with
    flipped labels: Bootkrajang and Kaban (2012), Label-noise robust logistic regression, ECML, equation 2;
    leaving one out without fitting anew: Vehtari et al. (2016), J. Mach. Learn. Res. 17 (103), section 3.3.
    """
    odds, found = prior.copy(), np.zeros(len(prior))
    best = -np.inf
    for _ in range(_STEPS):
        slope, curve, root, factor = _newton(covariance, odds, truth, weights, careless)
        pull = curve * (odds - prior) + slope
        wanted = pull - root * cho_solve(factor, root * (covariance @ pull))
        step, now = 1.0, best
        while step > _SMALL:
            tried = found + step * (wanted - found)
            moved = covariance @ tried
            now = float(weights @ likelihood(prior + moved, truth, careless) - tried @ moved / 2)
            if now >= best:
                break
            step /= 4
        else:
            break
        odds, found, risen, best = prior + moved, tried, now - best, now
        if risen < _DONE:
            break
    return Fit(found, *_left_out(covariance, odds, truth, weights, careless))


def likelihood(odds: Floats, truth: Floats, careless: float) -> Floats:
    """Compute how likely labels are of which a share is the wrong way round.

    Parameters
    ----------
    odds, truth : ndarray of shape (n,)
        Log-odds, and 1 or 0.
    careless : float
        The share.

    Returns
    -------
    ndarray of shape (n,)
        Natural logarithms.
    """
    told = careless + (1 - 2 * careless) * sigmoid(odds)
    return np.asarray(np.log(np.where(truth > 0, told, 1 - told)), np.float64)


def _newton(
    covariance: Floats, odds: Floats, truth: Floats, weights: Floats, careless: float
) -> tuple[Floats, Floats, Floats, Any]:
    """Return slope and expected curvature of the log-likelihood, the curvature's root, and its factor."""
    score = sigmoid(odds)
    told = careless + (1 - 2 * careless) * score
    rise = (1 - 2 * careless) * score * (1 - score)
    spread = told * (1 - told)
    curve = np.maximum(weights * rise**2 / spread, _SMALL)
    root = np.sqrt(curve)
    factor = cho_factor(np.eye(len(odds)) + root[:, None] * covariance * root, lower=True, overwrite_a=True)
    return weights * rise * (truth - told) / spread, curve, root, factor


def _left_out(
    covariance: Floats, odds: Floats, truth: Floats, weights: Floats, careless: float
) -> tuple[Floats, Floats]:
    """Return the log-odds without the decision itself, and how likely it is by these."""
    slope, curve, root, factor = _newton(covariance, odds, truth, weights, careless)
    scaled = root[:, None] * covariance
    variance = np.diag(covariance) - np.einsum("ij,ij->j", scaled, cho_solve(factor, scaled))
    without = odds - variance * slope / np.maximum(1 - variance * curve, _SMALL)
    return without, likelihood(without, truth, careless)
