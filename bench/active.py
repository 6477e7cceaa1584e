"""Which order of the Uncertain lane teaches a site's correction soonest: the sites of `adaptation`.

`MODQUEUE_DATASETS=DIR python -m bench active`. Of the comments that wait, moderators decide STEP at a time in
some order, the correction is learnt from all decisions so far, and later comments are judged with it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray
from rich.table import Table
from scipy.special import expit
from sklearn.metrics import average_precision_score

from bench.adaptation import LATER, Place, places
from classifier import LABELS, registry
from classifier.correction import Seen
from classifier.site_learning import correct

Floats = NDArray[np.float64]
Rank = Callable[[Place, Floats, NDArray[np.intp], NDArray[np.intp]], Floats]

ROUNDS, WAITING, STEP, SIZES = 3, 600, 50, (100, 200)
SEED = 200


def run() -> Table:
    """Measure the gain in average precision by so many decisions, in each order."""
    table = Table(title="Gain in average precision by so many decisions, by order; mean over the sites")
    columns = [f"{n}" for n in SIZES]
    for column in ("order", *columns, "sites better than random", "worse"):
        table.add_column(column, justify="left" if column == "order" else "right")
    chosen = [place for place in places() if len(place.truth) >= WAITING + 200]
    found = {name: np.array([_gains(place, rank) for place in chosen]) for name, rank in ORDERS.items()}
    for name, gains in found.items():
        beside = gains[:, -1] - found["random"][:, -1]
        cells = [f"{gain:+.3f}" for gain in gains.mean(axis=0)]
        table.add_row(name, *cells, f"{(beside > 0.005).sum()}", f"{(beside < -0.005).sum()}")
    return table


def _gains(place: Place, rank: Rank) -> Floats:
    return np.asarray(
        np.mean([_course(place, rank, seed) for seed in range(SEED, SEED + ROUNDS)], axis=0), np.float64
    )


def _course(place: Place, rank: Rank, seed: int) -> list[float]:
    """Decide what waits in some order; return the gain at each of SIZES."""
    order = np.random.default_rng(seed).permutation(len(place.truth))
    waiting, later = order[:WAITING], order[WAITING:][:LATER]
    decided, odds, gains = waiting[:0], place.seen.odds[:, place.head], []
    while len(decided) < SIZES[-1]:
        free = np.setdiff1d(waiting, decided, assume_unique=True)
        next_ones = free[np.argsort(-rank(place, odds, free, decided), kind="stable")[:STEP]]
        decided = np.concatenate([decided, next_ones])
        odds = _learnt(place, decided)
        if len(decided) in SIZES:
            gains.append(
                _precision(place, odds, later) - _precision(place, place.seen.odds[:, place.head], later)
            )
    return gains


def _learnt(place: Place, decided: NDArray[np.intp]) -> Floats:
    labels = np.full((len(decided), len(LABELS)), np.nan)
    labels[:, place.head] = place.truth[decided]
    correction, _ = correct(place.seen.take(decided), labels, np.ones(len(decided)))
    moved = correction.moves(place.seen) if correction else 0.0
    return np.asarray((place.seen.odds + moved)[:, place.head], np.float64)


def _precision(place: Place, odds: Floats, later: NDArray[np.intp]) -> float:
    return float(average_precision_score(place.truth[later], odds[later]))


def _random(_place: Place, odds: Floats, free: NDArray[np.intp], _decided: NDArray[np.intp]) -> Floats:
    return np.random.default_rng(len(odds)).random(len(free))


def _close(place: Place, odds: Floats, free: NDArray[np.intp], _decided: NDArray[np.intp]) -> Floats:
    """Prefer what scores close to the champion's threshold: what the lane does."""
    return np.asarray(-np.abs(expit(odds[free]) - _hold(place.head)), np.float64)


@cache
def _hold(head: int) -> float:
    return float(registry.load(registry.SHIPPED).model.thresholds_[LABELS[head]]["hold"] or 0.5)


def _unsure(_place: Place, odds: Floats, free: NDArray[np.intp], _decided: NDArray[np.intp]) -> Floats:
    """Prefer what scores close to even odds (uncertainty sampling, Lewis and Gale 1994)."""
    return -np.abs(odds[free])


def _new(place: Place, odds: Floats, free: NDArray[np.intp], decided: NDArray[np.intp]) -> Floats:
    """Prefer what is unsure and unlike what was decided (the opposite of density)."""
    score = expit(odds[free])
    return np.asarray(score * (1 - score) * (1 - _likeness(place.seen, free, decided)), np.float64)


def _dense(place: Place, odds: Floats, free: NDArray[np.intp], _decided: NDArray[np.intp]) -> Floats:
    """Prefer what is unsure and like much else that waits (information density, Settles and Craven 2008)."""
    score = expit(odds[free])
    means = _unit(place.seen.means[free])
    return np.asarray(score * (1 - score) * np.maximum(means @ means.mean(axis=0), 0.0), np.float64)


def _likeness(seen: Seen, free: NDArray[np.intp], decided: NDArray[np.intp]) -> Floats:
    if not len(decided):
        return np.zeros(len(free))
    return np.asarray((_unit(seen.means[free]) @ _unit(seen.means[decided]).T).max(axis=1), np.float64)


def _unit(means: Floats) -> Floats:
    return np.asarray(means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9), np.float64)


ORDERS: dict[str, Rank] = {
    "random": _random,
    "close to the threshold (the lane)": _close,
    "close to even odds": _unsure,
    "unsure and new": _new,
    "unsure and dense": _dense,
}
