"""A site's correction: learnt from the store, in use where the site wants it, shown, and switched off."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from flask import Flask

from classifier import registry, site_shelf
from classifier.correction import Correction
from classifier.site_shelf import Kept
from service import adapting, scoring, site_settings
from service.domain import Policy, ReasonCode, Ruling, Thresholds
from service.moderation import Moderation, Wish
from service.scoring import Scorer
from service.web import sums
from tests.app.conftest import Run
from tests.conftest import ADMIN, Clock, submit
from tests.pages import Visitor, give_password

LEARNT = {"decisions": 40, "positives": 9, "freedom": "words", "careless": 0.02, "gain": 0.1, "error": 0.05,
          "believed": 0.75, "before": 0.5, "after": 0.625}  # fmt: skip
NONE = LEARNT | {"freedom": "none", "believed": 0.0, "before": None, "after": None}
LABELS = {"dehumanising": NONE, "hateful": NONE, "spam": LEARNT}
TEXT = "We met at the bridge and walked along the river."


@pytest.fixture
def moderation(moderation: Moderation, tmp_path: Path, clock: Clock) -> Moderation:
    """Give the use cases with the shipped model."""
    return Moderation(moderation.store, Scorer(tmp_path / "models"), clock=clock)


@pytest.fixture
def kept(moderation: Moderation) -> Kept:
    """Put a correction on the shelf that raises spam by two, half of it by the word that comes first."""
    champion = registry.load(registry.SHIPPED)
    dimensions = len(champion.model.heads.mean) if champion.model.heads else 0
    words = np.zeros((dimensions, 3), np.float32)
    words[:, 2] = 0.001
    shift = np.array([0.0, 0.0, 1.0])
    correction = Correction(shift, np.zeros(3), np.zeros(0, np.int32), np.zeros((0, 3), np.float32), words)
    about = Kept("blog", champion.id, "2026-01-02T03:04+00:00", "", LABELS)
    return site_shelf.save(moderation.scorer.models, about, correction)


def adapt(m: Moderation, spam: float | None = None) -> None:
    policy = Policy(adapt=True, thresholds={"spam": Thresholds(spam)})
    site_settings.set_policy(m, "blog", policy, "admin")


def test_it_counts_only_where_the_site_wants_it(moderation: Moderation, kept: Kept, clock: Clock) -> None:
    plain = submit(moderation, TEXT)
    adapt(moderation)
    clock.move(2)
    adapted, other = submit(moderation, TEXT, "2"), submit(moderation, TEXT, "2", site="other")
    assert adapted["scores"]["spam"] > plain["scores"]["spam"] == other["scores"]["spam"]
    assert adapted["scores"]["hateful"] == plain["scores"]["hateful"]
    assert adapted["model"] == f"{plain['model']}+{kept.sha256[:6]}"


def test_what_it_adds_is_kept_and_told_apart(moderation: Moderation, kept: Kept, app: Flask) -> None:
    adapt(moderation, spam=0.0)
    item = moderation.item(ADMIN, submit(moderation, TEXT)["id"])
    (one,) = item.explanations
    assert {span[:2] for span in one.by_site} <= {span[:2] for span in one.spans}
    with app.test_request_context():
        (table,) = sums.sums(item)
    whole = sum(value for *_, value in one.by_site) + dict(one.fields)["this site"]
    assert whole > 0.7
    assert sum(row.value for row in table.of_site) == pytest.approx(whole, abs=1e-9)
    assert sum(row.value for row in table.rows) == pytest.approx(one.log_odds, abs=1e-6)


def test_one_that_does_not_fit_is_left_out(
    moderation: Moderation, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "POLL_S", 0.0)
    plain = moderation.scorer.current()
    assert moderation.scorer.adapted("blog") is not plain
    assert moderation.scorer.adapted("blog") is moderation.scorer.adapted("blog")
    (file,) = (moderation.scorer.models / "sites").glob("*.npz")
    site_shelf.save(moderation.scorer.models, replace(kept, champion="2020-01-01-000000"), None)
    assert moderation.scorer.adapted("blog") is plain
    assert moderation.scorer.adapted("other") is plain
    assert not file.exists()


def test_it_is_learnt_from_the_decisions_of_the_site(moderation: Moderation) -> None:
    for n in range(12):
        site_settings.set_policy(moderation, "blog", Policy(thresholds={"spam": Thresholds(0.0)}), "admin")
        said = submit(moderation, f"{TEXT} Number {n} of {n * 7} " + "abcdefghijkl"[n] * 9, str(n))
        wish = Wish(Ruling.REJECT, ReasonCode.SPAM) if n % 2 else Wish(Ruling.APPROVE)
        moderation.decide(ADMIN, said["id"], wish)
    kept = adapting.learn(moderation.store, moderation.scorer.models, "blog", time.time())
    assert kept.champion == moderation.scorer.current().id
    assert kept.labels["spam"]["decisions"] > 0
    assert kept.labels["hateful"]["positives"] == 0
    assert site_shelf.known(moderation.scorer.models, "blog") == kept
    assert len(adapting.lines(kept)) == 4


def test_the_page_shows_it_and_turns_it_off(
    moderation: Moderation, kept: Kept, app: Flask, fast: None
) -> None:
    give_password(moderation.store, ADMIN)
    adapt(moderation)
    admin = Visitor(app)
    admin.enter("admin")
    page = admin.get("/models/")
    assert "Corrections of single sites" in page.text
    assert "0.500 → 0.625" in page.text
    done = admin.send(page.form("/sites/blog"))
    assert not moderation.store.registry.site("blog").policy.adapt
    admin.send(done.form("/sites/blog"), on="1")
    assert moderation.store.registry.site("blog").policy.adapt


def test_the_command_says_what_it_learnt(run: Run, added: dict[str, str]) -> None:
    said = run("retrain", "--site", added["site"])
    assert said.exit_code == 0
    assert said.stdout.count("0 decisions, too few of one kind") == 3
    learnt = json.loads(run("retrain", "--site", added["site"], "--json").stdout)
    assert (learnt["site"], learnt["labels"]["spam"]["decisions"]) == (added["site"], 0)
    refused = run("retrain", "--site", "none")
    assert (refused.exit_code, "no such site" in refused.stderr) == (1, True)
