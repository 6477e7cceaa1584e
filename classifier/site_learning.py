"""Learning a site's correction from its decisions: Gaussian priors, a known share of careless labels, a gate.

The correction is a Gaussian process around the champion's log-odds, whose covariance is linear in what both
stages see: without decisions it is nothing, and each decision moves it by as much as it tells.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from classifier import LABELS, splits
from classifier.careless import fit, likelihood
from classifier.cascade import Cascade
from classifier.correction import SURE, Correction, Seen, assemble, look
from classifier.encoding import encode_whole
from classifier.text import Document

Floats = NDArray[np.float64]

#: So many of the latest decisions are learnt from; of one kind there must be as many at least.
LATEST, FEWEST = 1000, 5
#: Shares of labels that may have been given the wrong way round; 0.02 bounds what one decision can do.
NOISES = (0.02, 0.1, 0.3)
#: How many standard errors a gain must exceed: with one, careless labels did harm in some simulations.
ERRORS = 2.0
#: Variances of the shift and the slope of all scores.
CALIBRATION = np.array([1.0, 0.1])
_SMALL = 1e-9


class Freedom(NamedTuple):
    """How much a correction may do: the prior variance of the weights of n-grams and reader's vectors."""

    name: str
    grams: float
    means: float


NONE, *SOME = (
    Freedom("none", 0.0, 0.0),
    Freedom("calibration", 0.0, 0.0),
    Freedom("words", 1.0, 0.1),
    Freedom("more words", 2.0, 0.3),
)


@dataclass(frozen=True, slots=True)
class Learnt:
    """What became of one label.

    Attributes
    ----------
    decisions, positives : int
        Learnt from, near-copies counted once.
    freedom : str
        Name of the kind of correction that is worth its while.
    careless : float
        Share of labels that seem to be the wrong way round.
    gain, error : float
        By how much a decision is likelier than by the champion, in nats, and the standard error.
    believed : float
        Share of the correction that is applied.
    before, after : float or None
        Average precision of the champion and of what the other decisions make of each comment.
    """

    decisions: int
    positives: int
    freedom: str = NONE.name
    careless: float = 0.0
    gain: float = 0.0
    error: float = 0.0
    believed: float = 0.0
    before: float | None = None
    after: float | None = None


def learn(
    champion: Cascade, documents: Sequence[Document], labels: Floats, shares: Floats
) -> tuple[Correction | None, dict[str, dict[str, Any]]]:
    """Learn a site's correction.

    Parameters
    ----------
    champion : Cascade
        In use.
    documents : sequence of Document
        Comments that were decided, the latest last, n of them.
    labels : ndarray of shape (n, 3)
        1, 0 or NaN.
    shares : ndarray of shape (n,)
        By which the audit drew each, in (0, 1]; 1 of what it did not draw.

    Returns
    -------
    correction : Correction or None
        None where the decisions tell nothing that the champion does not know.
    figures : dict of str to dict
        `Learnt` by label.
    """
    places = _once(champion, documents)[-LATEST:]
    if not len(places):
        return None, {label: asdict(Learnt(0, 0)) for label in LABELS}
    seen = look(champion, [documents[place] for place in places])
    return correct(seen, labels[places], balance(shares[places]))


def correct(
    seen: Seen, labels: Floats, weights: Floats
) -> tuple[Correction | None, dict[str, dict[str, Any]]]:
    """Learn a correction from comments that were looked at.

    Parameters
    ----------
    seen : Seen
        Of n comments.
    labels : ndarray of shape (n, 3)
        1, 0 or NaN.
    weights : ndarray of shape (n,)
        Not negative.

    Returns
    -------
    correction : Correction or None
        None where the decisions tell nothing that the champion does not know.
    figures : dict of str to dict
        `Learnt` by label.
    """
    found, variances, figures = np.zeros(labels.shape), np.zeros((2, len(LABELS))), {}
    for head, label in enumerate(LABELS):
        known = np.flatnonzero(~np.isnan(labels[:, head]))
        chosen, weighed, learnt = _choose(seen.take(known), head, labels[known, head], weights[known])
        found[known, head], variances[:, head] = weighed, (chosen.grams, chosen.means)
        figures[label] = asdict(learnt)
    made = assemble(seen, found, variances[0], variances[1], CALIBRATION) if found.any() else None
    return made, figures


def balance(shares: Floats) -> Floats:
    """Weigh decisions by one over the share that was drawn, without letting a few outweigh all.

    Parameters
    ----------
    shares : ndarray of shape (n,)
        In (0, 1].

    Returns
    -------
    ndarray of shape (n,)
        At most the root of n before they are scaled to add up to the effective number of decisions.

    References
    ----------
    Ionides (2008), Truncated importance sampling, J. Comput. Graph. Stat. 17, 295-311, section 2;
    Kish (1965), Survey sampling, section 11.7.
    """
    weights = np.minimum(1.0 / shares, max(1.0, np.sqrt(len(shares))))
    return np.asarray(weights * weights.sum() / max((weights**2).sum(), _SMALL), np.float64)


def _choose(seen: Seen, head: int, truth: Floats, weights: Floats) -> tuple[Freedom, Floats, Learnt]:
    """Choose what makes decisions likeliest that it was not told, and how much of it to believe."""
    positives, nothing = int(truth.sum()), np.zeros(len(truth))
    if min(positives, len(truth) - positives) < FEWEST:
        return NONE, nothing, Learnt(len(truth), positives)
    odds = np.clip(seen.odds[:, head], -SURE, SURE)
    covariances = _covariances(seen, odds)
    tried = {
        (freedom, careless): fit(covariances[freedom.name], odds, truth, weights, careless)
        for freedom in SOME
        for careless in NOISES
    }
    chosen, careless = max(tried, key=lambda key: float(weights @ tried[key].said))
    best = tried[chosen, careless]
    champion = max(
        (likelihood(odds, truth, share) for share in NOISES), key=lambda said: float(weights @ said)
    )
    gain, error = _mean(best.said - champion, weights)
    before, after = (float(average_precision_score(truth, scores)) for scores in (odds, best.odds))
    learnt = Learnt(
        len(truth), positives, chosen.name, careless, gain, error, belief(gain, error), before, after
    )
    if not learnt.believed:
        return NONE, nothing, replace(learnt, freedom=NONE.name)
    return chosen, best.weights * learnt.believed, learnt


def belief(gain: float, error: float) -> float:
    """Say how much of a correction to believe: nothing unless its gain exceeds ERRORS standard errors.

    Parameters
    ----------
    gain, error : float
        Of decisions that it was not told, and its standard error, not negative.

    Returns
    -------
    float
        In [0, 1).

    References
    ----------
    Baranchik (1964), Multiple regression and estimation of the mean of a multivariate normal distribution,
    Stanford technical report 51: the positive part of a James-Stein estimator.
    """
    return 1.0 - (ERRORS * error / gain) ** 2 if gain > ERRORS * error else 0.0


def _covariances(seen: Seen, odds: Floats) -> dict[str, Floats]:
    calibration = CALIBRATION[0] + CALIBRATION[1] * np.outer(odds, odds)
    grams, means = (seen.grams @ seen.grams.T).toarray(), seen.means @ seen.means.T
    return {one.name: calibration + one.grams * grams + one.means * means for one in SOME}


def _mean(differences: Floats, weights: Floats) -> tuple[float, float]:
    """Return a weighted mean and its standard error (Cochran 1977, Sampling Techniques, section 6.8)."""
    mean = float(weights @ differences / weights.sum())
    return mean, float(np.sqrt(((weights * (differences - mean)) ** 2).sum()) / weights.sum())


def _once(champion: Cascade, documents: Sequence[Document]) -> NDArray[np.intp]:
    """Return the places of the comments, of near-copies that of the latest alone."""
    if not documents:
        return np.zeros(0, np.intp)
    texts = [document.text for document in documents]
    words = encode_whole([Document(text) for text in texts], champion.fast.lexicon).words
    groups = splits.group(splits.near_copies(texts, words), np.zeros(len(texts), np.uint64))
    latest = dict(zip(groups.tolist(), range(len(groups)), strict=True))
    return np.array(sorted(latest.values()), np.intp)
