"""The models' page: a challenger beside the champion, promoted and rolled back, by those who may."""

from __future__ import annotations

import copy
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from classifier import registry
from service import models
from service.domain import Verdict
from service.errors import Conflict, NotFound
from service.moderation import Moderation
from service.scoring import Scorer
from tests.conftest import ADMIN, Clock, submit
from tests.pages import Visitor, give_password

# To write a whole model takes seconds.
pytestmark = pytest.mark.process


@pytest.fixture
def moderation(moderation: Moderation, tmp_path: Path, clock: Clock) -> Moderation:
    """Give the use cases with the shipped model."""
    return Moderation(moderation.store, Scorer(tmp_path / "models"), clock=clock)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that scores as the shipped one, and would hold everything as spam."""
    champion, shelf = registry.load(registry.SHIPPED), tmp_path_factory.mktemp("models")
    model = copy.copy(champion.model)
    model.thresholds_ = champion.model.thresholds_ | {"spam": {"hold": 0.0, "reject": None}}
    metrics = {"spam": {"average_precision": 0.75, "caught_at_hold": 0.5, "calibration_error": 0.01}}
    manifest = {"created": "2026-01-02", "rows": 7, "metrics": metrics}
    return (shelf / "new").rename(shelf / registry.save(model, shelf / "new", manifest, "# {id}"))


@pytest.fixture
def challenger(moderation: Moderation, saved: Path) -> str:
    shutil.copytree(saved, moderation.scorer.models / saved.name)
    return saved.name


def test_it_judges_as_a_challenger_would_to_no_effect(moderation: Moderation, challenger: str) -> None:
    item = submit(moderation, "Thanks, that was a good read.")
    found = models.compare(moderation, "blog", challenger)
    assert found.counts == ((0, 1, 0), (0, 0, 0), (0, 0, 0))
    (difference,) = found.differing
    assert (difference.item.id, difference.now) == (item["id"], Verdict.HOLD)
    assert difference.scores == pytest.approx(item["scores"], abs=1e-5)
    assert not moderation.item(ADMIN, item["id"]).pending
    assert models.compare(moderation, "other", challenger).differing == ()
    with pytest.raises(NotFound):
        models.compare(moderation, "blog", "../champion")


def test_it_lists_promotes_and_rolls_back(moderation: Moderation, challenger: str) -> None:
    latest, shipped = models.listed(moderation)
    assert (latest.id, latest.champion, latest.shipped, latest.rows) == (challenger, False, False, 7)
    assert (shipped.champion, shipped.shipped) == (True, True)
    models.promote(moderation, challenger, "admin")
    assert [m.champion for m in models.listed(moderation)] == [True, False]
    assert models.rollback(moderation, "admin") == shipped.id
    with pytest.raises(Conflict, match="nothing to roll back"):
        models.rollback(moderation, "admin")
    kinds = [e.kind for e in moderation.store.log.search([], lambda e: e.kind.startswith("model ")).entries]
    assert kinds == ["model rolled back", "model promoted"]


def test_it_goes_back_to_no_damaged_model_and_says_so(moderation: Moderation, challenger: str) -> None:
    _, shipped = models.listed(moderation)
    models.promote(moderation, challenger, "admin")
    models.promote(moderation, shipped.id, "admin")
    (moderation.scorer.models / challenger / "manifest.json").unlink()
    with pytest.raises(Conflict, match="cannot be read"):
        models.rollback(moderation, "admin")
    assert not moderation.store.log.search([], lambda e: e.kind == "model rolled back").entries
    latest, shipped = models.listed(moderation)
    assert (latest.id, latest.champion, "cannot be read" in latest.error) == (challenger, False, True)
    assert (shipped.champion, shipped.error) == (True, "")


def test_the_pages_show_compare_and_promote(
    moderation: Moderation, challenger: str, app: Flask, fast: None
) -> None:
    give_password(moderation.store, ADMIN)
    submit(moderation, "Thanks, that was a good read.")
    admin = Visitor(app)
    admin.enter("admin")
    page = admin.get("/models/")
    assert "0.750" in page.text
    compared = admin.get(f"/models/{challenger}?site=blog")
    assert "1 on which they differ" in compared.text
    assert "let through; it: held" in compared.text
    done = admin.send(compared.form("/promote"))
    assert f"{challenger} judges from now on." in done.text
    assert "judges from now on." in admin.send(done.form("/rollback")).text
    assert "Not done" in admin.send(done.form("/rollback")).text
    (moderation.scorer.models / challenger / "model.joblib").unlink()
    assert "model.joblib: no such file" in admin.get("/models/").text
    assert admin.get("/models/none").status == 404


def test_who_may_not_see_every_site_may_not_change_what_judges_them(
    moderation: Moderation, app: Flask, fast: None
) -> None:
    moderation.store.registry.add_person(replace(ADMIN, name="local", sites=("blog",)))
    give_password(moderation.store, replace(ADMIN, name="local", sites=("blog",)))
    local = Visitor(app)
    local.enter("local")
    assert local.get("/models/").status == 404
