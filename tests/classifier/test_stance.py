import numpy as np
import pytest

from classifier.encoding import encode
from classifier.lexicon import CLASSES, NUMBER, Lexicon
from classifier.stance import read
from classifier.text import Document


def classes(text, lexicon):
    return set(encode([Document(text)], lexicon).blocks["class"].rows[:, 2:].ravel().tolist())


def relations(text, lexicon):
    return set(encode([Document(text)], lexicon).blocks["relation"].rows.ravel().tolist())


def test_it_sees_the_same_in_all_groups(lexicon):
    first, second = (f"All {group} are vermin." for group in ("Muslims", "Hungarians"))
    assert classes(first, lexicon) == classes(second, lexicon)
    assert relations(first, lexicon) == relations(second, lexicon)


@pytest.mark.parametrize(
    "other",
    [
        "Muslims are not vermin.",
        "Muslims say vermin.",
        '"Muslims are vermin."',
        "We are vermin.",
        "Muslims. There are vermin.",
    ],
)
def test_it_sees_of_whom_and_how_it_is_said(lexicon, other):
    assert relations("Muslims are vermin.", lexicon) != relations(other, lexicon)


def test_it_sees_a_quotation_end(lexicon):
    inside, outside = 'He said "rats" to them', 'He said "well" rats to them'
    assert relations(inside, lexicon) != relations(outside, lexicon)


def test_it_knows_names_by_their_capitals(lexicon):
    assert classes("the Kestrians are rats", lexicon) == classes("the Varnians are rats", lexicon)
    assert classes("the Kestrians are rats", lexicon) != classes("the kestrians are rats", lexicon)


def test_it_reads_alone_as_in_company(lexicon):
    texts = [
        "",
        "They are rats. Not us!",
        "...",
        'He "said" that',
        "rats rats",
        "Burn it, they say: all of it",
    ]
    together = encode([Document(text) for text in texts], lexicon)
    for kind in ("class", "relation"):
        block = together.blocks[kind]
        for number, text in enumerate(texts):
            alone = encode([Document(text)], lexicon).blocks[kind]
            np.testing.assert_array_equal(
                block.rows[block.edges[number] : block.edges[number + 1]], alone.rows
            )


def test_it_refuses_a_word_of_two_classes(tmp_path):
    for name in CLASSES[1:-1]:
        (tmp_path / f"{name}.txt").write_text("rat\n" if name in {"VERMIN", "ANIMAL"} else "# none\n")
    with pytest.raises(ValueError, match=r"ANIMAL\.txt: 'rat' is also in VERMIN"):
        Lexicon.read(tmp_path)


def test_it_finds_words_of_the_lists_only(lexicon):
    assert read(["vermin zzyzx"], lexicon).classes.tolist() == [NUMBER["VERMIN"], NUMBER["OTHER"]]
