import pytest

from classifier.swapping import swap_groups


def test_it_names_other_groups_in_the_same_style():
    assert swap_groups("Muslims and JEWS met a Muslim baker.", 0) == "Jews and CHRISTIANS met a Jewish baker."


@pytest.mark.parametrize("turn", range(40))
def test_it_keeps_groups_apart_and_articles_right(turn):
    swapped = swap_groups("an Arab and a Turkish cook like Poles, not Russians", turn).lower()
    words = swapped.split()
    assert words[0] == ("an" if words[1][0] in "aiou" else "a")
    assert words[3] == ("an" if words[4][0] in "aiou" else "a")
    assert words[1] != words[4]
    assert words[7] != words[9]
    assert not {"arab", "turkish", "poles,", "russians"} & {words[1], words[4], words[7], words[9]} or turn


@pytest.mark.parametrize("text", ["", "no group here", "a muslimish word", "the black cat"])
def test_it_leaves_alone_what_names_no_group(text):
    assert swap_groups(text, 3) is None
