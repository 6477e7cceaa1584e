"""What each site's moderators taught: learning a site's correction, and what is known of each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from service import examples, site_settings
from service.domain import LABELS
from service.errors import Conflict
from service.moderation import Moderation
from service.store import Store

if TYPE_CHECKING:
    from classifier.site_shelf import Kept
    from classifier.text import Document


@dataclass(frozen=True, slots=True)
class Adapted:
    """A site, whether its scores are corrected, and what was learnt; it may not fit the champion any more."""

    site: str
    on: bool
    kept: Kept | None
    fits: bool


def learn(store: Store, models: Path, site: str, now: float, without: Collection[str] = ()) -> Kept:
    """Learn the correction of a site from its decisions, in place of the one before."""
    # Imported here: scikit-learn takes a second, and most of what imports this learns nothing.
    import numpy as np

    from classifier import registry, site_learning, site_shelf

    store.registry.site(site)
    champion = registry.load(registry.champion_directory(models))
    found = sorted(examples.export(store, [site], without), key=lambda e: float(e["at"]))
    labels = np.array([[e.get(label, np.nan) for label in LABELS] for e in found], float)
    shares = np.array([e.get("audit", 1.0) for e in found], float)
    correction, figures = site_learning.learn(
        champion.model, [_document(e) for e in found], labels.reshape(-1, len(LABELS)), shares
    )
    at = datetime.fromtimestamp(now, UTC).isoformat(timespec="minutes")
    return site_shelf.save(models, site_shelf.Kept(site, champion.id, at, "", figures), correction)


def listed(m: Moderation) -> list[Adapted]:
    """List the sites whose scores are corrected, or could be."""
    from classifier import registry, site_shelf

    champion, found = m.scorer.current().id, []
    for site in m.store.registry.sites():
        try:
            kept = site_shelf.known(m.scorer.models, site.id)
        except registry.RegistryError as error:
            raise Conflict(str(error)) from None
        if kept or site.policy.adapt:
            found.append(Adapted(site.id, site.policy.adapt, kept, bool(kept and kept.champion == champion)))
    return found


def switch(m: Moderation, site: str, by: str, *, on: bool) -> None:
    """Let a site's correction count from now on, or no more."""
    policy = m.store.registry.site(site).policy
    if policy.adapt is not on:
        site_settings.set_policy(m, site, replace(policy, adapt=on), by, policy.version)


def lines(kept: Kept) -> list[str]:
    """Say in words for a terminal what was learnt."""
    return [f"{kept.site}, beside {kept.champion}:", *(f"  {k}: {_line(v)}" for k, v in kept.labels.items())]


def _line(learnt: Any) -> str:
    if learnt["before"] is None:
        return f"{learnt['decisions']} decisions, too few of one kind"
    said = "nothing that the champion does not know"
    if learnt["believed"]:
        said = f"{learnt['freedom']}, {learnt['believed']:.0%} believed"
    return (
        f"{learnt['decisions']} decisions, {learnt['positives']} of them so: {said} "
        f"(gain {learnt['gain']:.3f} ± {learnt['error']:.3f} nats, "
        f"average precision {learnt['before']:.3f} to {learnt['after']:.3f})"
    )


def _document(example: dict[str, Any]) -> Document:
    from classifier.text import Document

    names = ("comment_author", "comment_author_url", "comment_author_email", "comment_agent")
    return Document(example["text"], *(example.get(name, "") for name in names))
