"""The gates between a challenger and promotion: each says by how much it was passed or missed."""

import hashlib
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier import LABELS, templates
from classifier.cascade import Cascade
from classifier.examples import Examples, Scored
from classifier.reader import ReaderError
from classifier.templates import Statement
from classifier.text import Document
from classifier.thresholds import expected_hold, held

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

MAX_NEWS_HELD = 0.01
MAX_SUITE_DROP = 0.02
MAX_GROUP_GAP = 0.05
#: Of the fast stage; a reading takes some milliseconds, so that few comments may need one.
MAX_MICROSECONDS, MAX_NEWS_READ = 1_000.0, 0.2
_HARMLESS = ("neutral identity", "positive identity", "negated hate")
_RESAMPLES = 200


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition of promotion.

    Attributes
    ----------
    name : str
        What is asked.
    value, limit : float
        What was found, and how far it may go.
    passed : bool
        Whether it did not go further.
    """

    name: str
    value: float
    limit: float
    passed: bool

    def __str__(self) -> str:
        return (
            f"{'passed' if self.passed else 'FAILED'}  {self.name}: {self.value:.4f}, limit {self.limit:.4f}"
        )


def judge(
    challenger: Cascade,
    champion: Cascade | None,
    tuning: Scored,
    check: Scored,
    suites: Path,
    *,
    recorded: dict[str, Any] | None = None,
) -> list[Gate]:
    """Hold a challenger against the gates.

    Parameters
    ----------
    challenger : Cascade
        Trained on neither check nor the gate half of the suites.
    champion : Cascade or None
        In use now; without it only the absolute gates are judged.
    tuning, check : Scored
        Rows kept from training, as the challenger scores them; with the first it was calibrated.
    suites : Path
        Directory of the functional suites.
    recorded : dict, optional
        What `standing` said of the champion when it was trained: it speaks where its reader is gone.

    Returns
    -------
    list of Gate
        All of them.
    """
    both = (tuning + check).examples
    news = both.take(both.clean_news)
    gates = [_news(challenger, tuning, check), _groups(challenger, suites)]
    gates.append(_speed(challenger, check.examples))
    gates.append(_at_most("clean news comments read", challenger.asked(news.documents), MAX_NEWS_READ))
    if champion:
        gates += _precision(champion, check)
        gates += _functionalities(challenger, champion, suites, recorded or {})
    return gates


def _at_most(name: str, value: float, limit: float) -> Gate:
    return Gate(name, value, limit, bool(value <= limit))


def _news(model: Cascade, tuning: Scored, check: Scored) -> Gate:
    """Judge what to expect, or what the thresholds hold of what they were chosen on, whichever is worse."""
    news = np.concatenate([tuning.news, check.news])
    _, expected = expected_hold((tuning, check))
    found = held(news, model.thresholds_).mean() if len(news) else 0.0
    return _at_most("clean news comments held", max(float(found), expected or 0.0), MAX_NEWS_HELD)


def _groups(model: Cascade, suites: Path) -> Gate:
    rates = group_rates(model, suites)
    return _at_most(
        "gap between groups in harmless statements held",
        max(rates.values()) - min(rates.values()),
        MAX_GROUP_GAP,
    )


def group_rates(model: Cascade, suites: Path) -> dict[str, float]:
    """Measure how many harmless statements about each group are held.

    Parameters
    ----------
    model : Cascade
        Any.
    suites : Path
        Directory of the functional suites.

    Returns
    -------
    dict of str to float
        Share in [0, 1] by group; lower is better, and alike is fair.
    """
    groups = tomllib.loads((suites / "slots.toml").read_text("utf-8"))["G"]
    lines = [line for path in sorted(suites.glob("*.txt")) for line in templates.read(path)]
    harmless = [
        line.text for line in lines if line.kind in _HARMLESS and set(templates.slots(line.text)) == {"G"}
    ]
    flags = held(
        score_texts(model, [text.format(G=group) for group in groups for text in harmless]), model.thresholds_
    )
    shares = flags.reshape(len(groups), -1).mean(axis=1)
    return dict(zip(groups, shares.tolist(), strict=True))


def score_texts(model: Cascade, texts: Sequence[str]) -> Floats:
    """Score bare texts.

    Parameters
    ----------
    model : Cascade
        Any.
    texts : sequence of str
        n of them.

    Returns
    -------
    ndarray of shape (n, 3)
        Probabilities.
    """
    return model.score([Document(text) for text in texts])


def _speed(model: Cascade, check: Examples) -> Gate:
    documents = check.documents[:300]
    started = time.process_time()
    for document in documents:
        model.fast.score([document])
    spent = (time.process_time() - started) / max(len(documents), 1)
    return _at_most("microseconds a comment in the fast stage", spent * 1e6, MAX_MICROSECONDS)


def _precision(champion: Cascade, check: Scored) -> list[Gate]:
    """Compare average precision; the limit is how far it falls in 5 % of bootstrap samples by chance."""
    new, old, labels = check.scores, champion.score(check.examples.documents), check.examples.labels
    gates = []
    for head, label in enumerate(LABELS):
        known = ~np.isnan(labels[:, head])
        truth = labels[known, head]
        if 0 < truth.sum() < len(truth):
            drops = _bootstrap(truth, new[known, head], old[known, head])
            fall = float(drops.mean())
            gates.append(_at_most(f"{label}: fall of average precision", fall, float(drops.std() * 1.645)))
    return gates


def _bootstrap(truth: Floats, new: Floats, old: Floats) -> Floats:
    rng = np.random.default_rng(0)
    chosen = rng.integers(len(truth), size=(_RESAMPLES, len(truth)))
    counts = np.array([np.bincount(rows, minlength=len(truth)) for rows in chosen])
    counts = counts[(counts @ truth > 0) & (counts @ (1 - truth) > 0)]
    return average_precisions(truth, old, counts) - average_precisions(truth, new, counts)


def average_precisions(truth: Floats, scores: Floats, counts: Counts) -> Floats:
    """Measure average precision in many samples of the same rows at once.

    Parameters
    ----------
    truth, scores : ndarray of shape (n,)
        0 or 1, and any numbers of which higher means 1.
    counts : ndarray of shape (m, n)
        How often each row is in each sample; each sample has rows that are 1.

    Returns
    -------
    ndarray of shape (m,)
        In [0, 1]; higher is better.
    """
    order = np.argsort(-scores, kind="stable")
    # Rows of the same score are found together.
    last = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    found = np.cumsum(counts[:, order], axis=1)[:, last]
    right = np.cumsum(counts[:, order] * truth[order], axis=1)[:, last]
    steps = np.diff(right, axis=1, prepend=0) / right[:, -1:]
    return np.asarray((steps * right / np.maximum(found, 1)).sum(axis=1), float)


def accuracy(model: Cascade, suite: Sequence[Statement]) -> dict[str, float]:
    """Measure by functionality how many statements are held, or passed, as they should be.

    Parameters
    ----------
    model : Cascade
        Any.
    suite : sequence of Statement
        Of one half.

    Returns
    -------
    dict of str to float
        Share of right verdicts at the model's thresholds, in [0, 1]; higher is better.
    """
    right = held(score_texts(model, [s.text for s in suite]), model.thresholds_) == [
        any(s.template.labels) for s in suite
    ]
    kinds = np.array([s.template.kind for s in suite])
    return {kind: float(right[kinds == kind].mean()) for kind in dict.fromkeys(kinds.tolist())}


def standing(model: Cascade, suites: Path) -> dict[str, Any]:
    """Measure what later models are held against.

    Parameters
    ----------
    model : Cascade
        Any.
    suites : Path
        Directory of the functional suites.

    Returns
    -------
    dict
        Digest of the suites, and accuracy by functionality on their gate half.
    """
    whole = b"".join(path.read_bytes() for path in sorted(suites.iterdir()))
    reached = accuracy(model, templates.suite(suites, gate=True))
    return {"suites": hashlib.sha256(whole).hexdigest(), "accuracy": reached}


def _functionalities(
    challenger: Cascade, champion: Cascade, suites: Path, recorded: dict[str, Any]
) -> list[Gate]:
    new = standing(challenger, suites)
    # Without the reader that it was fitted to, a champion is not what it was.
    lame = isinstance(champion.reader(), ReaderError) and recorded.get("suites") == new["suites"]
    old = (recorded if lame else standing(champion, suites))["accuracy"]
    return [
        _at_most(f"suite, fall of {kind!r}", old[kind] - reached, MAX_SUITE_DROP)
        for kind, reached in new["accuracy"].items()
    ]
