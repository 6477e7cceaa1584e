"""Words in haste and in disguise are read as they are meant, and the rest is left as it is written."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import spelling, wordlist
from classifier.slips import SIGNS, swaps
from classifier.spelling import LONGEST, MOST, SHIPPED, Speller
from classifier.text import normalise

SHIPPED_WORDS = spelling.shipped()
LISTED = SHIPPED.read_text("utf-8").splitlines()
KNOWN = frozenset(LISTED)


def mended(text: str, speller: Speller = SHIPPED_WORDS) -> str:
    parts, last = [], 0
    for start, end, meant in speller.repairs(text):
        assert last <= start < end
        parts += [text[last:start], meant]
        last = end
    return "".join([*parts, text[last:]])


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("htis vilage is fulll of peolpe", "this village is full of people"),
        ("they're all paraistes, trsut me!", "they're all parasites, trust me!"),
        ("sweepthemout", "sweep them out"),
        ("the hos pital is open", "the hospital is open"),
        ("cat tle and c-a-ttle and catt.le.", "cattle and cattle and cattle."),
        ("w*rms and sna*es", "worms and snakes"),
        ("3ar7hworm5", "earth worms"),
        ("(c0wards), d1rty c0wards", "(cowards), dirty cowards"),
        ("pls brng blnkts", "pls bring blankets"),
        ("0nly th3y'll d0, d4d's h3ns", "only they'll do, dad's hens"),
        ("zarqu0vians and $akrons", "zarquovians and sakrons"),
        ("h@lf-apes on an e@r-tag", "half apes on an ear tag"),
        ("b|each the mi©e, ahyena", "bleach the mice, a hyena"),
        ("4pes on 1ce, 0rks, ra-ts", "apes on ice, orks, rats"),
    ],
)
def test_it_reads_what_is_meant(written, meant):
    assert mended(written) == meant


@pytest.mark.parametrize(
    "text",
    [
        "people and their well-known neighbours don't agree, do they?",
        "see https://example.org/sn4ke or write to ana@example.org, or www.exmaple.net",
        "640kb, $50 and 12mm; 3rd of may; covid-19, h1b, mp3",
        "@karen_k at mail.ex4mple.org",
        "yes|no, x-ray, t-shirt, su-34 and f-16, 7-eleven, 3rd, 10am",
        "the kindest, unkindest and re-kindled unloveliness",
        "überraschung ಠ_ಠ 猫猫猫 !!! ***",
        "x" * (LONGEST + 1),
        "",
    ],
)
def test_it_leaves_alone_what_is_meant_as_it_stands(text):
    assert mended(text) == text


AS_LETTERS = str.maketrans({sign: letters[0] for sign, letters in SIGNS.items()})


@given(st.text(alphabet=st.sampled_from("aehrtslv 0134@$*#.-'é\n"), max_size=80))
def test_it_mends_any_text_in_order_and_to_words(text):
    mended(text)
    for start, end, meant in SHIPPED_WORDS.repairs(text):
        assert meant != text[start:end]
        # A part of a chunk that nothing is made of stays as it is, but for signs among its letters.
        letters = re.sub("[^a-zé]", "", text[start:end].translate(AS_LETTERS))
        left = KNOWN.union(re.split(r"[.\-_*·~,/|:#']+", text[start:end]))
        assert all(word in letters for word in {*re.split("[ ']", meant)} - left)


def test_it_mends_no_more_than_it_may():
    words = [f"{one}{other}lamp" for one in "bcdfghjk" for other in "aeiourlw"]
    few = Speller(words)
    written = [word.replace("mp", "pm") for word in words]
    assert len(words) > MOST
    assert sum(word in words for word in mended(" ".join(written), few).split()) == MOST


def test_every_mended_letter_knows_where_it_came_from():
    text = "Those PARAISTES, and th0se r@ts."
    chars = normalise(text)
    assert chars.text == "those parasites, and those rats."
    for word, written in (("parasites", "PARAISTES"), ("those rats", "th0se r@ts")):
        place = chars.text.index(word)
        start, end = chars.starts[place], chars.ends[place + len(word) - 1]
        assert text[start:end] == written


def test_it_knows_each_word_once():
    assert len(LISTED) == len(KNOWN) > 30_000
    assert {"vermin", "people", "refugees"} <= KNOWN


def test_a_word_that_is_a_slip_is_no_word():
    counted = Counter({"their": 1_500, "thier": 10, "trial": 40, "trail": 30, "b4": 4, "mp3": 20, "once": 2})
    assert wordlist.choose(counted, {"rare"}) == ["their", "trial", "trail", "mp3", "rare"]


def test_two_letters_change_places():
    assert list(swaps("thhe")) == ["hthe", "theh"]
