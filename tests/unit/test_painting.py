"""Painting loses no character and no contribution; the table of reasons adds up."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain import (
    Comment,
    DeliveryState,
    Explanation,
    Item,
    Judgement,
    Lane,
    Quote,
    Reason,
    ReasonCode,
    Verdict,
)
from service.web import painting, showing, sums
from service.web.painting import Segment, paint, strength

Spans = tuple[tuple[int, int, float], ...]
TEXTS = st.text(st.sampled_from("ab \n\t\u202eé😀<&"), max_size=60)
VALUES = st.floats(-5, 5, allow_nan=False)


@st.composite
def painted(draw: st.DrawFn) -> tuple[str, Spans]:
    text = draw(TEXTS)
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=12)))
    return text, tuple((a, b, draw(VALUES)) for a, b in zip(cuts[::2], cuts[1::2], strict=False))


def item(text: str, explanations: tuple[Explanation, ...] = (), lane: Lane | None = None) -> Item:
    reasons = tuple(Reason(f"score:{e.label}", e.score, 0.5) for e in explanations)
    judgement = Judgement(Verdict.HOLD, reasons, {}, "m", 1, lane)
    return Item("00" * 13, Comment("blog", "1", text), 1, judgement, 0.0, True, explanations)


@given(painted())
def test_it_keeps_every_character_and_contribution(case: tuple[str, Spans]) -> None:
    text, spans = case
    segments = paint(text, spans)
    assert "".join(s.text for s in segments) == text
    assert math.fsum(s.contribution for s in segments) == pytest.approx(math.fsum(v for *_, v in spans))
    assert all(s.text for s in segments)


@given(TEXTS, st.lists(st.tuples(st.integers(-5, 90), st.integers(-5, 90), VALUES), max_size=8))
def test_it_keeps_the_text_whatever_the_spans(text: str, spans: list[tuple[int, int, float]]) -> None:
    assert "".join(s.text for s in paint(text, spans)) == text


def test_it_joins_neighbours_of_one_strength() -> None:
    text = "they are livestock, sadly"
    spans = ((0, 4, 1.0), (5, 8, 1.1), (9, 19, 0.5), (20, 25, -0.3))
    assert paint(text, spans) == [
        Segment("they are", "d3", 2.1),
        Segment(" "),
        Segment("livestock,", "d2", 0.5),
        Segment(" "),
        Segment("sadly", "g1", -0.3),
    ]


@given(st.text(max_size=60), st.data())
def test_own_words_and_quotes_join_to_the_text(text: str, data: st.DataObject) -> None:
    edges = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
    quotes = tuple(
        Quote(start, end, 0.9, 2.0, ((start, end, 1.0),))
        for start, end in zip(edges[::2], edges[1::2], strict=False)
    )
    own = data.draw(VALUES)
    e = Explanation(
        "hateful", 0.2, own, 0.0, ((0, quotes[0].start if quotes else len(text), own),), (), quotes
    )
    found = painting.parts(text, e)
    assert "".join(s.text for part in found for s in part.segments) == text
    assert [part.quote for part in found if part.quote] == list(quotes)
    for part in found:
        if part.quote:
            assert [(s.text, s.strength) for s in part.segments] == [
                (text[part.quote.start : part.quote.end], "d3")
            ]


def test_a_quote_does_not_count_among_the_reasons() -> None:
    quote = Quote(0, 9, 0.93, 2.6, ((2, 9, 3.6),))
    e = Explanation("hateful", 0.27, -1.0, -1.0, ((10, 14, 0.0),), (), (quote,))
    (table,) = sums.sums(item("> vermin.\nshame", (e,)))
    assert "vermin." not in [r.name for r in table.rows]
    assert math.fsum(r.value for r in table.rows) == pytest.approx(-1.0)
    assert table.unmarked_score is None


@pytest.mark.parametrize(
    ("value", "step"),
    [(0, ""), (0.24, ""), (-0.24, ""), (0.25, "d1"), (-0.25, "g1"), (0.5, "d2"), (-0.5, "g2"), (9, "d3")],
)
def test_it_paints_in_both_directions(value: float, step: str) -> None:
    assert strength(value) == step


@given(painted(), st.lists(st.tuples(st.text(max_size=5), VALUES), max_size=12), VALUES)
def test_it_shows_a_table_that_adds_up(
    case: tuple[str, Spans], fields: list[tuple[str, float]], bias: float
) -> None:
    text, spans = case
    log_odds = math.fsum([bias, *(v for *_, v in spans), *(v for _, v in fields)])
    (table,) = sums.sums(item(text, (Explanation("spam", 0.5, log_odds, bias, spans, tuple(fields)),)))
    assert math.fsum(r.value for r in table.rows) == pytest.approx(log_odds)
    assert len(table.rows) <= 2 * sums.ROWS_NAMED + 3
    assert all(0 <= r.bar <= 50 for r in table.rows)


def test_it_names_no_sign_that_adds_nothing() -> None:
    fields = (("long", 0.002), ("short", -0.07), ("emoji", 0.001), ("digits", 0.004), ("links", 0.003))
    e = Explanation("spam", 0.5, -1.06, -1.0, (), fields)
    (table,) = sums.sums(item("Buy", (e,)))
    assert [(r.name, round(r.value, 3)) for r in table.rows] == [
        ("all words", 0.0), ("its length", -0.068), ("other signs", 0.008), ("base", -1.0),
    ]  # fmt: skip
    alone = replace(e, log_odds=-0.999, fields=fields[2:3])
    assert [r.name for r in sums.sums(item("Buy", (alone,)))[0].rows] == ["all words", "base"]


def test_it_counts_a_word_that_comes_again() -> None:
    e = Explanation("spam", 0.9, 3.0, -1.0, ((0, 3, 2.0), (4, 6, 0.0), (7, 10, 2.0)))
    (table,) = sums.sums(item("Buy it buy", (e,)))
    assert [(r.name, r.value, r.times) for r in table.rows][:2] == [
        ("Buy", 4.0, 2),
        ("all other words", 0.0, 1),
    ]
    assert table.unmarked_score == pytest.approx(1 / (1 + math.exp(1)))


def test_it_suggests_the_lane_then_the_highest_score() -> None:
    low, high = (Explanation(label, p, 0, 0, ()) for label, p in (("hateful", 0.6), ("spam", 0.9)))
    assert showing.suggested(item("x", (low, high), Lane.HATEFUL)) is ReasonCode.HATEFUL
    assert showing.suggested(item("x", (low, high), Lane.UNCERTAIN)) is ReasonCode.SPAM
    assert showing.suggested(item("x", (), Lane.ERRORS)) is ReasonCode.OTHER
    assert [s.explanation for s in sums.sums(item("x", (low, high), Lane.UNCERTAIN))] == [high, low]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "now"), (-5, "now"), (59, "now"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (90000, "1 d")],
)
def test_it_says_ages(seconds: float, said: str) -> None:
    assert showing.age(1000.0, 1000.0 - seconds) == said


@pytest.mark.parametrize(
    ("value", "said"), [(0.0, "0.00"), (0.934, "0.93"), (0.99, "0.99"), (0.996, "> 0.99")]
)
def test_it_never_rounds_a_score_up_to_certainty(value: float, said: str) -> None:
    assert showing.score(value) == said


def test_it_has_words_for_every_state_of_a_delivery() -> None:
    state = DeliveryState("d", "queued", 2, 10.0, 20.0, "HTTP 500")
    said = {
        s: showing.delivery_words(replace(state, state=s))
        for s in ("queued", "retrying", "confirmed", "dead", "superseded")
    }
    assert said == {
        "queued": ("on its way to the blog", None),
        "retrying": ("the blog did not confirm after 2 tries (HTTP 500); retrying, next", 20.0),
        "confirmed": ("the blog confirmed", 10.0),
        "dead": ("dead letter: given up after 2 tries (HTTP 500)", 10.0),
        "superseded": ("a later decision took its place", 10.0),
    }
