import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.explaining import sigmoid
from classifier.model import LABELS
from classifier.quoting import MAX_QUOTES, split
from classifier.text import Document

HATE = "They are vermin and must be exterminated, every one of them."
REBUTTAL = "That is a lie. My neighbours came from there and teach your children."
PARENT = f"I have said it before. {HATE} Nobody listens."


def quoted(text, **context):
    return [text[start:end] for start, end in split(Document(text, **context)).quotes]


@pytest.mark.parametrize(
    ("written", "quotes"),
    [
        (f"> {HATE}\n\n{REBUTTAL}", [f"> {HATE}\n"]),
        (f"&gt; {HATE}\n&gt; Yes.\n{REBUTTAL}", [f"&gt; {HATE}\n&gt; Yes.\n"]),
        (f"{REBUTTAL}\n>{HATE}", [f">{HATE}"]),
        (
            f'<blockquote cite="x">{HATE}</blockquote>{REBUTTAL}',
            [f'<blockquote cite="x">{HATE}</blockquote>'],
        ),
        (
            f"<blockquote>a <blockquote>b</blockquote> c</blockquote> {REBUTTAL}",
            ["<blockquote>a <blockquote>b</blockquote> c</blockquote>"],
        ),
        (f"<blockquote>{HATE} {REBUTTAL}", []),
        (f"<p>&gt; {HATE}</p>\n<p>{REBUTTAL}</p>", [f"&gt; {HATE}"]),
        (f"Well.<br />&gt; {HATE}<br />{REBUTTAL}", [f"&gt; {HATE}"]),
        (f"5 > 3, and {REBUTTAL}", []),
        ("No quotation at all", []),
    ],
)
def test_it_tells_quotations_from_own_words(written, quotes):
    assert quoted(written) == quotes


TAGS = [("<q>", "</q>"), ("&quot;", "&quot;"), ("&#8220;", "&#8221;"), ("&lsquo;", "&rsquo;")]


@pytest.mark.parametrize("marks", ["“”", "«»", "„“", '""', "\u2039\u203a", "\u2018\u2019", "''", *TAGS])
def test_it_knows_what_the_parent_said(marks):
    text = f"You write {marks[0]}{HATE}{marks[1]} but {REBUTTAL}"
    assert quoted(text, parent=PARENT) == [f"{marks[0]}{HATE}{marks[1]}"]
    assert quoted(text, post_title=HATE) == [f"{marks[0]}{HATE}{marks[1]}"]
    assert quoted(text, parent="Something else was said here entirely.") == []
    assert quoted(text) == []


def test_it_tells_an_apostrophe_from_the_end_of_a_quotation():
    said = "\u2018They\u2019re vermin and mustn\u2019t stay among us\u2019"
    text = f"You write {said} but {REBUTTAL}"
    assert quoted(text, parent=said) == [said]


def test_it_leaves_a_word_in_marks_to_its_author():
    assert quoted(f"“Vermin”, you say? {REBUTTAL}", parent=PARENT) == []


@pytest.mark.parametrize(
    "own", ["", "This.", "+1", "So true", "Exactly what I always say!", "Couldn't have said it better myself"]
)
@pytest.mark.parametrize("parent", ["", PARENT])
def test_it_judges_a_comment_that_is_nothing_but_a_quotation_by_it(own, parent):
    document = Document(f"> {HATE}\n{own}", parent=parent)
    assert split(document).own is document


def test_it_asks_for_more_own_words_beside_what_nobody_is_known_to_have_said():
    text = f"> {HATE}\nWhat a lie."
    assert quoted(text, parent=PARENT) == []
    text = f"> {HATE}\nWhat a shameful lie."
    assert quoted(text, parent=PARENT)
    assert not quoted(text)


def test_it_tells_a_bounded_number_of_quotations_apart():
    text = "\n".join(f"> quoted {number}\nanswered at some length" for number in range(20))
    parts = split(Document(text))
    assert len(parts.quotes) == MAX_QUOTES
    assert "> quoted 19" in parts.own.text


@given(
    st.lists(
        st.sampled_from(["> quoted\n", "<blockquote>so</blockquote>", "own words here ", "\n", "“", "”", "é"])
    )
)
def test_it_finds_every_own_character_in_the_original(pieces):
    text = "".join(pieces) + "\nthese last words are surely my own, friend"
    parts = split(Document(text))
    for place, char in enumerate(parts.own.text):
        there = parts.original(place)
        assert char.isspace() or (
            text[there] == char and not any(start <= there < end for start, end in parts.quotes)
        )


@pytest.mark.parametrize(
    "text",
    [
        "<blockquote>" * 1_600,
        "> a\n" * 5_000,
        '"' * 20_000,
        "“aaaaaaaaaaa" * 1_600,
        "\n \t" * 6_000,
        ">" * 20_000,
    ],
)
def test_it_stands_hostile_text(text):
    assert len(split(Document(text, parent="one two three " * 1_400)).quotes) <= MAX_QUOTES


@pytest.mark.process  # trains
def test_it_scores_own_words_and_explains_quotations_apart(model):
    text = f"> {HATE}\n\n{REBUTTAL}"
    document = Document(text)
    explained = model.explain(document, "dehumanising")
    alone = model.score([Document(f"\n\n{REBUTTAL}")])[0, 0]
    assert model.score([document])[0, 0] == pytest.approx(explained.score, abs=1e-9)
    assert explained.score == pytest.approx(alone, abs=0.05)
    (quote,) = explained.quotes
    assert text[quote.start : quote.end] == f"> {HATE}\n"
    assert quote.score == pytest.approx(model.score([Document(f"> {HATE}\n")])[0, 0], abs=1e-9)
    assert quote.score > explained.score + 0.3
    assert {text[span.start : span.end] for span in quote.spans} >= {"vermin", "exterminated,"}
    assert all(span.start >= quote.end for span in explained.spans)


@pytest.mark.process  # trains
@given(st.text(max_size=60), st.text(max_size=60))
def test_it_explains_both_exactly(model, own, said):
    text = f"{own}\n<blockquote>{said}</blockquote> and here is what I think about that"
    for explained in model.explain_all(Document(text), LABELS):
        for part in (explained, *explained.quotes):
            values = [span.contribution for span in part.spans] + [value for _, value in part.fields]
            assert explained.bias + sum(values) == pytest.approx(part.log_odds, abs=1e-9)
            assert part.score == pytest.approx(float(sigmoid(part.log_odds)), abs=1e-9)
            places = [place for span in part.spans for place in span[:2]]
            assert places == sorted(places)
