import numpy as np
import pytest

from classifier import reader
from classifier.heads import Lessons, fit
from classifier.stacking import ASK_BUDGET, choose_ask

RNG = np.random.default_rng(20261122)


@pytest.mark.parametrize("labels_agree", [True, False])
def test_it_asks_about_no_more_clean_comments_than_its_budget(labels_agree):
    news = np.repeat(RNG.normal(size=(2_000, 1)), 3, axis=1) if labels_agree else RNG.normal(size=(2_000, 3))
    asked = (news >= choose_ask(news)).any(axis=1).mean()
    assert asked <= sum(ASK_BUDGET)
    assert asked > sum(ASK_BUDGET) * 0.8


def test_its_heads_weigh_what_each_stage_is_worth():
    """Where the fast stage knows the truth and the reader guesses, the heads listen to the fast stage."""
    shipped = reader.shipped()
    assert isinstance(shipped, reader.Reader)
    truth = RNG.integers(0, 2, (600, 3)).astype(float)
    means = RNG.normal(size=(600, len(shipped.taught) - 1))
    fast = 4 * truth - 2 + RNG.normal(size=(600, 3))
    lessons = Lessons(means, fast, truth, np.ones((600, 3)))
    heads = fit(shipped, np.zeros(3), lessons)
    assert (heads.fast > 1).all()
    reading = reader.Reading(means[:1].astype(np.float32), True)
    assert ((heads.judge(reading, fast[0]) > 0) == (truth[0] > 0.5)).mean() > 0.6


def test_its_heads_need_both_classes():
    shipped = reader.shipped()
    means = np.zeros((10, len(shipped.taught) - 1))
    with pytest.raises(ValueError, match="class"):
        fit(shipped, np.zeros(3), Lessons(means, np.zeros((10, 3)), np.zeros((10, 3)), np.ones((10, 3))))
