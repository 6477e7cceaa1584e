"""What is fast must be what is plain: a sparse matrix through scikit-learn's own estimator."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from classifier.encoding import TABLE_SIZE, encode
from classifier.text import Document
from tests.classifier.conftest import read_seed

# A model is trained for them.
pytestmark = pytest.mark.process

WORDS = [
    "They",
    "are",
    "not",
    "rats",
    "vermin",
    "he",
    "said",
    '"',
    ".",
    "!",
    "\n",
    "W",
    "🐀",
    "http://a.example",
]
TEXTS = st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=8)), max_size=40).map(" ".join)


def plain_scores(model, documents):
    """Score by counts, weighed by rarity and normalised by block, times the coefficients of each head."""
    encoding = encode(documents, model.lexicon)
    rarity = np.sqrt(model.table_[:, -1].astype(float))
    blocks = []
    for block in encoding.blocks.values():
        places = np.repeat(np.arange(len(documents)), np.diff(block.edges) * block.rows.shape[1])
        counts = sparse.csr_matrix(
            (np.ones(len(places)), (places, block.rows.ravel())), (len(documents), TABLE_SIZE)
        )
        squares = counts @ rarity**2
        norms = 1 / np.sqrt(np.where(squares > 0, squares, 1))
        blocks.append(sparse.diags(norms) @ counts @ sparse.diags(rarity))
    matrix = sparse.hstack([sum(blocks), sparse.csr_matrix(encoding.fields)], "csr")
    return np.column_stack([_estimator(model, head).predict_proba(matrix)[:, 1] for head in range(3)])


def _estimator(model, head):
    rarity = np.sqrt(model.table_[:, -1].astype(float))
    weights = np.divide(model.table_[:, head], rarity, out=np.zeros(TABLE_SIZE), where=rarity > 0)
    estimator = LogisticRegression()
    estimator.classes_ = np.array([0, 1])
    estimator.coef_ = np.append(weights, model.field_weights_[:, head])[None]
    estimator.intercept_ = model.bias_[[head]]
    return estimator


@settings(deadline=None, max_examples=25)
@given(st.lists(st.builds(Document, TEXTS, st.text(max_size=8)), min_size=1, max_size=6))
def test_it_scores_any_batch_as_the_plain_path_does(model, documents):
    np.testing.assert_allclose(model.score(documents), plain_scores(model, documents), rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", ["war_news", "spam_ham", "noisy_habitats"])
def test_it_scores_our_comments_as_the_plain_path_does(model, name):
    documents = read_seed(name)[0][::5]
    np.testing.assert_allclose(model.score(documents), plain_scores(model, documents), rtol=0, atol=1e-9)
