"""Paging through any search while the queue changes, and the terms that are searched for."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.domain import Comment, Judgement, Reason, Verdict
from service.moderation import Moderation
from service.store import PENDING, Sort, Wanted, connection, search
from tests.conftest import ADMIN, ANA, BLOG, submit
from tests.store.searching import APPROVE


def test_it_goes_on_where_it_had_looked_at_enough(
    moderation: Moderation, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = connection._script_text
    text = original("walk")
    small = text.replace("LOOK, RARE, BATCH = 4000, 400, 100", "LOOK, RARE, BATCH = 5, 0, 2")
    assert small != text
    monkeypatch.setattr(connection, "_script_text", lambda name: small if name == "walk" else original(name))
    monkeypatch.setattr(moderation.store._db, "_scripts", {})
    for n in range(23):
        submit(moderation, f"number {'odd' if n % 2 else 'even'} [spam=0.7]", f"{n:02}")
    seen, cursor, pages = [], "", 0
    while pages == 0 or cursor:
        page = moderation.page(ADMIN, PENDING, cursor=cursor, limit=4, wanted=Wanted(words="odd"))
        seen += [i.comment.comment_id for i in page.items]
        cursor, pages = page.cursor, pages + 1
    assert sorted(seen) == [f"{n:02}" for n in range(23) if n % 2]
    assert pages >= 4


scores = st.sampled_from(["[spam=0.6]", "[spam=0.7]", "[hateful=0.6]", "[dehumanising=0.9]", ""])
words = st.lists(st.sampled_from(["red", "blue", "green"]), max_size=3)
sorts = st.sampled_from([None, *Sort])


class Case(NamedTuple):
    comments: list[tuple[str, list[str]]]
    wanted: Wanted
    limit: int
    seed: int


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.builds(
        Case,
        st.lists(st.tuples(scores, words), min_size=1, max_size=25),
        st.builds(
            Wanted,
            words=words.map(" ".join),
            label=st.sampled_from(["", "spam"]),
            low=st.sampled_from([None, 0.65]),
            sort=sorts,
        ),
        st.integers(1, 6),
        st.integers(0, 100),
    )
)
def test_it_pages_right_through_any_search_while_the_queue_changes(
    moderation: Moderation, case: Case
) -> None:
    """What waits all the while is seen exactly once, in order; nothing is seen twice."""
    moderation.store._db.client.flushall()
    moderation.store.registry.add_site(BLOG)
    chance, wanted = random.Random(case.seed), case.wanted
    for n, (score, text) in enumerate(case.comments):
        submit(moderation, f"{' '.join(text)} {score} {n}", str(n))
    before = _asked(moderation, wanted)
    seen: list[str] = []
    cursor, first = "", True
    while cursor or first:
        page = moderation.page(ADMIN, PENDING, cursor=cursor, limit=case.limit, wanted=wanted)
        seen += [i.id for i in page.items]
        cursor, first = page.cursor, False
        waiting = moderation.page(ADMIN, PENDING, limit=100).items
        if waiting and chance.random() < 0.5:
            moderation.decide(ANA, chance.choice(waiting).id, APPROVE)
        submit(
            moderation,
            f"red {chance.choice(['[spam=0.7]', '[hateful=0.95]'])} new {len(seen)}",
            f"x{len(seen)}",
        )
    after = _asked(moderation, wanted)
    assert len(seen) == len(set(seen))
    assert set(before) & set(after) <= set(seen)
    order = [i for i in seen if i in before]
    assert order == sorted(order, key=before.index)


def _asked(moderation: Moderation, wanted: Wanted) -> list[str]:
    # The same search without an index: everything that waits, looked through by hand.
    everything = moderation.page(ADMIN, PENDING, limit=1000, wanted=Wanted(sort=wanted.sort)).items
    return [
        i.id
        for i in everything
        if set(wanted.words.split()) <= set(i.comment.text.split())
        and (not wanted.label or any(r.code == f"score:{wanted.label}" for r in i.judgement.reasons))
        and (wanted.low is None or i.judgement.severity >= wanted.low)
    ]


@given(st.text(max_size=400), st.text(max_size=60))
def test_it_makes_a_bounded_number_of_clean_terms(text: str, author: str) -> None:
    judged = Judgement(Verdict.HOLD, (Reason("score:spam", 0.7, 0.5),), {}, "m", 1)
    found = search.terms(Comment("blog", "1", text, author=author), judged)
    assert len(found) == len(set(found)) <= 300
    assert all(t and not any(c.isspace() for c in t) and len(t) <= 120 for t in found)


def test_it_makes_no_more_terms_of_a_long_comment() -> None:
    text = " ".join(f"word{n} host{n}.example" for n in range(2000))
    judged = Judgement(Verdict.HOLD, (), {}, "m", 1)
    assert len(search.terms(Comment("blog", "1", text), judged)) <= 300


@given(st.text(alphabet=st.characters(categories=["L", "N"]), min_size=2, max_size=30))
def test_it_finds_every_word_by_itself(word: str) -> None:
    judged = Judgement(Verdict.HOLD, (), {}, "m", 1)
    asked = search.asked_terms(Wanted(words=word))
    assert set(asked) <= set(
        search.terms(replace(Comment("blog", "1", f"so {word}, then")), judged)
    ) or asked == ["w:"]
