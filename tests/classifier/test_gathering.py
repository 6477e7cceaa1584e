import json
import os
import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from classifier.dataset import Corpus
from classifier.gathering import collect, gather, split
from classifier.model import CommentModel
from classifier.spool import Piece, Spool, UnreadableError
from classifier.training import epochs_for
from tests.classifier.conftest import read_seed
from tests.classifier.test_dataset import write_news
from tests.process.cast import wait_for


@pytest.fixture
def corpus(tmp_path):
    """Some hundred comments in minimal sets, near-copies, and some about groups."""
    (tmp_path / "seed").mkdir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "slots.toml").write_text("")
    (tmp_path / "annotations.csv").write_text("id,dehumanising\n")
    (tmp_path / "sources.toml").write_text(
        '[annotations]\nfiles = ["annotations.csv"]\n[seed]\nweight = 1.0\ndev = 10\n'
        "[contrast]\nweight = 1.0\ndev = 2\n[sets.news]\nweight = 2.0\n"
    )
    lines = [
        {"id": f"{n}", "text": f"a{n} b{n} c{n} d{n} e{n} of Muslims", "pair": f"p{n // 3}"}
        for n in range(90)
    ]
    (tmp_path / "seed" / "own.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return Corpus(tmp_path, write_news(tmp_path, "n1,what a day,0,0,0,,,"))


@pytest.fixture
def gathered(corpus, lexicon, tmp_path):
    spool, told = Spool(tmp_path / "spool"), []
    gather(corpus, lexicon, spool, told.append)
    assert sum(told) == 90 + 1
    return spool


def test_it_measures_with_nothing_that_was_learnt_or_made(corpus, gathered):
    parts = split(gathered)
    made, pairs = gathered.column("made"), gathered.column("pairs")
    assert made.sum() == 90
    assert parts.check.any()
    assert parts.tuning.any()
    assert not (parts.check & parts.tuning).any()
    assert not ((parts.check | parts.tuning) & made).any()
    kept = set(pairs[parts.check | parts.tuning].tolist())
    assert not kept & set(pairs[parts.taught & (pairs > 0)].tolist())


def test_it_reads_what_the_split_names(corpus, gathered):
    parts = split(gathered)
    tuning, check = collect(corpus, parts)
    texts = [example.row.document.text for example in corpus]
    for part, mask in ((tuning, parts.tuning), (check, parts.check)):
        assert [document.text for document in part.documents] == [texts[n] for n in np.flatnonzero(mask)]


def test_it_counts_nothing_twice(corpus, gathered, lexicon, monkeypatch):
    monkeypatch.delattr("classifier.gathering.encode")  # would be needed to count again
    again = Spool(gathered.directory)
    gather(corpus, lexicon, again, lambda _: None)
    assert len(again) == len(gathered)


@pytest.mark.process  # two of them count
def test_it_counts_the_same_in_other_processes(corpus, gathered, lexicon, tmp_path, monkeypatch):
    monkeypatch.setattr("classifier.gathering.PIECE", 30)
    parted, told = Spool(tmp_path / "parted"), []
    gather(corpus, lexicon, parted, told.append)
    assert told == [15] * 6 + [1]
    assert parted.sizes() == [30] * 6 + [1]
    (whole,) = gathered
    assert (sparse.vstack([piece.matrix for piece in parted]) != whole.matrix).nnz == 0
    for name, column in whole.columns.items():
        np.testing.assert_array_equal(parted.column(name), column)


@pytest.mark.process  # one counts, and is killed with what it has begun
def test_it_leaves_no_process_behind_when_it_is_killed(tmp_path):
    command = [sys.executable, "-m", "classifier.retrain", "--registry", str(tmp_path / "models")]
    marked = os.environ | {"COUNTED_IN": str(tmp_path)}
    with subprocess.Popen(command, env=marked, stdout=subprocess.DEVNULL) as training:
        wait_for(lambda: len(_processes(tmp_path)) >= 3)
        training.kill()
    wait_for(lambda: not _processes(tmp_path))


def _processes(mark):
    """Return the processes whose environment has a mark."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            found += [entry] * (str(mark).encode() in entry.read_bytes())
    return found


def test_it_keeps_pieces_as_they_were(tmp_path, gathered):
    piece = gathered.read(0)
    copies = Spool(tmp_path / "copies")
    copies.append(Piece(piece.matrix, piece.columns))
    same = copies.read(0)
    assert (same.matrix != piece.matrix).nnz == 0
    assert same.columns.keys() == piece.columns.keys()
    assert copies.sizes() == [piece.matrix.shape[0]]


def test_it_forgets_a_piece_that_was_broken_off(tmp_path, gathered):
    (gathered.directory / "unfinished").write_bytes(b"half a pie")
    assert len(Spool(gathered.directory)) == len(gathered)


@pytest.mark.parametrize(
    "damage", [lambda _: b"", lambda whole: whole[:1000], lambda whole: bytes(len(whole))]
)
def test_it_names_a_piece_that_is_damaged(gathered, damage):
    path = gathered.directory / "000000.npz"
    path.write_bytes(damage(path.read_bytes()))
    for read in (lambda: gathered.read(0), gathered.sizes):
        with pytest.raises(UnreadableError, match=r"000000\.npz: cannot be read"):
            read()


@pytest.mark.process  # trains five times
def test_it_learns_the_same_after_a_break(tmp_path, lexicon):
    """A run that was broken off in every phase ends as one that was not."""
    counts = Spool(tmp_path / "counts")
    _fill(counts, lexicon)
    taught = np.ones(sum(counts.sizes()), bool)
    whole = CommentModel(lexicon, max_iter=4).learn(counts, taught, tmp_path / "whole")
    for broken_after in (1, 2, 4):
        step = partial(next, iter(range(broken_after)))
        with pytest.raises(StopIteration):
            CommentModel(lexicon, max_iter=4).learn(counts, taught, tmp_path / "torn", step)
    again = CommentModel(lexicon, max_iter=4).learn(counts, taught, tmp_path / "torn")
    np.testing.assert_array_equal(again.table_, whole.table_)
    np.testing.assert_array_equal(again.bias_, whole.bias_)


def _fill(counts, lexicon):
    from classifier.counting import count
    from classifier.encoding import encode

    documents, labels = read_seed("war_news", "spam_ham")
    chosen = slice(350, 450)
    columns = {"labels": labels[chosen], "weights": np.ones((100, 3))}
    counts.append(Piece(count(encode(documents[chosen], lexicon)), columns))


@pytest.mark.parametrize(
    ("comments", "epochs"), [(0, 64), (500, 64), (50_000, 20), (100_000, 10), (5_000_000, 10)]
)
def test_it_shows_few_comments_more_often(comments, epochs):
    assert epochs_for(comments) == epochs
