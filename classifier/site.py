"""What one site's moderators say otherwise than the champion: a small, bounded correction of its log-odds.

It is linear in what both stages see, so that the log-odds stay an exact sum over the words of the comment.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from classifier import LABELS
from classifier.cascade import Cascade, read_own_words
from classifier.correction import MOST, Correction, mean_read
from classifier.encoding import Encoding, encode_whole
from classifier.evidence import gather, lay_out, spell_out
from classifier.explaining import Explanation, Span, sigmoid
from classifier.model import CommentModel, Thresholds
from classifier.painting import paint
from classifier.quoting import split
from classifier.reader import Reader, ReaderError
from classifier.text import Document, normalise

Floats = NDArray[np.float64]

#: What belongs to no place in the text: the site's shift of all scores, and the sentence as a whole.
OF_SITE = "this site"

_KINDS = ("word", "class")


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
        pairs = zip(documents, self.fast.log_odds(documents), strict=True)
        return np.array([self.finish(*pair) for pair in pairs]).reshape(-1, len(LABELS))

    @property
    def fast(self) -> CommentModel:
        """The fast stage, which is the champion's.

        Returns
        -------
        CommentModel
            Calibrated.
        """
        return self.champion.fast

    def finish(self, document: Document, begun: Floats) -> Floats:
        """Compute the log-odds of each label from those of the fast stage.

        Parameters
        ----------
        document : Document
            A comment.
        begun : ndarray of shape (3,)
            What the fast stage said of it.

        Returns
        -------
        ndarray of shape (3,)
            At most MOST from those of the champion.
        """
        odds = self.champion.finish(document, begun)
        wanted = self.correction.calibrated(odds) + self._whole(document)
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
        return _total(shares) + mean_read(self.champion, document) @ self.correction.words

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
