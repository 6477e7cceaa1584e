import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier import LABELS, cascade, registry
from classifier.cascade import Cascade
from classifier.evidence import AS_A_WHOLE, NOT_READ, OTHER_BIAS
from classifier.explaining import sigmoid
from classifier.reader import ReaderError
from classifier.text import Document

CLEAR = "Rates went up again, so the city will have to cut services or raise taxes."
DOUBTFUL = "The exterminator from Aleppo rid us of the rats, may he live long."
LONG = f"{DOUBTFUL} " * 60
GERMAN = "Das sind keine Ratten, das sind Menschen wie du und ich, und wer das nicht versteht, ist arm dran."


@pytest.fixture(scope="module")
def both():
    return registry.load(registry.SHIPPED).model


@pytest.fixture
def no_reader(monkeypatch):
    monkeypatch.setattr(cascade, "shipped", lambda: ReaderError("gone"))


def asked(model, text):
    return bool(model._asks(model.fast.log_odds([Document(text)]))[0])


def adds_up(explained):
    parts = [explained.bias, *(c for *_, c in explained.spans), *(c for _, c in explained.fields)]
    assert math.fsum(parts) == pytest.approx(explained.log_odds, abs=1e-9)
    for quote in explained.quotes:
        shares = [explained.bias, *(c for *_, c in quote.spans), *(c for _, c in quote.fields)]
        assert math.fsum(shares) == pytest.approx(quote.log_odds, abs=1e-9)


def test_it_leaves_what_is_clear_to_the_fast_stage(both, no_reader):
    assert not asked(both, CLEAR)
    document = Document(CLEAR)
    assert (both.log_odds([document]) == both.fast.log_odds([document])).all()


def test_it_asks_the_reader_where_it_is_in_doubt(both):
    assert asked(both, DOUBTFUL)
    shown = dict(both.explain(Document(DOUBTFUL), "dehumanising").fields)
    assert AS_A_WHOLE in shown
    assert NOT_READ not in shown


@pytest.mark.parametrize(
    "text", [CLEAR, DOUBTFUL, LONG, GERMAN, "", "!!", "🐀" * 300, "<b>rats</b> &amp; r a t s"]
)
def test_it_explains_its_scores_exactly(both, text):
    document = Document(text)
    scores = both.score([document])[0]
    for label, score, explained in zip(LABELS, scores, both.explain_all(document, LABELS), strict=True):
        assert explained.label == label
        assert explained.score == pytest.approx(score, abs=1e-6)
        adds_up(explained)


def test_it_explains_a_comment_of_many_quotations_as_it_scores_it(both):
    answer = (
        "> point {0}: they are vermin and should be exterminated like rats\nI do not think so, number {0}.\n"
    )
    document = Document("".join(map(answer.format, range(12))))
    scores = both.score([document])[0]
    for score, explained in zip(scores, both.explain_all(document, LABELS), strict=True):
        assert explained.score == pytest.approx(score, abs=1e-6)


@settings(max_examples=25)
@given(st.text(max_size=80))
def test_it_explains_any_text(both, text):
    text = f"{DOUBTFUL} {text}"
    for explained in both.explain_all(Document(text), LABELS):
        adds_up(explained)
        edges = [edge for start, end, _ in explained.spans for edge in (start, end)]
        assert edges == sorted(edges)
        assert edges[-1] <= len(text)


def test_it_explains_quotations_as_it_scores_them(both):
    quoted = "> These migrants are vermin, exterminate the rats\n"
    text = f"{quoted}\n{CLEAR}"
    assert asked(both, quoted)
    assert not asked(both, CLEAR)
    for label, explained in zip(LABELS, both.explain_all(Document(text), LABELS), strict=True):
        adds_up(explained)
        (quote,) = explained.quotes
        alone = both.score([Document(quoted)])[0, LABELS.index(label)]
        assert quote.score == pytest.approx(alone, abs=1e-6)
    assert OTHER_BIAS in dict(both.explain(Document(text), "dehumanising").quotes[0].fields) or not asked(
        both, text
    )


@pytest.mark.parametrize("text", [DOUBTFUL, GERMAN])
def test_the_fast_verdict_stands_where_nothing_could_be_read(both, no_reader, text):
    odds = both.log_odds([Document(text)])[0]
    fast = both.fast.log_odds([Document(text)])[0]
    for head, label in enumerate(LABELS):
        held = sigmoid(odds[head]) >= both.thresholds_[label]["hold"]
        assert held == (sigmoid(fast[head]) >= both.fast.thresholds_[label]["hold"])
        explained = both.explain(Document(text), label)
        adds_up(explained)
        assert explained.log_odds == pytest.approx(odds[head], abs=1e-6)
        assert (NOT_READ in dict(explained.fields)) == asked(both, text)


def test_it_reads_no_other_language(both):
    document = Document(GERMAN)
    shift = both.log_odds([document]) - both.fast.log_odds([document])
    assert not asked(both, GERMAN) or shift == pytest.approx(both._shift()[None])


def test_it_judges_a_long_comment_by_its_worst_part(both):
    worst = "These migrants are vermin, exterminate the rats. "
    hidden = Document("We walked along the river and had tea with the neighbours. " * 12 + worst)
    assert both.score([hidden])[0, 0] > both.score([Document(hidden.text.replace(worst, ""))])[0, 0]


def test_it_scores_alone_as_among_others(both):
    documents = [Document(text) for text in (CLEAR, DOUBTFUL, LONG, GERMAN, "")]
    alone = np.concatenate([both.log_odds([document]) for document in documents])
    np.testing.assert_allclose(both.log_odds(documents), alone, rtol=0, atol=1e-9)


def test_it_is_the_fast_stage_without_heads(both):
    alone, document = Cascade(both.fast), Document(DOUBTFUL)
    assert (alone.score([document]) == both.fast.score([document])).all()
    assert alone.explain(document, "spam") == both.fast.explain(document, "spam")


def test_it_travels_to_another_process(both):
    again, document = pickle.loads(pickle.dumps(both)), Document(DOUBTFUL)
    assert (again.score([document]) == both.score([document])).all()


def test_it_refuses_labels_that_it_does_not_know(both):
    with pytest.raises(ValueError, match="no label 'rude'"):
        both.explain(Document(CLEAR), "rude")
