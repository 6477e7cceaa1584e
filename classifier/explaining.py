"""Why a comment has its score: what its own words added to the log-odds, and what it quotes, apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from classifier import LABELS
from classifier.encoding import AUTHOR_FIELD, encode_whole
from classifier.painting import paint
from classifier.quoting import split
from classifier.structure import FIELDS
from classifier.text import Document

if TYPE_CHECKING:
    from classifier.model import CommentModel

Floats = NDArray[np.float64]
Place = tuple[int, int]
Fields = tuple[tuple[str, float], ...]


class Span(NamedTuple):
    """A piece of the text and what it added to the log-odds.

    Attributes
    ----------
    start, end : int
        Half-open, in code points of the text as received.
    contribution : float
        Log-odds, positive towards the label.
    """

    start: int
    end: int
    contribution: float


@dataclass(frozen=True, slots=True)
class Quote:
    """A quotation and its own score.

    The bias of the explanation plus all contributions of spans and fields is ``log_odds`` to 1e-9.

    Attributes
    ----------
    start, end : int
        Half-open, in code points of the text as received.
    score, log_odds : float
        What the quotation scores alone.
    spans : tuple of Span
        Sorted, without overlap, within the quotation.
    fields : tuple of (str, float)
        Contributions that belong to no place in it.
    """

    start: int
    end: int
    score: float
    log_odds: float
    spans: tuple[Span, ...]
    fields: Fields


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a comment has its score for one label.

    ``bias`` plus all contributions of spans and fields is ``log_odds`` to 1e-9; ``score`` is its sigmoid.

    Attributes
    ----------
    label : str
        One of LABELS.
    score : float
        Calibrated probability.
    log_odds, bias : float
        The log-odds of the score, and of a comment without content.
    spans : tuple of Span
        Sorted, without overlap, all of them in the author's own words.
    fields : tuple of (str, float)
        Contributions that belong to no place in the text: its structure and its author.
    quotes : tuple of Quote
        What the author quotes, sorted: it does not count in the score.
    by_site : tuple of Span
        How much of the spans the site's own correction added; sorted.
    """

    label: str
    score: float
    log_odds: float
    bias: float
    spans: tuple[Span, ...]
    fields: Fields
    quotes: tuple[Quote, ...] = ()
    by_site: tuple[Span, ...] = ()


def sigmoid(log_odds: Floats) -> Floats:
    """Turn log-odds into probabilities.

    Parameters
    ----------
    log_odds : ndarray
        Any shape.

    Returns
    -------
    ndarray
        In (0, 1), of that shape.
    """
    return 0.5 * (1.0 + np.tanh(0.5 * log_odds))


def head_of(label: str) -> int:
    """Return the place of a label in LABELS.

    Parameters
    ----------
    label : str
        One of them.

    Returns
    -------
    int
        From 0.

    Raises
    ------
    ValueError
        If there is no such label.
    """
    if label not in LABELS:
        msg = f"no label {label!r}; there are {', '.join(LABELS)}"
        raise ValueError(msg)
    return LABELS.index(label)


@dataclass(frozen=True, slots=True)
class _Reasons:
    """What the words and fields of one text add to some labels."""

    places: list[Place]
    sums: Floats
    fields: list[Fields]
    log_odds: list[float]
    scores: list[float]

    def quote(self, place: Place, column: int) -> Quote:
        starts, ends = zip(*self.places, strict=True) if self.places else ((), ())
        spans = tuple(map(Span, starts, ends, self.sums[:, column].tolist()))
        return Quote(*place, self.scores[column], self.log_odds[column], spans, self.fields[column])


def explain(model: CommentModel, document: Document, labels: Sequence[str]) -> tuple[Explanation, ...]:
    """Explain the scores of some labels exactly.

    Parameters
    ----------
    model : CommentModel
        Fitted.
    document : Document
        A comment.
    labels : sequence of str
        Of LABELS.

    Returns
    -------
    tuple of Explanation
        One a label.

    Raises
    ------
    ValueError
        If there is no such label.
    """
    heads = list(map(head_of, labels))
    parts = split(document)
    own = _reasons(model, parts.own, heads)
    if parts.quotes:
        own.places[:] = [(parts.original(start), parts.original(end - 1) + 1) for start, end in own.places]
    quoted = [(span, _reasons(model, Document(document.text[slice(*span)]), heads)) for span in parts.quotes]
    for (begun, _), found in quoted:
        found.places[:] = [(start + begun, end + begun) for start, end in found.places]
    return tuple([_explanation(model, heads, column, own, quoted) for column in range(len(heads))])


def _explanation(
    model: CommentModel, heads: list[int], column: int, own: _Reasons, quoted: list[tuple[Place, _Reasons]]
) -> Explanation:
    quotes = tuple([found.quote(place, column) for place, found in quoted])
    whole, bias = own.quote((0, 0), column), float(model.bias_[heads[column]])
    label = LABELS[heads[column]]
    return Explanation(label, whole.score, whole.log_odds, bias, whole.spans, whole.fields, quotes)


def _reasons(model: CommentModel, document: Document, heads: list[int]) -> _Reasons:
    encoding = encode_whole([document], model.lexicon)
    shares = model.shares(encoding.blocks, heads)
    author = shares.pop("author").sum(axis=(0, 1)) if "author" in shares else np.zeros(len(heads))
    places, sums = paint(document.text, encoding, shares)
    measured = encoding.fields[0][:, None] * model.field_weights_[:, heads]
    wordless = np.zeros(len(heads)) if places else sum(part.sum(axis=(0, 1)) for part in shares.values())
    values = np.vstack([measured, author, wordless]).T.tolist()
    names = (*FIELDS, AUTHOR_FIELD, "no words")
    fields = [tuple((name, value) for name, value in zip(names, row, strict=True) if value) for row in values]
    log_odds = [
        math.fsum([float(model.bias_[head]), *row, *column])
        for head, row, column in zip(heads, values, sums.T.tolist(), strict=True)
    ]
    return _Reasons(places, sums, fields, log_odds, sigmoid(np.array(log_odds)).tolist())
