"""The champion in memory, reloaded when another is promoted. The only seam to classifier/."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from service.domain import LABELS, Comment, Explanation, Quote, Thresholds
from service.errors import ScorerError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    # The classifier is imported where it is used: it brings scikit-learn, and few commands score.
    from classifier import registry
    from classifier.cascade import Cascade
    from classifier.explaining import Explanation as ModelExplanation
    from classifier.site import SiteModel
    from classifier.site_shelf import Kept
    from classifier.text import Document

# How often a running service looks whether another champion was promoted.
POLL_S = 2.0

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Asked:
    """A comment that a thread wants scored, and what the fast stage, or none at all, made of it."""

    document: Document
    begun: NDArray[np.float64] | Exception | None = None


@dataclass(frozen=True, slots=True)
class _Corrected:
    """What judges one site, and when it was looked whether it still does."""

    champion: Model
    model: Model
    sha256: str
    looked_at: float


class Model:
    """One champion, or none where none could be loaded; a comment is judged by one from start to end."""

    def __init__(self, champion: registry.Champion | None = None) -> None:
        self._champion = champion
        self._model: Cascade | SiteModel | None = champion.model if champion else None
        self.id = champion.id if champion else "none"
        self.recommended: Mapping[str, Thresholds] = (
            {k: Thresholds(**v) for k, v in champion.model.thresholds_.items()} if champion else {}
        )
        self._asked: deque[_Asked] = deque()
        self._scoring = threading.Lock()

    def score(self, comment: Comment) -> dict[str, float]:
        """Score a comment on each label; raises ScorerError whatever went wrong.

        What several threads ask for meanwhile goes through the fast stage together, which takes a third of
        the time; each then reads its own comment, so that what is in doubt keeps no other waiting.
        """
        with _one_error():
            model, document = self._loaded(), _document(comment)
            return _by_label(model.finish(document, self._begin(document)))

    def _begin(self, document: Document) -> NDArray[np.float64]:
        asked = _Asked(document)
        self._asked.append(asked)
        with self._scoring:
            if asked.begun is None:
                self._begin_asked()
        if isinstance(asked.begun, Exception):
            raise asked.begun
        assert asked.begun is not None
        return asked.begun

    def _begin_asked(self) -> None:
        batch = [self._asked.popleft() for _ in range(len(self._asked))]
        for asked, begun in zip(batch, self._tried([a.document for a in batch]), strict=True):
            asked.begun = begun

    def _tried(self, documents: Sequence[Document]) -> Iterable[NDArray[np.float64] | Exception]:
        try:
            return self._loaded().fast.log_odds(documents)
        except Exception as error:
            # What one comment does to the model is not held against the others.
            return [error] if len(documents) == 1 else [s for d in documents for s in self._tried([d])]

    def score_all(self, comments: Sequence[Comment]) -> list[dict[str, float]]:
        """Score comments on each label; raises ScorerError whatever went wrong."""
        with _one_error():
            odds = self._loaded().log_odds([_document(c) for c in comments])
            return [_by_label(row) for row in odds]

    def _loaded(self) -> Cascade | SiteModel:
        if self._model is None:
            raise ScorerError("no model could be loaded; see `modqueue doctor`")
        return self._model

    def corrected(self, models: Path, kept: Kept) -> Model:
        """Return this model with a site's correction; refused where it was learnt beside another."""
        from classifier import site_shelf

        if self._champion is None:
            return self
        other = Model(self._champion)
        other.id = f"{self.id}+{kept.sha256[:6]}"
        other._model = site_shelf.load(models, kept, self._champion)
        return other

    def unread(self) -> str:
        """Say why comments are not read in context; empty where they are."""
        found = self._champion.model.reader() if self._champion else None
        return str(found) if isinstance(found, Exception) else ""

    def language(self, comment: Comment) -> str:
        """Return the code of a comment's language or script where the model has not learnt it."""
        if self._champion is None:
            return ""
        from classifier.language import foreign

        try:
            return foreign(comment.text)
        except Exception as error:
            _log.error("language not identified", error=type(error).__name__)
            return ""

    def explain(self, comment: Comment, labels: Iterable[str]) -> tuple[Explanation, ...]:
        """Explain the scores of some labels; empty where the model cannot, since the verdict stands."""
        if self._model is None:
            return ()
        try:
            found = self._model.explain_all(_document(comment), tuple(labels))
        except Exception as error:
            _log.error("explanation failed", error=type(error).__name__)
            return ()
        return tuple(_explanation(e) for e in found)


class Scorer:
    """Keeps the champion of a registry in memory."""

    def __init__(self, models: Path) -> None:
        self.models = models
        self._lock = threading.Lock()
        self._directory: Path | None = None
        self._model = Model()
        self._looked_at = float("-inf")
        self._sites: dict[str, _Corrected] = {}

    def current(self) -> Model:
        """Return the champion; looks every two seconds whether another was promoted."""
        if time.monotonic() - self._looked_at > POLL_S:
            with self._lock:
                self._reload()
        return self._model

    def adapted(self, site: str) -> Model:
        """Return the champion as a site corrects it, or the champion where nothing fits."""
        champion, known = self.current(), self._sites.get(site)
        if known and known.champion is champion and time.monotonic() - known.looked_at <= POLL_S:
            return known.model
        with self._lock:
            self._sites[site] = known = self._correct(site, champion, self._sites.get(site))
        return known.model

    def _correct(self, site: str, champion: Model, before: _Corrected | None) -> _Corrected:
        from classifier import registry, site_shelf

        now = time.monotonic()
        try:
            kept = site_shelf.known(self.models, site)
            if kept is None or not kept.sha256:
                return _Corrected(champion, champion, "", now)
            if before and (before.champion, before.sha256) == (champion, kept.sha256):
                return replace(before, looked_at=now)
            model = champion.corrected(self.models, kept)
            return _Corrected(champion, model, kept.sha256, now)
        except (registry.RegistryError, OSError, ValueError) as error:
            # A correction that does not fit is none: the champion judges by itself.
            _log.error("correction not loaded", site=site, error=str(error))
            return _Corrected(champion, champion, "", now)

    def _reload(self) -> None:
        from classifier import registry

        if time.monotonic() - self._looked_at <= POLL_S:
            return
        self._looked_at = time.monotonic()
        try:
            directory = registry.champion_directory(self.models)
            if directory != self._directory:
                self._model = Model(registry.load(directory))
                self._directory = directory
                _log.info("champion loaded", model=self._model.id)
        except (registry.RegistryError, OSError) as error:
            # The champion in memory stays in use; without one, comments are held.
            _log.error("champion not loaded", error=str(error))


@contextmanager
def _one_error() -> Iterator[None]:
    try:
        yield
    except ScorerError:
        raise
    except Exception as error:
        # Whatever a model does, the comment must be held with the true reason, never lost.
        _log.error("scorer failed", error=type(error).__name__)
        raise ScorerError(f"the model failed: {type(error).__name__}") from error


def _by_label(log_odds: NDArray[np.float64]) -> dict[str, float]:
    from classifier.explaining import sigmoid

    return dict(zip(LABELS, sigmoid(log_odds).tolist(), strict=True))


def _explanation(e: ModelExplanation) -> Explanation:
    quotes = tuple(Quote(q.start, q.end, q.score, q.log_odds, q.spans, q.fields) for q in e.quotes)
    return Explanation(e.label, e.score, e.log_odds, e.bias, e.spans, e.fields, quotes, e.by_site)


def _document(comment: Comment) -> Document:
    from classifier.text import Document

    return Document(
        text=comment.text,
        author=comment.author,
        author_url=comment.author_url,
        user_agent=comment.agent,
        parent=comment.parent_text,
        post_title=comment.post_title,
    )
