"""A challenger that judges along, with what it found at the gates, and the correction of a site."""

from __future__ import annotations

import json
import shutil
from collections import Counter

from classifier import registry, site_shelf
from classifier.site_shelf import Kept
from service import adapting
from service.domain import LABELS
from service.moderation import Moderation
from service.store import ALL

NAME = "2026-01-02-abcdef"
GATES = (
    ("clean news comments held", 0.0068, 0.01, True),
    ("clean news comments read", 0.17, 0.2, True),
    ("suite, fall of 'negated hate'", 0.15, 0.02, False),
)
LEARNT = {"decisions": 214, "positives": 31, "freedom": "words", "careless": 0.02, "gain": 0.041,
          "error": 0.017, "believed": 0.83, "before": 0.512, "after": 0.604}  # fmt: skip
FEW = LEARNT | {"positives": 2, "freedom": "none", "believed": 0.0, "before": None, "after": None}


def fill(m: Moderation) -> str:
    """Put both on the shelf; returns the name of the challenger."""
    shelf = m.scorer.models
    directory = shelf / NAME
    # It scores as the shipped model does.
    shutil.copytree(registry.SHIPPED, directory)
    manifest = json.loads((directory / "manifest.json").read_text())
    gates = [dict(zip(("name", "value", "limit", "passed"), gate, strict=True)) for gate in GATES]
    (directory / "manifest.json").write_text(json.dumps(manifest | {"id": NAME, "gates": gates}))
    champion, labels = m.scorer.current().id, dict(zip(LABELS, (FEW, LEARNT, FEW), strict=True))
    site_shelf.save(shelf, Kept("other", champion, "2026-01-02T03:30+00:00", "", labels), None)
    adapting.switch(m, "other", "admin", on=True)
    _along(m)
    return NAME


def _along(m: Moderation) -> None:
    items = [i for i in m.store.views.rows(ALL, ["blog"], limit=60).items if i.judgement.scores]
    let_through = [i for i in items if i.judgement.verdict == "approve"][:2]
    m.store.shadow.begin(NAME, m.clock() - 3600)
    counts = Counter((str(i.judgement.verdict), str(i.judgement.verdict)) for i in items)
    differing = [
        {"item": i.id, "was": "approve", "now": "hold", "scores": dict(i.judgement.scores)}
        for i in let_through
    ]
    m.store.shadow.add("blog", m.clock(), counts + Counter({("approve", "hold"): len(differing)}), differing)
