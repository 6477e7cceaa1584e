"""Putting the second stage on the first: who is asked about, and heads fitted to what neither was taught."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from classifier.cascade import Cascade, read_own_words
from classifier.examples import Examples, Scored
from classifier.explaining import sigmoid
from classifier.heads import Lessons, fit
from classifier.model import CommentModel
from classifier.reader import Reader
from classifier.thresholds import cut_at, recommend

Floats = NDArray[np.float64]

#: Share of clean news comments that the reader is asked about because of each label.
ASK_BUDGET = (0.09, 0.08, 0.03)
#: Log-odds below which it is not. Who signs, which it does not see and news comments lack, makes many a
#: harmless comment spam as likely as one in twenty.
LEAST_TO_ASK = (-np.inf, -np.inf, -2.0)


def stack(
    fast: CommentModel,
    odds: Floats,
    reader: Reader,
    halves: tuple[Examples, Examples],
    step: Callable[[], None],
) -> Cascade:
    """Fit the second stage.

    Parameters
    ----------
    fast : CommentModel
        Calibrated, with thresholds.
    odds : ndarray of shape (n, 3)
        What it says of the comments of both halves.
    reader : Reader
        Reads what the fast stage is not sure of.
    halves : (Examples, Examples)
        Rows kept from training, n of them: heads are fitted to the first, who is asked about follows from
        both.
    step : callable
        Called after each comment that was read.

    Returns
    -------
    Cascade
        With recommended thresholds.

    Raises
    ------
    ValueError
        If a label has examples of one class only among the comments that were read.
    """
    tuning, check = halves
    both = tuning + check
    news = both.clean_news if both.clean_news.any() else both.labels[:, -1] == 0
    ask = choose_ask(odds[news])
    asked = np.asarray((odds >= ask).any(axis=1), bool)
    reader.remember(len(asked))
    with ThreadPoolExecutor(2) as threads:
        readings = []
        for reading in threads.map(
            lambda document: read_own_words(reader, document), both.take(asked).documents
        ):
            readings.append(reading)
            step()
    pairs = zip(np.flatnonzero(asked).tolist(), readings, strict=True)
    taught = {place: reading.means[0] for place, reading in pairs if reading and place < len(tuning.rows)}
    rows, seen = list(taught), np.array(list(taught.values()), float)
    lessons = Lessons(seen, odds[rows], both.labels[rows], both.weights[rows])
    cascade = Cascade(fast, fit(reader, ask, lessons))
    cascade.thresholds_ = recommend(Scored(both, sigmoid(cascade.finish_all(both.documents, odds))))
    return cascade


def choose_ask(news: Floats) -> Floats:
    """Choose who the reader is asked about.

    Parameters
    ----------
    news : ndarray of shape (n, 3)
        Log-odds of clean news comments in the fast stage.

    Returns
    -------
    ndarray of shape (3,)
        Log-odds that no more of them than the sum of ASK_BUDGET reach, by any label.
    """
    for scale in np.linspace(2.0, 1.0, 26):  # labels that ask about the same comments leave room for more
        cuts = [cut_at(news[:, head], min(share * scale, 1)) for head, share in enumerate(ASK_BUDGET)]
        ask = np.maximum(cuts, LEAST_TO_ASK)
        if (news >= ask).any(axis=1).mean() <= sum(ASK_BUDGET):
            break
    return ask
