import pytest

from classifier.reader import SHIPPED
from classifier.wordpiece import LONGEST_WORD, WordPieces

SMALL = ["[UNK]", "[CLS]", "[SEP]", "rat", "##s", "##ted", "u", "##n", "un", ",", "that", "'"]


@pytest.fixture(scope="module")
def pieces():
    return WordPieces(SMALL)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rats, rat", [("rat", 0), ("##s", 3), (",", 4), ("rat", 6)]),
        ("unrated", [("[UNK]", 0)]),
        ("un rated", [("un", 0), ("[UNK]", 3)]),
        ("  that's", [("that", 2), ("'", 6), ("[UNK]", 7)]),
        ("", []),
        (" \n\t", []),
    ],
)
def test_it_takes_the_longest_pieces_with_their_places(pieces, text, expected):
    assert [(SMALL[number], start) for number, start in pieces.split(text)] == expected


def test_it_gives_up_on_endless_words(pieces):
    assert len(pieces.split("rat" * LONGEST_WORD)) == 1


def test_it_cuts_as_the_encoder_was_taught():
    """Known from the tokenizer that the base model comes with."""
    names = (SHIPPED / "vocabulary.txt").read_text("utf-8").split("\n")
    said = WordPieces(names).split("they're sub-humans, £1 ツ 这 unwashedness!")
    expected = "they ' re sub - humans , £1 ツ [UNK] un ##washed ##ness !"
    assert [names[number] for number, _ in said] == expected.split()


def test_it_refuses_a_vocabulary_without_marks():
    with pytest.raises(ValueError, match=r"no \[SEP\]"):
        WordPieces(["[UNK]", "[CLS]"])


def test_it_finds_what_another_thread_has_forgotten_meanwhile(monkeypatch):
    class Forgetful(dict):
        def __setitem__(self, word, pieces):
            """Keep nothing."""

    pieces = WordPieces(SMALL)
    monkeypatch.setattr(pieces, "_known", Forgetful())
    assert [SMALL[number] for number, _ in pieces.split("rats")] == ["rat", "##s"]
