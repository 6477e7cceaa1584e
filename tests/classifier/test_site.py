"""A site's correction: learnt from its decisions, bounded, explained exactly, kept by digest."""

import math

import numpy as np
import pytest

from classifier import LABELS, registry, site_learning, site_shelf
from classifier.careless import fit, likelihood
from classifier.cascade import Cascade
from classifier.correction import MOST, Correction, look
from classifier.explaining import sigmoid
from classifier.registry import Champion, RegistryError
from classifier.site import OF_SITE, SiteModel
from classifier.site_learning import balance, belief, learn
from classifier.site_shelf import Kept
from classifier.text import Document

# A model is trained for them.
pytestmark = pytest.mark.process

# A site where some words, all of which the model has met, mean advertising.
TALK = (
    "river rain harbour tide morning lock bridge island fog tea dog engine rope chart wind gulls north cabin "
    "anchor lamp kettle oars canal ferry pilot beach winter light stove map heron"
)
PRAISE = ("people", "water", "city", "school", "week")


def said(n, *praise):
    words = np.random.default_rng(n).permutation(TALK.split())[:12].tolist()
    return Document(" ".join([*words[:5], *praise, *words[5:]]))


def praise(n):
    return said(n, PRAISE[n % 5], PRAISE[(n + 1) % 5])


@pytest.fixture(scope="module")
def champion(model):
    return Champion("2026-01-01-abcdef", Cascade(model), {})


@pytest.fixture(scope="module")
def decisions():
    documents = [of(n) for n in range(30) for of in (praise, lambda n: said(n + 500))]
    labels = np.array([[math.nan, math.nan, 1.0], [0.0, 0.0, 0.0]] * 30)
    return documents, labels


@pytest.fixture(scope="module")
def learnt(champion, decisions):
    return learn(champion.model, *decisions, np.ones(60))


@pytest.fixture(scope="module")
def ours(champion, learnt):
    return SiteModel(champion.model, learnt[0])


def test_it_learns_what_the_site_calls_spam_and_nothing_else(champion, ours, learnt):
    _, figures = learnt
    assert figures["spam"]["freedom"] in ("words", "more words")
    assert figures["spam"]["after"] > figures["spam"]["before"]
    assert figures["hateful"] == {**figures["hateful"], "positives": 0, "freedom": "none", "gain": 0.0}
    document = praise(901)
    before, after = champion.model.log_odds([document]), ours.log_odds([document])
    assert after[0, 2] > before[0, 2]
    np.testing.assert_array_equal(before[:, :2], after[:, :2])
    (one,) = ours.explain_all(document, ["spam"])
    shares = {document.text[start:end].strip(): share for start, end, share in one.by_site}
    ours_of, others = [shares.pop(PRAISE[n]) for n in (901 % 5, 902 % 5)], list(shares.values())
    assert np.mean(ours_of) > np.mean(others)


def test_no_decision_changes_nothing(champion, decisions):
    documents, labels = decisions
    assert learn(champion.model, [], np.zeros((0, 3)), np.zeros(0))[0] is None
    assert learn(champion.model, documents[:6], labels[:6], np.ones(6))[0] is None


def test_what_is_decided_by_the_toss_of_a_coin_teaches_nothing(champion, decisions):
    documents, labels = decisions
    tossed = np.random.default_rng(3).integers(0, 2, len(labels)).astype(float)
    tossed = np.column_stack([tossed, tossed, tossed])
    correction, figures = learn(champion.model, documents, tossed, np.ones(60))
    assert correction is None, figures


def test_copies_count_once(champion, decisions, learnt):
    documents, labels = decisions
    copied = documents + [documents[0]] * 40, np.vstack([labels, [labels[0]] * 40])
    _, figures = learn(champion.model, *copied, np.ones(100))
    assert figures["spam"]["decisions"] == learnt[1]["spam"]["decisions"]


@pytest.mark.parametrize("text", ["", "!!", "A school week in fog", "> They are rats\n\nA fine city."])
def test_contributions_add_up_and_those_of_the_site_are_told(ours, champion, text):
    document = Document(text)
    scores = ours.score([document])[0]
    for label, score, one in zip(LABELS, scores, ours.explain_all(document, LABELS), strict=True):
        parts = [one.bias, *(c for *_, c in one.spans), *(c for _, c in one.fields)]
        assert math.fsum(parts) == pytest.approx(one.log_odds, abs=1e-9)
        assert one.score == pytest.approx(score, abs=1e-6)
        pooled = champion.model.explain_all(document, [label])[0]
        added = math.fsum([*(c for *_, c in one.by_site), dict(one.fields).get(OF_SITE, 0.0)])
        assert added == pytest.approx(one.log_odds - pooled.log_odds, abs=1e-9)
        assert one.quotes == pooled.quotes


def test_it_moves_no_score_further_than_it_may(champion, learnt):
    wild = Correction(*(getattr(learnt[0], name) * 1000 for name in ("shift", "slope")), learnt[0].columns,
                      learnt[0].grams * 1000, learnt[0].words)  # fmt: skip
    document = praise(903)
    moved = SiteModel(champion.model, wild)
    assert abs(moved.log_odds([document]) - champion.model.log_odds([document])).max() == pytest.approx(MOST)
    (one,) = moved.explain_all(document, ["spam"])
    assert one.log_odds == pytest.approx(moved.log_odds([document])[0, 2], abs=1e-6)


def test_it_is_as_before_with_the_champion_itself(champion):
    nothing = Correction(np.zeros(3), np.zeros(3), np.zeros(0, np.int32), np.zeros((0, 3), np.float32),
                         np.zeros((0, 3), np.float32))  # fmt: skip
    same, document = SiteModel(champion.model, nothing), praise(903)
    assert (same.log_odds([document]) == champion.model.log_odds([document])).all()
    assert same.explain_all(document, LABELS) == champion.model.explain_all(document, LABELS)


def test_what_it_was_taught_with_is_what_it_scores_with(champion, ours, learnt):
    documents = [praise(903), said(904), Document("")]
    seen = look(champion.model, documents)
    moved = ours.log_odds(documents) - champion.model.log_odds(documents)
    np.testing.assert_allclose(learnt[0].moves(seen), moved, atol=1e-4)


def test_the_reader_has_its_part(decisions):
    both = registry.load(registry.SHIPPED).model
    documents, _ = decisions
    correction = Correction(np.zeros(3), np.zeros(3), np.zeros(0, np.int32), np.zeros((0, 3), np.float32),
                            np.full((len(both.heads.mean), 3), 0.02, np.float32))  # fmt: skip
    ours = SiteModel(both, correction)
    for one, score in zip(ours.explain_all(documents[0], LABELS), ours.score(documents[:1])[0], strict=True):
        assert one.score == pytest.approx(score, abs=1e-6)
        assert one.by_site


def test_it_weighs_what_the_audit_drew_within_bounds():
    assert balance(np.ones(9)).tolist() == [1.0] * 9
    # One over 0.01 is cut at the root of 16; the effective number of 12 ones and 4 fours is 784 / 76.
    weights = balance(np.array([1.0] * 12 + [0.01] * 4))
    assert weights[-1] / weights[0] == pytest.approx(4.0)
    assert weights.sum() == pytest.approx(28**2 / 76)


def test_it_believes_what_exceeds_its_error():
    assert [belief(g, 1.0) for g in (-3.0, 0.0, 2.0, 4.0)] == [0.0, 0.0, 0.0, 0.75]
    assert belief(1.0, 0.0) == 1.0


def test_it_finds_the_mode_that_is_known():
    # One decision at even odds with variance v: the mode f solves f = v (1 - sigmoid(f)); 2 for v = 16.78.
    variance = 2.0 / (1.0 - float(sigmoid(np.array(2.0))))
    found = fit(np.array([[variance]]), np.zeros(1), np.ones(1), np.ones(1), 1e-12)
    assert variance * found.weights[0] == pytest.approx(2.0, abs=1e-3)


def test_leaving_one_out_is_as_fitting_without_it():
    rng = np.random.default_rng(0)
    seen = rng.normal(size=(40, 3))
    truth = (rng.random(40) < sigmoid(seen @ [1.0, -1.0, 0.5])).astype(float)
    covariance, prior, one = seen @ seen.T * 0.5, np.zeros(40), np.ones(40)
    whole = fit(covariance, prior, truth, one, 0.02)
    for left in (0, 7, 23):
        rest = np.arange(40) != left
        again = fit(covariance[np.ix_(rest, rest)], prior[rest], truth[rest], one[rest], 0.02)
        assert covariance[left, rest] @ again.weights == pytest.approx(whole.odds[left], abs=0.05)


def test_a_label_the_wrong_way_round_is_as_likely_as_it_is_said_to_be():
    told = likelihood(np.array([50.0, -50.0, 0.0]), np.array([0.0, 1.0, 1.0]), 0.1)
    np.testing.assert_allclose(np.exp(told), [0.1, 0.1, 0.5])


def test_it_is_kept_and_loaded_by_digest_beside_its_champion(tmp_path, champion, learnt, ours):
    correction, figures = learnt
    about = Kept("blog", champion.id, "2026-01-02T03:04", "", figures)
    kept = site_shelf.save(tmp_path, about, correction)
    assert site_shelf.known(tmp_path, "blog") == kept
    assert site_shelf.known(tmp_path, "other") is None
    document = praise(905)
    loaded = site_shelf.load(tmp_path, kept, champion)
    assert (loaded.log_odds([document]) == ours.log_odds([document])).all()
    with pytest.raises(RegistryError, match="the champion is 2026-02-02-000000"):
        site_shelf.load(tmp_path, kept, Champion("2026-02-02-000000", champion.model, {}))
    (file,) = (tmp_path / "sites").glob("*.npz")
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(RegistryError, match="SHA-256"):
        site_shelf.load(tmp_path, kept, champion)
    site_shelf.save(tmp_path, about, None)
    assert list((tmp_path / "sites").glob("*.npz")) == []
    (tmp_path / "sites" / "blog.json").write_text("{")
    with pytest.raises(RegistryError, match="cannot be read"):
        site_shelf.known(tmp_path, "blog")


def test_it_learns_from_the_latest(champion, decisions, monkeypatch):
    monkeypatch.setattr(site_learning, "LATEST", 10)
    assert learn(champion.model, *decisions, np.ones(60))[1]["spam"]["decisions"] == 10
