import numpy as np

from classifier import splits


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
    groups = splits.group(texts, [""] * 4)
    assert groups[0] == groups[1] == groups[2] != groups[3]


def test_it_joins_minimal_sets():
    groups = splits.group(["they are rats", "we saw some mice", "hello there all"], ["p1", "p1", ""])
    assert groups[0] == groups[1] != groups[2]


def test_it_joins_equal_short_texts_only():
    groups = splits.group(["ok", "OK ", "no", ""], [""] * 4)
    assert groups[0] == groups[1]
    assert len(set(groups.tolist())) == 3


def test_it_gives_a_group_one_fold_whatever_stands_beside_it():
    few = splits.folds(np.array([0, 0, 1]), ["a", "b", "c"])
    more = splits.folds(np.array([2, 2, 0, 1]), ["a", "b", "c", "d"])
    assert few.tolist() == more[:3].tolist()
    assert few[0] == few[1]
    assert ((few >= 0) & (few < splits.FOLDS)).all()
