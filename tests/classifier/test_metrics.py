import numpy as np
import pytest

from classifier.examples import NEWS, Examples, Scored
from classifier.metrics import calibration_error, rank, trade
from classifier.reading import Row
from classifier.text import Document
from classifier.thresholds import HAM_BUDGET, HOLD_BUDGET, choose_thresholds, expected_hold, held, recommend


def test_it_measures_calibration():
    rng = np.random.default_rng(1)
    scores = rng.random(20_000)
    labels = (rng.random(20_000) < scores).astype(float)
    assert calibration_error(labels, scores) < 0.02
    assert calibration_error(labels, scores**3) > 0.1
    assert calibration_error(np.zeros(0), np.zeros(0)) == 0


def test_it_ranks_known_rows_only():
    found = rank(np.array([1, 0, np.nan, 0]), np.array([0.9, 0.1, 0.99, 0.2]))
    assert found["rows"] == 3
    assert found["auc"] == found["average_precision"] == 1


def test_it_does_not_rank_one_class():
    assert "auc" not in rank(np.zeros(3), np.array([0.1, 0.2, 0.3]))


def test_it_holds_within_the_budget():
    scores = np.random.default_rng(2).random((5_000, 3))
    thresholds = choose_thresholds(scores, scores[:, -1], scores[:, -1])
    assert 0 < held(scores, thresholds).mean() <= sum(HOLD_BUDGET)


def test_it_holds_few_comments_with_links_though_news_have_none():
    rng = np.random.default_rng(4)
    ham = rng.random(5_000)
    thresholds = choose_thresholds(np.zeros((5_000, 3)), np.zeros(9_000), ham)
    assert 0 < (ham >= thresholds["spam"]["hold"]).mean() <= HAM_BUDGET


def test_it_tells_what_thresholds_trade():
    rng = np.random.default_rng(5)
    news, labels = rng.random(2_000), np.repeat([0.0, 1.0, np.nan], 500)
    rows = trade(labels, rng.random(1_500) + labels, news)
    thresholds, kept, caught = np.array(rows).T
    assert (np.diff(thresholds) < 0).all()
    assert (np.diff(kept) > 0).all()
    assert caught == pytest.approx(1)
    assert trade(labels, labels, news[:0]) == []


def test_it_rejects_spam_alone_and_only_the_blatant():
    scores = np.random.default_rng(3).random((5_000, 3))
    thresholds = choose_thresholds(scores, scores[:, -1], scores[:, -1])
    assert thresholds["dehumanising"]["reject"] is thresholds["hateful"]["reject"] is None
    assert thresholds["spam"]["reject"] >= max(thresholds["spam"]["hold"], np.quantile(scores[:, -1], 0.999))


@pytest.mark.parametrize("label", [0, 1, 2])
def test_it_holds_when_one_label_is_enough(label):
    scores = np.zeros((1, 3))
    scores[0, label] = 0.9
    thresholds = {name: {"hold": 0.9, "reject": None} for name in ("dehumanising", "hateful", "spam")}
    assert held(scores, thresholds).all()


def comments(scores, source=NEWS, spam=0.0):
    rows = [
        Row(str(n), Document(str(score)), (0.0, 0.0, spam), source) for n, score in enumerate(scores.tolist())
    ]
    return Scored(Examples(rows, np.ones((len(rows), 3))), np.repeat(scores[:, None], 3, axis=1))


def test_what_it_expects_to_hold_is_what_later_comments_show():
    one, other, later = np.random.default_rng(6).random((3, 10_000))
    thresholds = recommend(comments(one) + comments(other))
    count, expected = expected_hold((comments(one), comments(other)))
    assert count == 20_000
    assert expected == pytest.approx(held(np.repeat(later[:, None], 3, axis=1), thresholds).mean(), abs=0.002)


def test_no_comment_has_a_part_in_the_thresholds_that_it_is_tried_with():
    low, high = np.arange(50.0), np.arange(50.0, 100.0)
    # Of either half whatever scores higher than all of the other is held.
    assert expected_hold((comments(low), comments(high))) == (100, 0.5)
    assert expected_hold((comments(low, "seed"), comments(high, "seed"))) == (0, None)


def test_comments_that_nobody_takes_for_spam_leave_its_threshold_where_it_is():
    rng = np.random.default_rng(7)
    news = comments(np.zeros(1_000))
    mail = news + comments(rng.random(2_000), "mail") + comments(rng.random(200), "mail", 1.0)
    alone = recommend(mail)["spam"]["hold"]
    for source in (NEWS, "posts"):
        assert recommend(mail + comments(np.zeros(9_000), source))["spam"]["hold"] == alone
