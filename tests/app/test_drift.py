"""Drift: an index that is checked by hand, what moves the scores, and the page."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from service import drift, replay
from service.domain import LABELS, Judgement, Verdict
from service.moderation import Moderation
from service.store import rows
from tests.conftest import Clock, submit
from tests.pages import Visitor

DAY_S = 86_400


def test_the_index_is_what_it_is_by_hand() -> None:
    # Shares 20.5 and 30.5 of 51, against 30.5 and 20.5: each bin adds (10 / 51) ln(30.5 / 20.5).
    assert drift.stability([20, 30], [30, 20]) == pytest.approx(2 * 10 / 51 * log(30.5 / 20.5))
    assert drift.stability([5, 9, 2], [5, 9, 2]) == 0
    assert drift.stability([100, 0], [0, 100]) > 5


def made(recent: float) -> replay.Past:
    """Return five weeks of comments, of which the last scores otherwise."""
    chance = np.random.default_rng(1)
    days = []
    for day in range(35):
        scores = chance.beta(recent if day >= 28 else 1.0, 8, (60, 3))
        each = (
            Judgement(Verdict.APPROVE, (), dict(zip(LABELS, s, strict=True)), "m", 1) for s in scores.tolist()
        )
        days.append(b"".join(map(rows.row, each)))
    return replay.read(days)


def test_it_tells_scores_that_moved_from_those_that_did_not() -> None:
    still, moved = drift.drift(made(1.0)), drift.drift(made(3.0))
    assert (still.before, still.recent, len(still.shifts)) == (28 * 60, 7 * 60, 3)
    assert all(s.index < 0.1 for s in still.shifts)
    assert all(s.index > 0.25 for s in moved.shifts)
    assert all(sum(s.before) == pytest.approx(1) == sum(s.recent) for s in moved.shifts)
    assert [len(s.edges) for s in still.shifts] == [10, 10, 10]


def test_without_a_past_there_is_nothing_to_compare(moderation: Moderation) -> None:
    assert drift.drift(replay.past(moderation, "blog", 35)).shifts == ()
    assert drift.movers(moderation, "blog") == []
    assert [w.missed for w in drift.by_week(replay.past(moderation, "blog", 84))] == [None] * 12


def test_it_names_what_moves_the_scores(moderation: Moderation, clock: Clock) -> None:
    for n in range(4):
        submit(moderation, f"kind words {n}", f"a{n}")
    clock.move(10 * DAY_S)
    for n in range(4):
        submit(moderation, f"vile words {n}", f"b{n}")
    # The stub gives all the weight to the first four characters.
    found = {(mover.label, mover.name): mover.moved for mover in drift.movers(moderation, "blog")}
    assert found["spam", "vile"] == pytest.approx(3.0)
    assert found["spam", "kind"] == pytest.approx(-3.0)


def test_the_page_shows_it(moderation: Moderation, clock: Clock, visitor: Visitor) -> None:
    visitor.enter("ana")
    assert "There is nothing to compare yet." in visitor.get("/drift/?site=blog").text
    for n in range(5):
        submit(moderation, f"kind words [spam=0.0{n}]", f"a{n}")
    clock.move(10 * DAY_S)
    visitor.enter("ana")
    for n in range(5):
        submit(moderation, f"vile words [spam=0.4{n}]", f"b{n}")
    page = visitor.get("/drift/?site=blog")
    assert "much has changed" in page.text
    assert "The 5 comments of the last week beside the 5 of the four weeks before." in page.text
    assert "vile spam+3.00" in page.text
    assert visitor.get("/drift/?site=other").status == 404
