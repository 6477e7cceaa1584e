import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.text import MAX_NORMALISED, normalise

ANY_TEXT = st.text(st.characters(), max_size=300)
HOSTILE = [
    "🐀" * 20_000,
    "a" + "\u0301" * 5_000,
    "\ud800" * 20_000,
    "\x00" * 20_000,
    "&lt;" * 5_000,
    "<a>" * 6_666,
    "<" * 20_000,
    "<b " * 6_666 + ">",
    "a " * 10_000,
    "r4t " * 5_000,
    "$aaa" * 5_000,
    "http://a.b " * 1_800,
    "a1" * 10_000,
    "\n" * 20_000,
    "ﷺ" * 20_000,
]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("They are V3RM1N", "they are vermin"),
        ("they are v e r m i n", "they are vermin"),
        ("they are v.e.r.m.i.n.", "they are vermin."),
        ("ver\u200bmin", "vermin"),
        ("vermín", "vermin"),
        ("v\u0337e\u0337rmin", "vermin"),
        ("ехtеrminаte", "exterminate"),
        ("𝓋𝑒𝓇𝓂𝒾𝓃 ＶＥＲＭＩＮ ᴠᴇʀᴍɪɴ", "vermin vermin vermin"),
        ("raaaaats", "rats"),
        ("$cum", "scum"),
        ("r&#97;ts &amp; mice", "rats & mice"),
        ("<b>rats</b>", " rats "),
        ("they are 🐀", "they are rat "),
        ("they🎉are🎉rats🎉🎉🎉", "they party popper are rats "),
        ("👨\u200d👩\u200d👧👨\u200d👩\u200d👧 hello", " man woman girl hello"),
        ("see https://news.example/a/b?c=1", "see urllink news.example "),
    ],
)
def test_it_sees_through_disguise(written, read):
    assert normalise(written).text == read


@pytest.mark.parametrize(
    "plain", ["1st and 22nd", "covid19", "mp3", "50k for 4pm", "it's 1945", "feet", "1000"]
)
def test_it_leaves_honest_digits_alone(plain):
    assert normalise(plain).text == plain


def test_it_leaves_other_alphabets_alone():
    assert normalise("Привет, как дела").text == "привет, как дела"


@given(ANY_TEXT)
def test_it_maps_every_character_into_the_original(text):
    chars = normalise(text)
    assert len(chars.codes) == len(chars.starts) == len(chars.ends) <= MAX_NORMALISED
    assert ((chars.starts >= 0) & (chars.starts < chars.ends) & (chars.ends <= len(text))).all()


def test_it_maps_a_word_to_its_own_place():
    text = "so <i>r&#97;ts</i>"
    chars = normalise(text)
    start = chars.text.index("rats")
    assert text[chars.starts[start] : chars.ends[start + 3]] == "r&#97;ts"


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:4]))
def test_it_is_bounded_in_time(text):
    started = time.process_time()
    assert len(normalise(text).codes) <= MAX_NORMALISED
    # Some milliseconds; what grows with the square of the length takes far longer.
    assert time.process_time() - started < 2
