"""A scorer that does as it is told."""

from __future__ import annotations

from service.domain import Comment, Explanation, Thresholds
from service.errors import ScorerError


class StubModel:
    """Reads its scores from words of the comment: `[dehumanising=0.9 spam=0.2]`; `[broken]` fails.

    Its language likewise: `[language=de]`.
    """

    id = "stub-1"
    recommended = {
        "dehumanising": Thresholds(0.5),
        "hateful": Thresholds(0.5),
        "spam": Thresholds(0.5, 0.95),
    }

    def __init__(self) -> None:
        self.broken = False

    def score(self, comment: Comment) -> dict[str, float]:
        if self.broken or "[broken]" in comment.text:
            raise ScorerError("the model failed: StubError")
        scores = {"dehumanising": 0.01, "hateful": 0.01, "spam": 0.01}
        words = comment.text.replace("[", " ").replace("]", " ").split()
        return scores | {k: float(v) for k, _, v in (w.partition("=") for w in words) if k in scores}

    def language(self, comment: Comment) -> str:
        return comment.text.partition("[language=")[2].partition("]")[0]

    def explain(self, comment: Comment, labels: list[str]) -> tuple[Explanation, ...]:
        scores = self.score(comment)
        return tuple(Explanation(label, scores[label], 2.0, -1.0, ((0, 4, 3.0),)) for label in labels)


class StubScorer:
    def __init__(self) -> None:
        self.model = StubModel()

    def current(self) -> StubModel:
        return self.model
