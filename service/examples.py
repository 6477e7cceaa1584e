"""Moderators' decisions as labelled examples, in the schema that training reads (training_data/schema.md)."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from service.domain import LABELS
from service.store import Store


def export(
    store: Store, sites: Iterable[str] = (), without: Collection[str] = ()
) -> Iterator[dict[str, Any]]:
    """Yield the examples in force: the last word on each revision, of the given sites or of all.

    Of all, with those of the pool. Those whose word came from a source that is left out are left out.
    """
    for site in sites or [s.id for s in store.registry.sites()]:
        found = in_force(json.loads(e) for e in store.views.examples(site))
        yield from (e for e in found if e["source"] not in without)
    if not sites:
        yield from (e for e in store.pool.all() if e["source"] not in without)


def line(example: dict[str, Any]) -> str:
    """Write an example as a line of JSON."""
    return json.dumps(example, ensure_ascii=False) + "\n"


def write(store: Store, path: Path, without: Collection[str] = ()) -> int:
    """Write the examples of every site to a file; return how many they are."""
    lines = [line(example) for example in export(store, without=without)]
    path.write_text("".join(lines), encoding="utf-8")
    return len(lines)


def in_force(log: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield labelled texts from the log of examples, without what was undone or says nothing of a label."""
    # By time, since what was archived and brought back stands behind what is newer.
    last = {(e["item"], e["revision"]): e for e in sorted(log, key=lambda e: float(e["at"]))}
    for (item, revision), example in last.items():
        labels = _labels(example)
        if labels:
            yield {
                "id": f"{item}.{revision}",
                **_comment(example["comment"]),
                **labels,
                **_provenance(example),
            }


def labels_of(decision: str, reason: str | None) -> dict[str, int]:
    """Return what a decision says of the labels: an approval denies all, a rejection asserts its reason's."""
    if decision == "approve":
        return dict.fromkeys(LABELS, 0)
    return {reason: 1} if reason in LABELS else {}


def _labels(example: dict[str, Any]) -> dict[str, int]:
    if example.get("retracted"):
        return {}
    if "suggested" in example:
        return {label: int(score >= 0.5) for label, score in example["suggested"].items()}
    return labels_of(example["decision"], example["reason"])


def _comment(comment: dict[str, str]) -> dict[str, str]:
    names = {"author": "comment_author", "author_url": "comment_author_url", "agent": "comment_agent"}
    return {"text": comment.get("text", "")} | {names[k]: v for k, v in comment.items() if k in names}


def _provenance(example: dict[str, Any]) -> dict[str, Any]:
    # Whoever learns from them can weight what the audit drew by one over its share.
    return {name: example[name] for name in ("site", "source", "by", "at", "audit") if name in example}
