import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import vocabulary
from classifier.features import find_words, lay_out
from classifier.lexicon import NUMBER
from classifier.stance import read
from classifier.text import normalise
from classifier.vocabulary import ENTRY, QUOTATION, STOP, hash_word

PIECES = st.sampled_from(
    ["Rats", "don't", "''", "'tis", "I", "IT", "_", "“Éa”", "…", "\u200bHe", "𠀀a", "٣", "\x01B"]
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=6)), max_size=20).map(" ".join)


def entries(lexicon, chunk):
    return np.frombuffer(lexicon.known[chunk], ENTRY)


@given(TEXTS)
def test_it_knows_the_words_that_are_painted(lexicon, text):
    chars = normalise(text)
    starts, ends = find_words(lay_out([chars]))
    words = [chars.text[start - 1 : end - 1] for start, end in zip(starts, ends, strict=True)]
    assert read([chars.spelt], lexicon).words.hashes.tolist() == [hash_word(word) for word in words]


@given(TEXTS)
def test_it_finds_capitals_as_the_original_has_them(lexicon, text):
    chars = normalise(text)
    upper = [char.isupper() and not text[at + 1 : at + 2].isupper() for at, char in enumerate(text)]
    starts, _ = find_words(lay_out([chars]))
    capital = {at for at, start in enumerate(starts) if upper[chars.starts[start - 1]]}
    reading = read([chars.spelt], lexicon)
    names = set(np.flatnonzero(reading.classes == NUMBER["NAME"]).tolist())
    others = set(np.flatnonzero(reading.classes == NUMBER["OTHER"]).tolist())
    assert names == (names | others) & capital - set(reading.bounds.tolist())


def test_it_takes_words_and_marks_apart(lexicon):
    found = entries(lexicon, '"vermin."')
    assert found["class"].tolist() == [0, NUMBER["VERMIN"], 0, 0]
    assert found["marks"].tolist() == [QUOTATION, 0, STOP, QUOTATION]
    assert found["hash"].tolist() == [0, hash_word("vermin"), 0, 0]


def test_it_remembers_no_more_than_it_may(lexicon, monkeypatch):
    monkeypatch.setattr(vocabulary, "_MOST", len(lexicon.known) + 1)
    before = entries(lexicon, "unheard").tolist()
    entries(lexicon, "unheard-of")
    assert list(lexicon.known) == ["unheard-of"]
    assert entries(lexicon, "unheard").tolist() == before


@pytest.mark.parametrize("chunk", ["long" * 20, "." * 5_000])
def test_it_remembers_no_long_piece(lexicon, chunk):
    assert len(entries(lexicon, chunk))
    assert chunk not in lexicon.known


def test_it_is_not_kept_with_a_lexicon(lexicon):
    entries(lexicon, "vermin")
    kept = pickle.dumps(lexicon)
    again = pickle.loads(kept)
    assert not again.known
    assert entries(again, "vermin").tolist() == entries(lexicon, "vermin").tolist()
    assert pickle.dumps(again) == kept
