import numpy as np

from classifier import splits
from tests.classifier.conftest import near_copies


def group(texts, pairs):
    return splits.group(near_copies(texts), np.array([splits.stamp(pair) for pair in pairs], np.uint64))


def marks(names):
    return np.array([splits.stamp(name) for name in names], np.uint64)


def test_it_joins_near_copies():
    base = (
        "the council voted on tuesday to close the old bridge for repairs until the end of the coming spring"
    )
    texts = [
        base,
        base.upper() + "!",
        base.replace("tuesday", "monday"),
        "nothing in common with the others at all",
    ]
    groups = group(texts, [""] * 4)
    assert groups[0] == groups[1] == groups[2] != groups[3]


def test_it_joins_minimal_sets():
    groups = group(["they are rats", "we saw some mice", "hello there all"], ["p1", "p1", ""])
    assert groups[0] == groups[1] != groups[2]


def test_it_joins_equal_short_texts_only():
    groups = group(["ok", "OK ", "no", ""], [""] * 4)
    assert groups[0] == groups[1]
    assert len(set(groups.tolist())) == 3


def test_it_gives_a_group_one_fold_whatever_stands_beside_it():
    few = splits.folds(np.array([0, 0, 1]), marks("abc"))
    more = splits.folds(np.array([2, 2, 0, 1]), marks("abcd"))
    assert few.tolist() == more[:3].tolist()
    assert few[0] == few[1]
    assert ((few >= 0) & (few < splits.FOLDS)).all()
