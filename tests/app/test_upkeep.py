"""What goes on in the background: a challenger judges along, and each night it is learnt anew."""

from __future__ import annotations

from dataclasses import replace
from subprocess import Popen

import pytest

from service import along, models, site_settings, upkeep
from service.domain import Policy, Thresholds, Verdict
from service.moderation import Moderation
from service.scoring import Model
from service.upkeep import Upkeep
from tests.conftest import ADMIN, Clock, submit
from tests.stubs import StubModel

CHALLENGER = "2026-01-02-abcdef"


class Strict(StubModel):
    """Holds as spam what the champion lets through."""

    recommended = StubModel.recommended | {"spam": Thresholds(0.005)}

    def score_all(self, comments: list[object]) -> list[dict[str, float]]:
        return [self.score(c) for c in comments]  # type: ignore[arg-type]  # comments they are


@pytest.fixture
def challenger(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let a stub be the challenger; returns what was loaded."""
    loaded: list[str] = []

    def load(_m: Moderation, model_id: str) -> Model:
        loaded.append(model_id)
        return Strict()  # type: ignore[return-value]  # the stub has its shape

    monkeypatch.setattr(models, "load", load)
    return loaded


def begun(m: Moderation, clock: Clock) -> along.Shadow:
    models.judge_along(m, CHALLENGER, "admin")
    clock.move(1)
    return along.Shadow(m)


def test_it_judges_what_comes_after_it_began_once(
    moderation: Moderation, clock: Clock, challenger: list[str]
) -> None:
    submit(moderation, "before", "0")
    shadow = begun(moderation, clock)
    item = submit(moderation, "a kind word")
    submit(moderation, "[spam=0.7]", "2")
    assert (shadow.step(), shadow.step()) == (2, 0)
    found = moderation.store.shadow.read()
    assert found
    assert found.counts == {("approve", "hold"): 1, ("hold", "hold"): 1}
    (one,) = along.differing(moderation, found.differing, 30)
    assert (one.item.id, one.was, one.now) == (item["id"], Verdict.APPROVE, Verdict.HOLD)
    assert one.scores["spam"] == 0.01
    assert not moderation.item(ADMIN, item["id"]).pending
    assert set(challenger) == {CHALLENGER}


def test_it_judges_no_more_at_once_than_is_bounded(
    moderation: Moderation, clock: Clock, challenger: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(along, "AT_ONCE", 3)
    shadow = begun(moderation, clock)
    for n in range(5):
        submit(moderation, "a kind word", str(n))
    assert (shadow.step(), shadow.step()) == (3, 0)


def test_it_tells_nothing_of_what_is_audited_and_unread(
    moderation: Moderation, clock: Clock, challenger: list[str]
) -> None:
    audited = Moderation(moderation.store, moderation.scorer, clock=clock, audit_key=b"key")
    site_settings.set_policy(audited, "blog", Policy(audit=1.0), "admin")
    shadow = begun(audited, clock)
    submit(audited, "a kind word")
    assert shadow.step() == 0


def test_it_ends_when_told_and_is_logged(moderation: Moderation, clock: Clock, challenger: list[str]) -> None:
    shadow = begun(moderation, clock)
    models.judge_along(moderation, "", "admin")
    submit(moderation, "a kind word")
    assert shadow.step() == 0
    assert moderation.store.shadow.read() is None
    kinds = [e.kind for e in moderation.store.log.search([], lambda e: "along" in e.kind).entries]
    assert kinds == ["no challenger judges along", "challenger judges along"]


def test_it_learns_once_a_night_and_only_then(
    moderation: Moderation, clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    learnt: list[str] = []

    class Over:
        def poll(self) -> int:
            return 0

    def retrain() -> Popen[bytes]:
        learnt.append("champion")
        return Over()  # type: ignore[return-value]  # a training that is through

    moderation.scorer.models = tmp_path  # type: ignore[assignment]  # the stub has none of its own
    monkeypatch.setattr(upkeep, "retrain", retrain)
    monkeypatch.setattr(upkeep.adapting, "learn", lambda _store, _models, site, _now: learnt.append(site))
    site_settings.set_policy(moderation, "blog", replace(Policy(), adapt=True), "admin")
    never, nightly = Upkeep(moderation, ""), Upkeep(moderation, "12:00")
    # The clock of the tests stands at 08:00 UTC.
    never.step()
    nightly.step()
    assert learnt == []
    for _ in range(2):
        clock.move(5 * 3600)
        nightly.step()
        Upkeep(moderation, "12:00").step()
    assert learnt == ["blog", "champion"]
    clock.move(86400)
    nightly.step()
    assert learnt == ["blog", "champion"] * 2
