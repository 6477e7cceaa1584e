"""Finding comments: by every filter, in every order, after every transition, while the queue changes."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.domain import Comment, Judgement, Lane, Reason, ReasonCode, Ruling, Verdict
from service.errors import NotFound
from service.moderation import Moderation, Wish
from service.store import ALL, DECIDED, ESCALATED, PENDING, Sort, Wanted, connection, search
from tests.conftest import ADMIN, ANA, BLOG, Clock, submit
from tests.store.indexes import indexed

APPROVE = Wish(Ruling.APPROVE)
REJECT = Wish(Ruling.REJECT, ReasonCode.SPAM)


def found(moderation: Moderation, view: str = PENDING, **wanted: Any) -> list[str]:
    page = moderation.page(ADMIN, view, wanted=Wanted(**wanted))
    return [i.comment.comment_id for i in page.items]


@pytest.fixture
def some(moderation: Moderation, clock: Clock) -> dict[str, str]:
    """Three comments wait, ten seconds apart."""
    rows = {
        "a": ("Café owners hate https://Shop.Bad.example/x [hateful=0.9]", {"author": "Iris Berg"}),
        "b": ("Cheap watches at bad.example! [spam=0.7]", {"author": "Watch Man", "author_key": "f" * 64}),
        "c": ("cheap cattle. [dehumanising=0.52]", {"post_id": "post 7", "author": "iris berg"}),
    }  # fmt: skip
    ids = {}
    for name, (text, fields) in rows.items():
        ids[name] = submit(moderation, text, name, **fields)["id"]
        clock.move(10)
    return ids


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({"words": "cheap"}, ["b", "c"]),
        ({"words": "CHEAP cattle"}, ["c"]),
        ({"words": "café"}, ["a"]),
        ({"words": "iris"}, ["a", "c"]),
        ({"words": "bad.example"}, ["a", "b"]),
        ({"words": "https://shop.bad.example/other"}, ["a"]),
        ({"words": "nothing"}, []),
        ({"words": "!"}, []),
        ({"author": "Iris  BERG"}, ["a", "c"]),
        ({"author": "iris"}, []),
        ({"author": "f" * 64}, ["b"]),
        ({"post": "post 7"}, ["c"]),
        ({"label": "spam"}, ["b"]),
        ({"reason": "score:hateful"}, ["a"]),
        ({"low": 0.7}, ["a", "b"]),
        ({"low": 0.5, "high": 0.7}, ["b", "c"]),
        ({"words": "cheap", "label": "spam"}, ["b"]),
        ({"since": 1_800_000_010.0}, ["b", "c"]),
        ({"until": 1_800_000_000.0}, ["a"]),
        ({"sort": Sort.SEVERITY}, ["a", "b", "c"]),
        ({"sort": Sort.UNCERTAINTY}, ["c", "b", "a"]),
        ({"sort": Sort.OLDEST}, ["a", "b", "c"]),
        ({"sort": Sort.NEWEST}, ["c", "b", "a"]),
    ],
)
def test_it_finds_what_is_asked_for(
    moderation: Moderation, some: dict[str, str], wanted: dict[str, Any], names: list[str]
) -> None:
    assert found(moderation, **wanted) == names


def test_it_shows_the_least_certain_first_in_their_lane(moderation: Moderation) -> None:
    for name, score in (("far", 0.59), ("near", 0.51), ("middle", 0.55)):
        submit(moderation, f"[spam={score}]", name)
    assert found(moderation, Lane.UNCERTAIN) == ["near", "middle", "far"]


def test_it_finds_what_was_decided_as_well(moderation: Moderation, some: dict[str, str]) -> None:
    moderation.decide(ANA, some["b"], REJECT)
    assert found(moderation, words="cheap") == ["c"]
    assert found(moderation, DECIDED, words="cheap") == ["b"]
    assert sorted(found(moderation, ALL, words="cheap")) == ["b", "c"]
    moderation.undo(ANA, some["b"])
    assert found(moderation, words="cheap") == ["b", "c"]
    assert found(moderation, DECIDED, words="cheap") == []


def test_it_indexes_what_the_machine_settled_once_it_is_decided(moderation: Moderation) -> None:
    item_id = submit(moderation, "A fine harbour.")["id"]
    assert found(moderation, ALL, words="harbour") == []
    moderation.decide(ANA, item_id, REJECT)
    assert found(moderation, DECIDED, words="harbour") == ["1"]
    moderation.undo(ANA, item_id)
    assert found(moderation, ALL, words="harbour") == []


def test_it_forgets_the_words_of_an_earlier_revision(moderation: Moderation) -> None:
    submit(moderation, "first words [spam=0.7]")
    submit(moderation, "other words [spam=0.6]")
    assert found(moderation, words="first") == []
    assert found(moderation, words="other", high=0.65) == ["1"]
    item = moderation.page(ADMIN, PENDING).items[0]
    assert [(n, c.text) for n, c in item.earlier] == [(1, "first words [spam=0.7]")]


def test_it_keeps_a_few_earlier_revisions(moderation: Moderation) -> None:
    for n in range(6):
        submit(moderation, f"take {n} [spam=0.7]")
    (item,) = moderation.page(ADMIN, PENDING).items
    assert [n for n, _ in item.earlier] == [3, 4, 5]


def test_it_finds_by_the_new_reason_after_rescoring(moderation: Moderation) -> None:
    model = moderation.scorer.current()
    model.broken = True  # type: ignore[attr-defined]  # the stub's own switch
    submit(moderation, "[spam=0.7]")
    assert found(moderation, reason="scorer_error") == ["1"]
    model.broken = False  # type: ignore[attr-defined]  # the stub's own switch
    moderation.rescore()
    assert found(moderation, reason="scorer_error") == []
    assert found(moderation, Lane.SPAM, label="spam") == ["1"]


def test_it_forgets_what_was_decided_long_ago(
    moderation: Moderation, some: dict[str, str], clock: Clock
) -> None:
    moderation.decide(ANA, some["a"], REJECT)
    clock.move(31 * 86400)
    moderation.decide(ANA, some["b"], REJECT)
    assert found(moderation, DECIDED, words="bad.example") == ["b"]
    assert found(moderation, DECIDED) == ["b", "a"]


def test_it_leaves_no_trace_of_what_is_closed(moderation: Moderation, some: dict[str, str]) -> None:
    """What is closed has no number and lies in no set of a term, whatever it went through."""
    moderation.decide(ANA, some["a"], APPROVE)
    moderation.undo(ANA, some["a"])
    submit(moderation, "all is well", "b")
    client = moderation.store._db.client
    numbers: dict[str, str] = {}
    for key in list(client.scan_iter("mq:*ids:*")):
        numbers |= client.hgetall(key)
    assert sorted(numbers.values()) == sorted([some["a"], some["c"]])
    assert indexed(moderation.store) == {
        i: set(search.packed(search.terms(c.comment, c.judgement)).hex(" ", 4).split())
        for i in numbers.values()
        for c in [moderation.store.views.item(i)]
    }
    for name in ("lane", "age", "unsure"):
        assert sum(client.zcard(key) for key in client.scan_iter(f"mq:*{name}:*")) == 2


def test_it_escalates_to_a_view_of_its_own(
    moderation: Moderation, some: dict[str, str], clock: Clock
) -> None:
    moderation.escalate(ANA, some["c"], "is this our policy?")
    item = moderation.store.views.item(some["c"])
    assert item.escalation
    assert (item.escalation.by, item.escalation.note, item.pending) == ("ana", "is this our policy?", True)
    assert found(moderation, ESCALATED) == ["c"]
    assert moderation.store.views.escalated(["blog"]) == 1
    moderation.decide(ADMIN, some["c"], REJECT)
    assert found(moderation, ESCALATED) == []
    moderation.undo(ADMIN, some["c"])
    assert found(moderation, ESCALATED) == ["c"]


def test_it_counts_what_came_since(moderation: Moderation, some: dict[str, str]) -> None:
    views = moderation.store.views
    assert views.came_since(PENDING, ["blog"], 1_800_000_000.0) == 2
    assert views.came_since(Lane.SPAM, ["blog"], 1_800_000_010.0) == 0


def test_it_knows_an_author(moderation: Moderation) -> None:
    for n, text in enumerate(["fine", "[spam=0.7]", "fine too"]):
        item_id = submit(moderation, text, str(n), author_key="k1")["id"]
    moderation.decide(ANA, item_id, REJECT)
    history = moderation.store.views.history("blog", "k1")
    assert (history.approved, history.rejected, history.first_seen) == (1, 1, moderation.clock())
    assert moderation.store.views.history("blog", "nobody").first_seen is None


def test_it_refuses_a_view_that_there_is_not(moderation: Moderation) -> None:
    with pytest.raises(NotFound, match="no such lane"):
        moderation.page(ADMIN, "nope")


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
