"""What both stages found in one text, laid side by side for all labels and added up for one."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from classifier.explaining import Explanation, Quote, Span

Floats = NDArray[np.float64]
Place = tuple[int, int]

#: Contributions that belong to no place in the text, as they are called in an explanation.
AS_A_WHOLE, NOT_READ, OTHER_BIAS = "sentence as a whole", "not read in context", "another starting point"


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What the fast stage found, and what it adds to a few scores.

    Attributes
    ----------
    bias : ndarray of shape (n,)
        Log-odds of a comment without content.
    places : sequence of (int, int)
        Half-open spans of the text, sorted.
    sums : ndarray of shape (n_places, n)
        What each adds.
    fields : dict of str to ndarray of shape (n,)
        What belongs to no place.
    """

    bias: Floats
    places: Sequence[Place]
    sums: Floats
    fields: dict[str, Floats]

    @property
    def total(self) -> Floats:
        """The log-odds.

        Returns
        -------
        ndarray of shape (n,)
            Of each score.
        """
        return np.asarray(self.bias + self.sums.sum(axis=0) + sum(self.fields.values()), np.float64)


def lay_out(found: Sequence[Explanation] | Sequence[Quote], bias: Floats) -> Evidence:
    """Lay explanations of one text side by side.

    Parameters
    ----------
    found : sequence of Explanation or of Quote
        Of n scores of one text.
    bias : ndarray of shape (n,)
        Of each score.

    Returns
    -------
    Evidence
        The same contributions.
    """
    places = [(start, end) for start, end, _ in found[0].spans]
    sums = np.array([[span.contribution for span in one.spans] for one in found]).T
    names = dict.fromkeys(name for one in found for name, _ in one.fields)
    given = [dict(one.fields) for one in found]
    fields = {name: np.array([one.get(name, 0.0) for one in given]) for name in names}
    return Evidence(bias, places, sums.reshape(len(places), len(found)), fields)


def mix(
    evidence: Evidence, shares: Floats, bias: float = 0.0, fields: Mapping[str, float] = MappingProxyType({})
) -> Evidence:
    """Add up scores to one.

    Parameters
    ----------
    evidence : Evidence
        Of n scores.
    shares : ndarray of shape (n,)
        Of each in the new one.
    bias : float
        What the new one has besides.
    fields : mapping of str to float
        Contributions that it has besides.

    Returns
    -------
    Evidence
        Of the one score.
    """
    mixed = {name: float(value @ shares) for name, value in evidence.fields.items()} | dict(fields)
    return Evidence(
        np.array([evidence.bias @ shares + bias]),
        evidence.places,
        (evidence.sums @ shares)[:, None],
        {name: np.array([value]) for name, value in mixed.items()},
    )


def gather(places: Sequence[Place], starts: Iterable[int], values: Floats) -> Floats:
    """Gather what was found at single characters by place.

    Parameters
    ----------
    places : sequence of (int, int)
        At least one, sorted.
    starts : iterable of int
        Characters of the text.
    values : ndarray of shape (n,)
        What was found at each.

    Returns
    -------
    ndarray of shape (n_places,)
        Sums; what stands between two places belongs to the one before it.
    """
    begun = np.array([start for start, _ in places])
    where = np.maximum(begun.searchsorted(list(starts), side="right") - 1, 0)
    return np.asarray(np.bincount(where, values, len(places)), np.float64)


def spell_out(evidence: Evidence) -> tuple[tuple[Span, ...], tuple[tuple[str, float], ...], float]:
    """Turn the evidence of one score into what an explanation shows.

    Parameters
    ----------
    evidence : Evidence
        Of one score.

    Returns
    -------
    tuple of Span, tuple of (str, float), float
        Spans, fields that add something, and the log-odds that they add up to with the bias.
    """
    sums = evidence.sums[:, 0].tolist()
    spans = tuple(Span(*place, value) for place, value in zip(evidence.places, sums, strict=True))
    fields = tuple((name, float(value[0])) for name, value in evidence.fields.items() if value[0])
    return spans, fields, math.fsum([float(evidence.bias[0]), *sums, *(value for _, value in fields)])
