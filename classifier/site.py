"""What one site's moderators say otherwise than the champion: a small, bounded correction of its log-odds.

It is linear in what both stages see, so that the log-odds stay an exact sum over the words of the comment.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from classifier import LABELS
from classifier.cascade import Cascade, read_own_words
from classifier.counting import chunks, count, weigh
from classifier.encoding import BLOCK_FIRST, Encoding, encode, encode_whole
from classifier.evidence import gather, lay_out, spell_out
from classifier.explaining import Explanation, Span, sigmoid
from classifier.model import Thresholds
from classifier.painting import paint
from classifier.quoting import split
from classifier.reader import Reader, ReaderError
from classifier.text import Document, normalise

Floats = NDArray[np.float64]

#: A correction moves no score further, in log-odds: no moderator can turn a clear case around.
MOST = 3.0
#: Log-odds beyond which the champion is sure, as far as a correction is concerned.
SURE = 10.0
#: What belongs to no place in the text: the site's shift of all scores, and the sentence as a whole.
OF_SITE = "this site"

# The rows of the table for words and word classes, which follow each other.
_FIRST, _LAST = int(BLOCK_FIRST[1]), int(BLOCK_FIRST[3])
_KINDS = ("word", "class")


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """What is added to the champion's log-odds for one site, for labels in the order of LABELS.

    Attributes
    ----------
    shift, slope : ndarray of shape (3,)
        Added to all comments, and for each unit of the champion's own log-odds.
    columns : ndarray of shape (n_columns,), int32
        Rows of the champion's table of n-grams, sorted.
    grams : ndarray of shape (n_columns, 3), float32
        What each adds, by its rarity and the length of its block.
    words : ndarray of shape (n_dimensions, 3), float32
        What the mean of the reader's vectors adds; all 0 where it was not read.
    """

    shift: Floats
    slope: Floats
    columns: NDArray[np.int32]
    grams: NDArray[np.float32]
    words: NDArray[np.float32]

    def moves(self, seen: "Seen") -> Floats:
        """Compute by how much it moves comments that were looked at.

        Parameters
        ----------
        seen : Seen
            Of n comments.

        Returns
        -------
        ndarray of shape (n, 3)
            Log-odds, at most MOST up or down.
        """
        wanted = self.calibrated(seen.odds) + seen.means @ self.words
        wanted += seen.grams[:, self.columns - _FIRST] @ self.grams
        return np.asarray(np.clip(wanted, -MOST, MOST), np.float64)

    def calibrated(self, odds: Floats) -> Floats:
        """Compute by how much it moves all comments that the champion scores alike.

        Parameters
        ----------
        odds : ndarray of shape (..., 3)
            Log-odds of the champion.

        Returns
        -------
        ndarray of shape (..., 3)
            Log-odds, not bounded.
        """
        return np.asarray(self.shift + self.slope * np.clip(odds, -SURE, SURE), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a correction rests on, of n comments.

    Attributes
    ----------
    odds : ndarray of shape (n, 3)
        Log-odds of the champion.
    grams : csr_matrix of shape (n, n_grams)
        Words and word classes, each kind brought to length one.
    means : ndarray of shape (n, n_dimensions)
        Mean of the reader's vectors, less that of passages at large; 0 of what was not read.
    """

    odds: Floats
    grams: sparse.csr_matrix
    means: Floats

    def take(self, chosen: NDArray[np.intp]) -> "Seen":
        """Select comments.

        Parameters
        ----------
        chosen : ndarray of shape (m,)
            Their places.

        Returns
        -------
        Seen
            Of these.
        """
        return Seen(self.odds[chosen], self.grams[chosen], self.means[chosen])


def look(champion: Cascade, documents: Sequence[Document]) -> Seen:
    """Look at comments as a correction does.

    Parameters
    ----------
    champion : Cascade
        In use.
    documents : sequence of Document
        At least one, n of them.

    Returns
    -------
    Seen
        Of each.
    """
    rarity = np.sqrt(champion.fast.table_[:, -1])
    counted = [weigh(count(encode(chunk, champion.fast.lexicon)), rarity) for chunk in chunks(documents)]
    means = np.array([_mean(champion, document) for document in documents])
    grams = sparse.vstack(counted, "csr")[:, _FIRST:_LAST]
    return Seen(champion.log_odds(documents), grams, means)


def _mean(champion: Cascade, document: Document) -> Floats:
    reader, heads = champion.reader(), champion.heads
    reading = read_own_words(reader, document) if isinstance(reader, Reader) else None
    if heads is None:
        return np.zeros(0)
    if reading is None:
        return np.zeros(len(heads.mean))
    return np.asarray(reading.means.mean(axis=0) - heads.mean, np.float64)


def assemble(seen: Seen, weights: Floats, grams: Floats, means: Floats, calibration: Floats) -> Correction:
    """Make a correction of what each decision adds to it.

    Parameters
    ----------
    seen : Seen
        Of the comments that were decided, n of them.
    weights : ndarray of shape (n, 3)
        Of each decision for each label; 0 where it is not learnt from.
    grams, means : ndarray of shape (3,)
        Variance of the weight of n-grams and of the reader's dimensions, by label.
    calibration : ndarray of shape (2,)
        Variance of the shift and of the slope.

    Returns
    -------
    Correction
        Without the n-grams that add nothing.
    """
    odds = np.clip(seen.odds, -SURE, SURE)
    dense = seen.grams.T @ (weights * grams)
    found = np.flatnonzero(dense.any(axis=1))
    return Correction(
        shift=calibration[0] * weights.sum(axis=0),
        slope=calibration[1] * (weights * odds).sum(axis=0),
        columns=(found + _FIRST).astype(np.int32),
        grams=dense[found].astype(np.float32),
        words=(seen.means.T @ (weights * means)).astype(np.float32),
    )


class SiteModel:
    """Score the comments of one site: the champion with the site's correction.

    Parameters
    ----------
    champion : Cascade
        What the correction was learnt beside.
    correction : Correction
        Of the site.
    """

    def __init__(self, champion: Cascade, correction: Correction) -> None:
        self.champion = champion
        self.correction = correction
        self.thresholds_: Thresholds = champion.thresholds_

    def reader(self) -> Reader | ReaderError | None:
        """Say who reads.

        Returns
        -------
        Reader, ReaderError or None
            As the champion says.
        """
        return self.champion.reader()

    def log_odds(self, documents: Sequence[Document]) -> Floats:
        """Compute the log-odds of each label.

        Parameters
        ----------
        documents : sequence of Document
            Comments, n of them.

        Returns
        -------
        ndarray of shape (n, 3)
            At most MOST from those of the champion.
        """
        odds = self.champion.log_odds(documents)
        moved = [self._whole(document) for document in documents]
        wanted = self.correction.calibrated(odds) + np.array(moved).reshape(odds.shape)
        return np.asarray(odds + np.clip(wanted, -MOST, MOST), np.float64)

    def score(self, documents: Sequence[Document]) -> Floats:
        """Compute the probability of each label, as this site's moderators see it.

        Parameters
        ----------
        documents : sequence of Document
            Comments, n of them.

        Returns
        -------
        ndarray of shape (n, 3)
            In [0, 1].
        """
        return sigmoid(self.log_odds(documents))

    def explain_all(self, document: Document, labels: Sequence[str]) -> tuple[Explanation, ...]:
        """Explain the scores of several labels; what the site adds is part of the spans, and told apart.

        Parameters
        ----------
        document : Document
            A comment.
        labels : sequence of str
            Of LABELS.

        Returns
        -------
        tuple of Explanation
            One a label. Quotations are explained as the champion does.

        Raises
        ------
        ValueError
            If there is no such label.
        """
        found = self.champion.explain_all(document, labels)
        heads = [LABELS.index(label) for label in labels]
        sums, whole = self._painted(document, [span[:2] for span in found[0].spans]) if found else _NOTHING
        return tuple(
            self._explained(one, sums[:, head], float(whole[head]), head)
            for one, head in zip(found, heads, strict=True)
        )

    def _explained(self, one: Explanation, sums: Floats, whole: float, head: int) -> Explanation:
        """Add to an explanation what the site adds at each place and as a whole, bounded as the score is."""
        odds = np.zeros(len(LABELS))
        odds[head] = one.log_odds
        whole += float(self.correction.calibrated(odds)[head])
        wanted = float(sums.sum()) + whole
        if not wanted and not sums.any():
            return one
        bound = float(np.clip(wanted, -MOST, MOST)) / wanted if wanted else 0.0
        laid = lay_out([one], np.array([one.bias]))
        laid.sums[:, 0] += sums * bound
        laid.fields[OF_SITE] = np.array([whole * bound])
        spans, fields, log_odds = spell_out(laid)
        added = zip(laid.places, (sums * bound).tolist(), strict=True)
        by_site = tuple(Span(*place, value) for place, value in added if value)
        score = float(sigmoid(np.array(log_odds)))
        return replace(one, score=score, log_odds=log_odds, spans=spans, fields=fields, by_site=by_site)

    def _whole(self, document: Document) -> Floats:
        """Compute what words and their meaning add, of shape (3,)."""
        own = split(document).own
        shares = self._shares(encode_whole([own], self.champion.fast.lexicon))
        return _total(shares) + _mean(self.champion, document) @ self.correction.words

    def _shares(self, encoding: Encoding) -> dict[str, Floats]:
        """Compute what each n-gram of one comment adds, as `CommentModel.shares` does for the champion."""
        table, columns, found = self.champion.fast.table_, self.correction.columns, {}
        for kind, block in encoding.blocks.items():
            rows = block.rows.T.ravel()
            added = np.zeros((len(rows), len(LABELS)))
            if kind in _KINDS and len(columns):
                rarity = table[:, -1].take(rows, mode="clip").astype(np.float64)
                place = np.minimum(columns.searchsorted(rows), len(columns) - 1)
                weights = self.correction.grams[place] * (columns[place] == rows)[:, None]
                added = weights * np.sqrt(rarity)[:, None] / max(np.sqrt(rarity.sum()), 1e-150)
            found[kind] = added.reshape(*block.rows.shape[::-1], len(LABELS))
        return found

    def _painted(self, document: Document, places: Sequence[tuple[int, int]]) -> tuple[Floats, Floats]:
        """Spread what the site adds over the champion's places; what belongs to none is the second."""
        parts = split(document)
        encoding = encode_whole([parts.own], self.champion.fast.lexicon)
        shares = self._shares(encoding)
        painted, sums = paint(parts.own.text, encoding, shares)
        if not painted or not places:
            return np.zeros((len(places), len(LABELS))), self._whole(document)
        whole = np.zeros(len(LABELS))
        reader, heads = self.champion.reader(), self.champion.heads
        if heads and isinstance(reader, Reader) and read_own_words(reader, document):
            text = normalise(parts.own.text)
            windows = reader.windows(text.text)
            for window in windows:
                tokens = (window.vectors - heads.mean) @ self.correction.words / len(window.vectors)
                tokens /= len(windows)
                starts = [parts.original(place) for place in text.starts[window.starts].tolist()]
                whole += tokens[0] + tokens[-1]
                for head in range(len(LABELS)):
                    sums[:, head] += gather(places, starts, tokens[1:-1, head])
        return sums, whole


_NOTHING: tuple[Floats, Floats] = np.zeros((0, len(LABELS))), np.zeros(len(LABELS))


def _total(shares: dict[str, Floats]) -> Floats:
    return np.asarray(sum(part.sum(axis=(0, 1)) for part in shares.values()), np.float64)
