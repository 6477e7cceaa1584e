import copy

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from classifier import cascade, gates
from classifier.cascade import Cascade
from classifier.examples import NEWS, Examples, Scored
from classifier.heads import Heads
from classifier.reader import ReaderError
from classifier.reading import Row
from tests.classifier.conftest import OURS, read_seed

# Each is judged by all suites.
pytestmark = pytest.mark.process
SUITES = OURS / "suites"


@pytest.fixture(scope="module")
def model(model):
    return Cascade(model)


@pytest.fixture(scope="module")
def check():
    """Rows of ours that stand in for news comments and others kept from training."""
    documents, labels = read_seed("everyday", "spam_ham_2")
    rows = [
        Row(str(n), document, tuple(values), NEWS)
        for n, (document, values) in enumerate(zip(documents[::2], labels[::2], strict=True))
    ]
    return Examples(rows, np.ones((len(rows), 3)))


@pytest.fixture
def other(model):
    return copy.deepcopy(model)


def judged(challenger, champion, check, **recorded):
    half = Scored(check, challenger.score(check.documents))
    return gates.judge(challenger, champion, half, half, SUITES, **recorded)


def found(result, name):
    return next(gate for gate in result if name in gate.name)


def test_it_passes_a_champion_against_itself(model, check):
    result = judged(model, model, check)
    compared = [gate for gate in result if "fall of" in gate.name]
    assert len(compared) > 30
    assert all(gate.passed and gate.value == 0 for gate in compared)


def test_it_refuses_a_model_that_forgot_a_label(model, other, check):
    other.fast.table_[:, -2] *= -1
    other.fast.bias_[-1] *= -1
    fall = found(judged(other, model, check), "spam: fall of average precision")
    assert not fall.passed
    assert fall.value > fall.limit
    assert str(fall).startswith("FAILED")


def test_it_refuses_a_model_that_holds_everything(model, other, check):
    other.thresholds_ = {label: {"hold": 0.0, "reject": None} for label in model.thresholds_}
    result = judged(other, None, check)
    assert found(result, "news").value == 1.0
    assert not found(result, "news").passed
    assert found(result, "gap").passed


def test_it_refuses_a_functionality_that_got_worse(model, other, check):
    champion = copy.deepcopy(model)
    other.thresholds_ = {label: {"hold": 2.0, "reject": None} for label in model.thresholds_}
    champion.thresholds_ = {label: {"hold": 0.0, "reject": None} for label in model.thresholds_}
    result = judged(other, champion, check)
    assert not found(result, "threats").passed
    assert found(result, "neutral identity").passed


def test_it_goes_by_what_was_recorded_of_a_champion_whose_reader_is_gone(model, other, check, monkeypatch):
    monkeypatch.setattr(cascade, "shipped", lambda: ReaderError("gone"))
    recorded = gates.standing(model, SUITES)
    recorded["accuracy"] = dict.fromkeys(recorded["accuracy"], 2.0)
    never = Heads("gone", np.full(3, np.inf), *[np.zeros(3)] * 4)
    falls = {}
    for name, heads in (("whole", None), ("lame", never)):
        other.heads = heads
        result = judged(model, other, check, recorded=recorded)
        falls[name] = {gate.name: gate.value for gate in result if "suite, fall" in gate.name}
    assert set(falls["whole"].values()) == {0.0}
    assert min(falls["lame"].values()) >= 1.0
    stale = judged(model, other, check, recorded=recorded | {"suites": "others"})
    assert found(stale, "threats").value == 0.0


def test_it_measures_samples_as_scikit_learn_measures_each():
    rng = np.random.default_rng(5)
    truth, scores = rng.integers(2, size=80), rng.integers(20, size=80) / 20
    samples = [rng.integers(80, size=80) for _ in range(50)]
    counts = np.array([np.bincount(rows, minlength=80) for rows in samples])
    each = [average_precision_score(truth[rows], scores[rows]) for rows in samples]
    np.testing.assert_allclose(gates.average_precisions(truth, scores, counts), each)


def test_it_counts_harmless_statements_by_group(model):
    rates = gates.group_rates(model, SUITES)
    assert len(rates) > 10
    assert all(0 <= rate <= 1 for rate in rates.values())
