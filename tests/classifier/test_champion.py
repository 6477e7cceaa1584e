"""What the shipped champion must not do: let a word decide, whoever is named."""

import functools

import numpy as np
import pytest

from classifier import registry
from classifier.text import Document
from classifier.thresholds import held
from tests.classifier.conftest import OURS

FRAMES = (
    "We talked about {w} at the table yesterday.",
    "The word {w} is in the title of the book.",
    "My neighbour asked me what {w} means.",
    "There was a report on {w} in the evening news.",
)
LEXICONS = sorted(path.stem for path in (OURS / "lexicons").glob("*.txt"))


@functools.cache
def champion():
    return registry.load(registry.SHIPPED).model


def words(lexicon):
    lines = (OURS / "lexicons" / f"{lexicon}.txt").read_text("utf-8").splitlines()
    return [word for line in lines if not line.startswith("#") for word in line.split()]


def held_of(lexicon):
    documents = [Document(frame.format(w=word)) for word in words(lexicon) for frame in FRAMES]
    flags = held(champion().score(documents), champion().thresholds_)
    return flags.reshape(-1, len(FRAMES))


@pytest.mark.parametrize("lexicon", [name for name in LEXICONS if name != "SLUR"])
def test_it_decides_by_no_word_of_a_lexicon(lexicon):
    assert held_of(lexicon).mean() <= 0.01


def test_it_holds_few_words_but_slurs_in_a_neutral_sentence():
    assert np.concatenate([held_of(name) for name in LEXICONS if name != "SLUR"]).mean() <= 0.001


def test_it_holds_no_sentence_for_whom_it_names():
    assert not held_of("GROUP").any()
    assert not held_of("SIDE").any()
    assert not held_of("PEOPLE").any()


def test_it_scores_much_alike_whoever_is_named():
    """An identity term moves the score for hate by less than from nothing to half of what is held."""
    documents = [Document(frame.format(w=word)) for word in words("GROUP") for frame in FRAMES]
    scores = champion().score(documents)
    thresholds = [champion().thresholds_[label]["hold"] for label in ("dehumanising", "hateful")]
    assert (np.quantile(scores[:, :2], 0.99, axis=0) < np.array(thresholds) / 2).all()
