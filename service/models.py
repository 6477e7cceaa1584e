"""The models that could be in use: what is known of each, how one would have judged, promotion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from service import policy as policies
from service import replay
from service.domain import Item, Site, Verdict
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
    # Each with its name, what was found, how far it may go, and whether it did not; none of older models.
    gates: list[dict[str, Any]]
    # Why it cannot be used, or empty.
    error: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A comment, how it was judged, how a challenger judges it now, and its scores by that."""

    item: Item
    was: Verdict
    now: Verdict
    scores: dict[str, float]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The latest comments by verdict, as judged and as a challenger would, and where they differ."""

    counts: tuple[tuple[int, ...], ...]
    differing: tuple[Judged, ...]


def listed(m: Moderation) -> list[Listed]:
    """List the shipped model and those that were trained, the latest first."""
    with _registry() as registry:
        trained = registry.models(m.scorer.models)
        shipped = dict(registry.load(registry.SHIPPED).manifest)
    shipped["promoted"] = not any(r["promoted"] for r in trained)
    found = [(shipped, True), *((r, False) for r in trained)]
    return [_listed(r, shipped=ours) for r, ours in reversed(found)]


def compare(m: Moderation, site: str, model_id: str) -> Comparison:
    """Let a model judge the latest comments of a site by the policy in force, to no effect."""
    model = load(m, model_id)
    items = [i for i in m.store.views.rows(ALL, [site], limit=LATEST).items if i.judgement.scores]
    said = judge(m.store.registry.site(site), model, items)
    pairs = [(s.was, s.now) for s in said]
    counts = tuple(tuple(pairs.count((was, now)) for now in Verdict) for was in Verdict)
    return Comparison(counts, tuple(s for s in said if s.was is not s.now))


def judge(site: Site, model: Model, items: Sequence[Item]) -> list[Judged]:
    """Say how a model would judge comments by the policy in force."""
    if not items:
        return []
    scored = model.score_all([i.comment for i in items])
    limits = policies.effective(site.policy, model.recommended)
    kept = [rows.row(replace(i.judgement, scores=s)) for i, s in zip(items, scored, strict=True)]
    would = replay.verdicts(replay.read([b"".join(kept)]), limits)
    found = zip(items, would.tolist(), scored, strict=True)
    return [Judged(i, i.judgement.verdict, list(Verdict)[n], s) for i, n, s in found]


def load(m: Moderation, model_id: str) -> Model:
    """Load a trained model."""
    with _registry() as registry:
        if model_id not in {r["id"] for r in registry.models(m.scorer.models)}:
            raise NotFound("no such model")
        return Model(registry.load(m.scorer.models / model_id))


def judge_along(m: Moderation, model_id: str, by: str) -> None:
    """Let a challenger judge live comments along, to no effect; an empty id ends that."""
    if model_id:
        load(m, model_id)
        m.store.shadow.begin(model_id, m.clock())
    else:
        m.store.shadow.end()
    kind = "challenger judges along" if model_id else "no challenger judges along"
    m.store.registry.log({"at": m.clock(), "kind": kind, "by": by, "model": model_id})


def promote(m: Moderation, model_id: str, by: str) -> None:
    """Put a model in use; every process takes it up within seconds."""
    with _registry() as registry:
        registry.promote(m.scorer.models, model_id)
    m.store.registry.log({"at": m.clock(), "kind": "model promoted", "by": by, "model": model_id})


def rollback(m: Moderation, by: str) -> str:
    """Put the model in use again that was before; returns which."""
    with _registry() as registry:
        now = str(registry.rollback(m.scorer.models))
    m.store.registry.log({"at": m.clock(), "kind": "model rolled back", "by": by, "model": now})
    return now


def _listed(raw: dict[str, Any], *, shipped: bool) -> Listed:
    metrics = {k: v for k, v in raw.get("metrics", {}).items() if isinstance(v, dict)}
    created, learnt = str(raw.get("created", "")), int(raw.get("rows", 0))
    gates, error = raw.get("gates", []), raw.get("error", "")
    return Listed(raw["id"], raw["promoted"], shipped, created, learnt, metrics, gates, error)


@contextmanager
def _registry() -> Iterator[Any]:
    # Imported here: scikit-learn takes a second, and few pages need it.
    from classifier import registry

    try:
        yield registry
    except registry.RegistryError as error:
        raise Conflict(str(error)) from None
