import math
import time

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError

from classifier import LABELS
from classifier.model import CommentModel
from classifier.text import Document
from tests.classifier.conftest import read_seed
from tests.classifier.test_text import HOSTILE

# A model is trained for them.
pytestmark = pytest.mark.process

TEXTS = st.text(st.characters(), max_size=200)


def explain_all(model, document):
    return [model.explain(document, label) for label in LABELS]


@settings(deadline=None, max_examples=50)
@given(TEXTS, TEXTS, TEXTS)
def test_it_explains_any_score_exactly(model, text, author, url):
    document = Document(text, author, url)
    scores = model.score([document])[0]
    for score, explained in zip(scores, explain_all(model, document), strict=True):
        parts = [span.contribution for span in explained.spans] + [value for _, value in explained.fields]
        assert explained.bias + sum(parts) == pytest.approx(explained.log_odds, abs=1e-9)
        assert explained.score == pytest.approx(score, abs=1e-9)
        places = [place for span in explained.spans for place in (span.start, span.end)]
        assert places == sorted(places)
        assert all(0 <= place <= len(text) for place in places)


def test_it_paints_the_words_that_count(model):
    text = "The bridge is closed, visit https://loans.example now"
    explained = model.explain(Document(text), "spam")
    by_word = {text[span.start : span.end]: span.contribution for span in explained.spans}
    assert by_word["visit"] > 0 > by_word["bridge"]
    assert dict(explained.fields)["links"] > 0


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:4]))
def test_it_scores_hostile_text_within_bounds(model, text):
    started = time.process_time()
    scores = model.score([Document(text)])
    # Some milliseconds; what grows with the square of the length takes far longer.
    assert time.process_time() - started < 2
    assert ((scores >= 0) & (scores <= 1)).all()


def test_it_scores_a_batch_as_it_scores_each_alone(model):
    documents, _ = read_seed("everyday", "spam_ham_2")
    documents = [Document(""), *documents[::7], Document("🐀" * 300), Document("")]
    together = model.score(documents)
    alone = np.concatenate([model.score([document]) for document in documents])
    np.testing.assert_allclose(together, alone, atol=1e-12)


def test_it_scores_nothing_as_nothing(model):
    assert model.score([]).shape == (0, len(LABELS))


def test_it_learns_the_labels(model):
    documents, labels = read_seed("war_news", "spam_ham")
    scores = model.score(documents)
    for head, label in enumerate(LABELS):
        yes, no = (scores[labels[:, head] == value, head].mean() for value in (1, 0))
        assert yes > no + 0.3, label


def test_it_is_deterministic(taught, model, lexicon):
    documents, labels = taught
    weights = np.ones_like(labels)
    again = (
        CommentModel(lexicon, max_iter=8)
        .fit(documents, labels, weights)
        .calibrate(documents, labels, weights)
    )
    np.testing.assert_array_equal(again.table_, model.table_)
    np.testing.assert_array_equal(again.bias_, model.bias_)


@pytest.mark.parametrize("label", ["dehumanising", "hateful"])
def test_it_counts_author_and_links_for_spam_only(model, label):
    text = "Lovely post"
    bare = Document(text)
    signed = Document(text, "Cheap Loans Now", "https://loans.example", "a1@loans.example")
    head = LABELS.index(label)
    assert model.score([bare])[0, head] == model.score([signed])[0, head]
    assert model.score([bare])[0, -1] != model.score([signed])[0, -1]


def test_it_refuses_a_label_with_one_class(taught, lexicon):
    documents, labels = taught
    labels = labels.copy()
    labels[:, 1] = 0
    with pytest.raises(ValueError, match="hateful: examples of both classes"):
        CommentModel(lexicon, max_iter=5).fit(documents, labels, np.ones_like(labels))


def test_it_ignores_unknown_labels(taught, lexicon):
    documents, labels = (every[::3] for every in taught)
    weights = np.ones_like(labels)
    unknown = [*documents, Document("unrelated words of no label at all")]
    more = np.vstack([labels, [math.nan] * 3])
    plain = CommentModel(lexicon, max_iter=5).fit(documents, labels, weights)
    other = CommentModel(lexicon, max_iter=5).fit(unknown, more, np.vstack([weights, [1] * 3]))
    np.testing.assert_allclose(plain.bias_, other.bias_, atol=0.05)


def test_it_must_be_fitted(lexicon):
    with pytest.raises(NotFittedError):
        CommentModel(lexicon).score([Document("hello")])


def test_it_knows_no_other_label(model):
    with pytest.raises(ValueError, match="rude"):
        model.explain(Document("hello"), "rude")


def test_it_is_unchanged_by_scoring(model):
    before = joblib.hash(model)
    model.score([Document("hello")])
    model.explain(Document("hello"), "spam")
    assert joblib.hash(model) == before
