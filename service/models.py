"""The models that could be in use: what is known of each, how one would have judged, promotion."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from service import policy as policies
from service import replay
from service.domain import Item, Verdict
from service.errors import Conflict, NotFound
from service.moderation import Moderation
from service.scoring import Model
from service.store import ALL, rows

# So many of the latest comments are scored by a challenger.
LATEST = 300


@dataclass(frozen=True, slots=True)
class Listed:
    """A model, and what was measured of it when it was trained."""

    id: str
    champion: bool
    shipped: bool
    created: str
    rows: int
    metrics: dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Difference:
    """A comment that a challenger judges otherwise, and its scores."""

    item: Item
    verdict: Verdict
    scores: dict[str, float]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The latest comments by verdict, as judged and as a challenger would, and where they differ."""

    counts: tuple[tuple[int, ...], ...]
    differing: tuple[Difference, ...]


def listed(m: Moderation) -> list[Listed]:
    """List the shipped model and those that were trained, the latest first."""
    with _registry() as registry:
        trained = registry.models(m.scorer.models)
        shipped = registry.load(registry.SHIPPED).manifest | {"promoted": False}
    used = next((r["id"] for r in trained if r["promoted"]), shipped["id"])
    found = [(shipped, True), *((r, False) for r in trained)]
    return [_listed(r, used, shipped=ours) for r, ours in reversed(found)]


def compare(m: Moderation, site: str, model_id: str) -> Comparison:
    """Let a model judge the latest comments of a site by the policy in force, to no effect."""
    with _registry() as registry:
        listed_ids = {r["id"] for r in registry.models(m.scorer.models)}
        if model_id not in listed_ids:
            raise NotFound("no such model")
        model = Model(registry.load(m.scorer.models / model_id))
    items = [i for i in m.store.views.rows(ALL, [site], limit=LATEST).items if i.judgement.scores]
    scored = model.score_all([i.comment for i in items]) if items else []
    kept = [rows.row(replace(i.judgement, scores=s)) for i, s in zip(items, scored, strict=True)]
    limits = policies.effective(m.store.registry.site(site).policy, model.recommended)
    would = [list(Verdict)[n] for n in replay.verdicts(replay.read([b"".join(kept)]), limits)]
    pairs = [(i.judgement.verdict, v) for i, v in zip(items, would, strict=True)]
    counts = tuple(tuple(pairs.count((was, now)) for now in Verdict) for was in Verdict)
    found = zip(items, would, scored, strict=True)
    return Comparison(counts, tuple(Difference(*d) for d in found if d[1] is not d[0].judgement.verdict))


def promote(m: Moderation, model_id: str, by: str) -> None:
    """Put a model in use; every process takes it up within seconds."""
    with _registry() as registry:
        registry.promote(m.scorer.models, model_id)
    m.store.registry.log({"at": m.clock(), "kind": "model promoted", "by": by, "model": model_id})


def rollback(m: Moderation, by: str) -> str:
    """Put the model in use again that was before; returns which."""
    with _registry() as registry:
        registry.rollback(m.scorer.models)
        directory = registry.champion_directory(m.scorer.models)
        now = str(registry.load(directory).id)
    m.store.registry.log({"at": m.clock(), "kind": "model rolled back", "by": by, "model": now})
    return now


def _listed(raw: dict[str, Any], used: str, *, shipped: bool) -> Listed:
    metrics = {k: v for k, v in raw.get("metrics", {}).items() if isinstance(v, dict)}
    created, learnt = str(raw.get("created", "")), int(raw.get("rows", 0))
    return Listed(raw["id"], raw["id"] == used, shipped, created, learnt, metrics)


@contextmanager
def _registry() -> Iterator[Any]:
    # Imported here: scikit-learn takes a second, and few pages need it.
    from classifier import registry

    try:
        yield registry
    except registry.RegistryError as error:
        raise Conflict(str(error)) from None
