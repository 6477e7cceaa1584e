"""From a comment and a model to its judgement, with what explains it, and whether the audit draws it."""

from __future__ import annotations

from service import audit, policy
from service.domain import Comment, Explanation, History, Judgement, Site
from service.errors import ScorerError
from service.scoring import Model
from service.store import keys


def scores(model: Model, comment: Comment) -> dict[str, float] | ScorerError:
    """Score a comment, or return why that failed."""
    try:
        return model.score(comment)
    except ScorerError as error:
        return error


def judge(
    site: Site, comment: Comment, model: Model, found: dict[str, float] | ScorerError, history: History, *,
    chance: float,
) -> tuple[Judgement, tuple[Explanation, ...]]:  # fmt: skip
    """Judge a comment by its scores; one that is to wait for a moderator comes with its explanations."""
    judged = policy.judge(
        comment, found, history, site.policy,
        model=model.id, recommended=model.recommended, language=model.language(comment),
    )  # fmt: skip
    judged = audit.draw(judged, site.policy.audit, chance)
    if judged.lane is None or not judged.scores:
        return judged, ()
    return judged, model.explain(comment, _labels_to_explain(judged))


def history_then(judgement: Judgement) -> History:
    """Return what the first judgement knew of the author; the store may know of later comments by now."""
    codes = {r.code for r in judgement.reasons}
    return History(
        approved=0 if "author:NEW" in codes else 1,
        edited_after_rejection="rule:edited_after_rejection" in codes,
        campaign="campaign" in codes,
    )


def content_digest(comment: Comment) -> bytes:
    """Digest what a reader sees of a comment: another value is another revision."""
    # An export has other ends of lines.
    seen = (comment.text.replace("\r\n", "\n"), comment.author, comment.author_url)
    return keys.digest("\0".join(seen).encode())


def _labels_to_explain(judgement: Judgement) -> list[str]:
    named = [r.code.removeprefix("score:") for r in judgement.reasons if r.code.startswith("score:")]
    return named or [max(judgement.scores, key=judgement.scores.__getitem__)]
