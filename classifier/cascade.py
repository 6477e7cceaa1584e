"""Two stages: heads on n-grams answer what is clear, heads on what the reader read as well judge the rest.

Both are linear in what they see, so that the log-odds stay an exact sum over the words in their context.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit
from sklearn.base import BaseEstimator

from classifier import LABELS
from classifier.evidence import AS_A_WHOLE, NOT_READ, OTHER_BIAS, Evidence, gather, lay_out, mix, spell_out
from classifier.explaining import Explanation, Quote, head_of, sigmoid
from classifier.heads import Heads
from classifier.language import foreign
from classifier.model import CommentModel, Thresholds
from classifier.quoting import split
from classifier.reader import Reader, ReaderError, Reading, shipped
from classifier.text import Document, normalise

Floats = NDArray[np.float64]

#: A threshold beyond these says never or always.
_CUTS = 1e-9, 1 - 1e-9


def read_own_words(reader: Reader, document: Document) -> Reading | None:
    """Read what the author of a comment says, quotations left out.

    Parameters
    ----------
    reader : Reader
        Any.
    document : Document
        A comment.

    Returns
    -------
    Reading or None
        None of what has no words, or is of a language that was not learnt.
    """
    return _read(reader, split(document).own.text)


def _read(reader: Reader, text: str) -> Reading | None:
    reading = None if foreign(text) else reader.read(normalise(text).text)
    return reading if reading and len(reading.means) else None


class Cascade(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Score comments for LABELS by n-grams, and where these are in doubt by what the reader read as well.

    Where nothing could be read the fast stage's verdict stands: its log-odds are shifted so that these
    thresholds hold what its own would.

    Parameters
    ----------
    fast : CommentModel
        Calibrated, with thresholds of its own.
    heads : Heads, optional
        Of the second stage; without them there is none.
    """

    def __init__(self, fast: CommentModel, heads: Heads | None = None) -> None:
        self.fast = fast
        self.heads = heads
        self.thresholds_: Thresholds = getattr(fast, "thresholds_", {})

    def log_odds(self, documents: Sequence[Document]) -> Floats:
        """Compute the log-odds of each label.

        Parameters
        ----------
        documents : sequence of Document
            Comments, n of them; any text at all.

        Returns
        -------
        ndarray of shape (n, 3)
            In the order of LABELS.
        """
        return self.finish_all(documents, self.fast.log_odds(documents))

    def finish_all(self, documents: Sequence[Document], begun: Floats) -> Floats:
        """Compute the log-odds of each label from those of the fast stage; reads the comments in doubt.

        Parameters
        ----------
        documents : sequence of Document
            Comments, n of them.
        begun : ndarray of shape (n, 3)
            What the fast stage said of them.

        Returns
        -------
        ndarray of shape (n, 3)
            In the order of LABELS.
        """
        odds = begun.copy()
        for place in np.flatnonzero(self._asks(begun)).tolist():
            odds[place] = self.finish(documents[place], begun[place])
        return odds

    def finish(self, document: Document, begun: Floats) -> Floats:
        """Compute the log-odds of each label from those of the fast stage; reads the comment if in doubt.

        Parameters
        ----------
        document : Document
            A comment.
        begun : ndarray of shape (3,)
            What the fast stage said of it.

        Returns
        -------
        ndarray of shape (3,)
            In the order of LABELS.
        """
        return self._second(split(document).own.text, begun)[0] if self._asks(begun) else begun

    def score(self, documents: Sequence[Document]) -> Floats:
        """Compute the calibrated probability of each label.

        Parameters
        ----------
        documents : sequence of Document
            Comments, n of them; any text at all.

        Returns
        -------
        ndarray of shape (n, 3)
            In [0, 1], in the order of LABELS.
        """
        return sigmoid(self.log_odds(documents))

    def asked(self, documents: Sequence[Document]) -> float:
        """Measure how often the reader is asked.

        Parameters
        ----------
        documents : sequence of Document
            Comments.

        Returns
        -------
        float
            Share of them, in [0, 1].
        """
        return float(self._asks(self.fast.log_odds(documents)).mean()) if documents else 0.0

    def _asks(self, odds: Floats) -> NDArray[np.bool_]:
        """Say of which comments the reader is asked, of shape (n,)."""
        if self.heads is None:
            return np.zeros(odds.shape[:-1], bool)
        return np.asarray((odds >= self.heads.ask).any(axis=-1), bool)

    def _second(self, own: str, fast: Floats) -> tuple[Floats, list[int]]:
        """Judge what is not clear: the log-odds, and by label the window that decided, or -1 for none."""
        reader = self.reader()
        reading = _read(reader, own) if isinstance(reader, Reader) else None
        if reading is None:
            return fast + self._shift(), [-1] * len(LABELS)
        odds = self._heads.judge(reading, fast)
        worst, window = odds.max(axis=0), odds.argmax(axis=0)
        if not reading.whole:
            stands = fast + self._shift()
            window[stands > worst] = -1
            worst = np.maximum(worst, stands)
        return worst, window.tolist()

    @property
    def _heads(self) -> Heads:
        assert self.heads
        return self.heads

    def reader(self) -> Reader | ReaderError | None:
        """Say who reads what the fast stage is not sure of.

        Returns
        -------
        Reader, ReaderError or None
            The shipped reader, or why there is none; None for a model of one stage.
        """
        if self.heads is None:
            return None
        found = shipped()
        if isinstance(found, Reader) and found.id != self.heads.reader:
            return ReaderError(
                f"the reader is {found.id}, this model was fitted to {self.heads.reader}: retrain"
            )
        return found

    def _shift(self) -> Floats:
        """Compute what the fast stage's log-odds lack where it judges by these thresholds."""
        cuts = [
            [float(cut[label]["hold"] or 0.5) for label in LABELS]
            for cut in (self.thresholds_, self.fast.thresholds_)
        ]
        ours, own = logit(np.clip(cuts, *_CUTS))
        return np.asarray(ours - own, np.float64)

    def explain(self, document: Document, label: str) -> Explanation:
        """Explain the score of one label exactly.

        Parameters
        ----------
        document : Document
            A comment.
        label : str
            One of LABELS.

        Returns
        -------
        Explanation
            Its contributions by word and by field.

        Raises
        ------
        ValueError
            If there is no such label.
        """
        return self.explain_all(document, [label])[0]

    def explain_all(self, document: Document, labels: Sequence[str]) -> tuple[Explanation, ...]:
        """Explain the scores of several labels.

        Parameters
        ----------
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
        fast = self.fast.explain_all(document, LABELS)
        parts = split(document)
        own = self._evidence(lay_out(fast, self.fast.bias_), parts.own, parts.original)
        quoted = []
        for number, quote in enumerate(fast[0].quotes):
            said = Document(document.text[quote.start : quote.end])
            laid = lay_out([one.quotes[number] for one in fast], self.fast.bias_)
            quoted.append((quote.start, quote.end, self._evidence(laid, said, quote.start.__add__)))
        return tuple(_explanation(head, own, quoted) for head in map(head_of, labels))

    def _evidence(self, found: Evidence, own: Document, original: Callable[[int], int]) -> list[Evidence]:
        """Return what decided each label of one text, whose characters have their places in the original."""
        if not self._asks(found.total):
            return [mix(found, share) for share in np.eye(len(LABELS))]
        _, decided = self._second(own.text, found.total)
        return [self._decided(found, own, head, window, original) for head, window in enumerate(decided)]

    def _decided(
        self, found: Evidence, own: Document, head: int, window: int, original: Callable[[int], int]
    ) -> Evidence:
        if window < 0:
            return mix(found, np.eye(len(LABELS))[head], fields={NOT_READ: self._shift()[head]})
        text, reader = normalise(own.text), self.reader()
        assert isinstance(reader, Reader)
        seen = reader.windows(text.text)[window]
        tokens = self._heads.tokens(seen, head)
        whole = {AS_A_WHOLE: tokens[0] + tokens[-1]}
        mixed = mix(found, np.eye(len(LABELS))[head] * self._heads.fast, self._heads.bias[head], whole)
        starts = [original(place) for place in text.starts[seen.starts].tolist()]
        mixed.sums[:, 0] += gather(found.places, starts, tokens[1:-1])
        return mixed


def _explanation(
    head: int, own: Sequence[Evidence], quoted: Sequence[tuple[int, int, Sequence[Evidence]]]
) -> Explanation:
    spans, fields, log_odds = spell_out(own[head])
    bias = float(own[head].bias[0])
    quotes = tuple(_quote(start, end, found[head], bias) for start, end, found in quoted)
    return Explanation(LABELS[head], _probability(log_odds), log_odds, bias, spans, fields, quotes)


def _quote(start: int, end: int, found: Evidence, bias: float) -> Quote:
    """Make a quotation that adds up from the starting point of the comment around it."""
    moved = mix(found, np.ones(1), bias - float(found.bias[0]), {OTHER_BIAS: float(found.bias[0]) - bias})
    spans, fields, log_odds = spell_out(moved)
    return Quote(start, end, _probability(log_odds), log_odds, spans, fields)


def _probability(log_odds: float) -> float:
    return float(sigmoid(np.array(log_odds)))
