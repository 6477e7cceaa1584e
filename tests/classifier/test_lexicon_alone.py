"""No word of the lexicons decides a verdict by itself."""

from pathlib import Path

import numpy as np
import pytest

from classifier import LABELS, registry
from classifier.lexicon import CLASSES
from classifier.text import Document

LEXICONS = Path(__file__).parents[2] / "training_data" / "lexicons"
SENTENCES = (
    "Yesterday I read the word {} in the paper.",
    "The second chapter mentions {} on page twelve.",
    "My talk on Tuesday is about {} and starts at six.",
)
#: Share of the slurs that may be held alone: a slur has hardly a neutral use, but to be mentioned.
MOST_SLURS = 0.05


@pytest.fixture(scope="module")
def champion():
    return registry.load(registry.SHIPPED).model


def words(name):
    lines = (LEXICONS / f"{name}.txt").read_text("utf-8").splitlines()
    return " ".join(line for line in lines if not line.startswith("#")).split()


def held(model, name):
    cuts = [model.thresholds_[label]["hold"] for label in LABELS]
    found = words(name)
    over = [model.score([Document(s.format(word)) for word in found]) >= cuts for s in SENTENCES]
    return [word for word, any_label in zip(found, np.any(over, axis=(0, 2)), strict=True) if any_label]


@pytest.mark.parametrize("name", [name for name in CLASSES[1:-1] if name != "SLUR"])
def test_it_holds_nothing_for_one_word(champion, name):
    assert held(champion, name) == []


def test_it_scores_much_alike_whoever_is_named(champion):
    """An identity term alone takes the score for hate not half the way to what is held."""
    texts = [Document(sentence.format(word)) for sentence in SENTENCES for word in words("GROUP")]
    reached = np.quantile(champion.score(texts)[:, :2], 0.99, axis=0)
    assert (reached < [champion.thresholds_[label]["hold"] / 2 for label in LABELS[:2]]).all()


def test_it_holds_hardly_a_slur_that_is_only_mentioned(champion):
    assert len(held(champion, "SLUR")) <= MOST_SLURS * len(words("SLUR"))
