import json
import math

import numpy as np
import pytest
from scipy import sparse

from classifier import distil, soft_labels, training
from classifier.dataset import Corpus
from classifier.encoding import STANCE
from classifier.examples import SOFT_WEIGHT
from classifier.explaining import sigmoid
from classifier.model import CommentModel
from classifier.reader import shipped
from classifier.reading import digest
from classifier.text import Document
from tests.classifier.test_dataset import ours, write_news  # noqa: F401  # a fixture

EVEN = {"dehumanising": [1.0, 0.0], "hateful": [0.5, 0.0], "spam": [1.0, 0.0]}


def keep(corpus, odds, calibration=EVEN):
    """Write soft labels of the set news."""
    directory, (news,) = corpus.soft_labels, corpus.public_files
    directory.mkdir()
    np.save(directory / "news.npy", soft_labels.pack(np.array(odds)))
    facts = {"reader": "r", "sets": {"news": digest(news)}}
    facts |= {"calibration": calibration} if calibration else {}
    (directory / "manifest.json").write_text(json.dumps(facts))


@pytest.fixture
def corpus(ours):  # noqa: F811  # the fixture
    """A set of two rows, with the labels of the second unknown."""
    return Corpus(ours, write_news(ours, "n3,three,0,0,,,,", "n4,four,,,,,,"))


def test_it_keeps_log_odds_to_a_sixteenth():
    odds = np.array([[0.0, 1.5, -20.0], [math.nan, math.nan, math.nan]])
    kept = soft_labels.unpack(soft_labels.pack(odds))
    assert kept[0].tolist() == [0.0, 1.5, -127 / 16]
    assert np.isnan(kept[1]).all()


def test_it_teaches_what_nobody_knows_at_half_the_weight(corpus):
    keep(corpus, [[4.0, 4.0, 2.0], [0.0, 2.0, -4.0]])
    known, unknown = [example for example in corpus if example.row.source == "news"]
    labels, weights = known.lesson()
    assert labels[:2].tolist() == [0.0, 0.0]
    assert weights[:2].tolist() == [2.0, 2.0]
    labels, weights = unknown.lesson()
    assert labels[:2] == pytest.approx(sigmoid(np.array([0.0, 1.0])))
    assert weights[:2].tolist() == [2.0 * SOFT_WEIGHT] * 2
    assert all(math.isnan(value) for value in unknown.row.labels)


def test_it_teaches_no_spam_by_what_the_reader_cannot_see(corpus):
    keep(corpus, [[4.0, 4.0, 2.0], [0.0, 2.0, -4.0]])
    assert all(math.isnan(example.lesson()[0][2]) for example in corpus if example.row.source == "news")


def test_it_teaches_nothing_of_what_could_not_be_read(corpus):
    keep(corpus, [[math.nan] * 3] * 2)
    assert [np.isnan(example.lesson()[0]).sum() for example in corpus if example.row.source == "news"] == [
        1,
        3,
    ]


@pytest.mark.parametrize("change", ["another set", "not through"])
def test_it_ignores_soft_labels_of_anything_else(corpus, change):
    keep(corpus, [[1.0] * 3] * 2, None if change == "not through" else EVEN)
    if change == "another set":
        with corpus.public_files[0].open("a") as file:
            file.write("n5,five,,,,,,\n")
    assert all(math.isnan(value) for example in corpus for value in example.soft)


def test_it_tells_one_state_of_the_soft_labels_from_another(corpus):
    before = corpus.digests()
    keep(corpus, [[1.0] * 3] * 2)
    assert {"manifest.json", "news.npy"} == corpus.digests().keys() - before.keys()


def test_it_reads_each_set_once(corpus, monkeypatch):
    distil.read_sets(shipped(), corpus, corpus.soft_labels)
    kept = soft_labels.unpack(np.load(corpus.soft_labels / "news.npy"))
    assert kept.shape == (2, 3)
    assert not np.isnan(kept).any()
    monkeypatch.delattr(distil, "judge")  # would be needed to read again
    distil.read_sets(shipped(), corpus, corpus.soft_labels)


def test_it_reads_no_other_language():
    assert np.isnan(
        distil.judge(shipped(), Document("Das ist ein schöner Tag, und morgen regnet es wieder."))
    ).all()


class Pupil:
    """Remembers what it was shown."""

    def __init__(self):
        self.shown = []

    def partial_fit(self, rows, labels, **_):
        self.shown.append(labels)


def test_a_soft_label_is_1_as_often_as_it_is_probable():
    pupil, labels = Pupil(), np.repeat([0.0, 0.2, 1.0, math.nan], 1000)
    task = training.Task(pupil, 2, sparse.csr_matrix((4000, 1)), labels, np.ones(4000))
    training.teach(task, epoch=3)
    for shown in pupil.shown:
        never, sometimes, always = shown.reshape(3, 1000).mean(axis=1)
        assert (never, always) == (0.0, 1.0)
        assert 0.15 < sometimes < 0.25
    assert (pupil.shown[0] != pupil.shown[1]).any()


def test_spam_is_told_without_who_is_likened_to_what(lexicon):
    documents = [Document(text) for text in ("they are rats and vermin", "we sell cheap shoes")]
    labels = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    model = CommentModel(lexicon, max_iter=1).fit(documents * 3, np.tile(labels, (3, 1)), np.ones((6, 3)))
    assert model.table_[STANCE, :2].any()
    assert not model.table_[STANCE, 2].any()
