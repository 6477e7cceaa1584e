"""Scores without a queue: what a text scores, and what somebody says that it should."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from service.domain import Comment, Explanation, Site
from service.moderation import Moderation
from service.store import codec

SOURCE = "perspective"


def analyse(
    moderation: Moderation, site: Site, text: str, explained: Iterable[str] = ()
) -> tuple[Mapping[str, float], dict[str, Explanation]]:
    """Score a text and explain some labels; nothing of it is stored."""
    comment, model = Comment(site.id, "", text), moderation.model(site)
    scores = model.score(comment)
    wanted = list(explained)
    return scores, {e.label: e for e in model.explain(comment, wanted)} if wanted else {}


def language(moderation: Moderation, text: str) -> str:
    """Return the tag (BCP 47) of a text's language, where that is not one that the model has learnt."""
    found = moderation.scorer.current().language(Comment("", "", text))
    # Of some texts only the script is told.
    return f"und-{found}" if len(found) == 4 else found


def suggest(moderation: Moderation, site: Site, text: str, scores: Mapping[str, float]) -> None:
    """Keep what a text should have scored as an example; the latest word on a text is in force."""
    item, now = hashlib.sha256(f"{site.id}\0{text}".encode()).hexdigest()[:26], moderation.clock()
    facts = {"site": site.id, "by": f"{SOURCE}:{site.id}", "source": SOURCE}
    moderation.store.suggestions.add(
        site.id,
        codec.dump(
            {
                "at": now,
                **facts,
                "item": item,
                "revision": 1,
                "suggested": dict(scores),
                "comment": {"text": text},
            }
        ),
        codec.log_entry("suggestion", now, **facts, suggested=[f"{k} {v:g}" for k, v in scores.items()]),
    )
