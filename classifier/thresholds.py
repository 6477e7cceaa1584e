"""Thresholds: what follows from a budget of held comments, and what to expect of it."""

import numpy as np
from numpy.typing import NDArray

from classifier import LABELS
from classifier.examples import NEWS, Scored
from classifier.model import Thresholds

Floats = NDArray[np.float64]

#: Share of clean news comments that each label may hold; together they stay below 1 %.
HOLD_BUDGET = (0.003, 0.004, 0.001)
#: Share of what is no spam, in sources that have spam too, many with links, that may be held as spam.
HAM_BUDGET = 0.0125
#: Spam is rejected unseen only above what one in this many real comments reaches.
REJECT_ONE_IN = 2_000
#: No comment is rejected below this score, however clean the data.
LEAST_REJECT = 0.98


def held(scores: Floats, thresholds: Thresholds) -> NDArray[np.bool_]:
    """Say which comments at least one label would hold.

    Parameters
    ----------
    scores : ndarray of shape (n, 3)
        Probabilities in the order of LABELS.
    thresholds : dict
        As Cascade.thresholds_.

    Returns
    -------
    ndarray of shape (n,), bool
        Held or rejected.
    """
    cuts = np.array([thresholds[label]["hold"] for label in LABELS], float)
    return np.asarray((scores >= cuts).any(axis=1), bool)


def choose_thresholds(news: Floats, ham: Floats, beside: Floats) -> Thresholds:
    """Choose the recommended thresholds from development data.

    Parameters
    ----------
    news : ndarray of shape (n, 3)
        Scores of clean news comments.
    ham : ndarray of shape (m,)
        Spam scores of comments that are not spam.
    beside : ndarray of shape (k,)
        Spam scores of those that stand beside spam: what nobody would take for it tells nothing.

    Returns
    -------
    dict
        Hold for each label within HOLD_BUDGET and, for spam, HAM_BUDGET; reject for spam alone.
    """
    for scale in np.linspace(1.5, 1.0, 26):  # labels that hold the same comments leave room for more
        cuts = np.array([cut_at(news[:, head], share * scale) for head, share in enumerate(HOLD_BUDGET)])
        if (news >= cuts).any(axis=1).mean() <= sum(HOLD_BUDGET):
            break
    chosen: Thresholds = {
        label: {"hold": float(cut), "reject": None} for label, cut in zip(LABELS, cuts, strict=True)
    }
    hold = max(float(cuts[-1]), cut_at(beside, HAM_BUDGET))  # news comments have few links
    chosen["spam"] = {"hold": hold, "reject": max(hold, cut_at(ham, 1 / REJECT_ONE_IN), LEAST_REJECT)}
    return chosen


def cut_at(scores: Floats, share: float) -> float:
    """Find the score that no more than a share reaches.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        At least one.
    share : float
        In [0, 1].

    Returns
    -------
    float
        Just above an observed one.
    """
    return float(np.nextafter(np.quantile(scores, 1 - share, method="higher"), 1.0))


def recommend(scored: Scored) -> Thresholds:
    """Choose thresholds for a model.

    Parameters
    ----------
    scored : Scored
        Rows kept from training, as the calibrated model scores them.

    Returns
    -------
    dict
        As Cascade.thresholds_.
    """
    examples, scores = scored.examples, scored.scores
    spam, news = examples.labels[:, LABELS.index("spam")], examples.clean_news
    ham, sources = spam == 0, examples.sources
    beside = ham & np.isin(sources, sources[spam == 1]) & (sources != NEWS)
    if not beside.any():
        beside = ham
    return choose_thresholds(scores[news if news.any() else ham], scores[ham, -1], scores[beside, -1])


def expected_hold(halves: tuple[Scored, Scored]) -> tuple[int, float | None]:
    """Estimate how many clean news comments the recommended thresholds hold of those they were not chosen on.

    Parameters
    ----------
    halves : (Scored, Scored)
        Rows kept from training, as the calibrated model scores them; thresholds are chosen on either and
        tried on the other (Stone 1974).

    Returns
    -------
    int
        Clean news comments in both.
    float or None
        Share held, in [0, 1]; None without any.
    """
    flags = []
    for chosen_on, tried_on in (halves, halves[::-1]):
        flags.append(held(tried_on.news, recommend(chosen_on)))
    both = np.concatenate(flags)
    return len(both), float(both.mean()) if len(both) else None
