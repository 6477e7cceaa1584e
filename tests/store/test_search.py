"""Searching the queue: what is found, in which order, and what is forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from service.domain import Lane, ReasonCode, Ruling
from service.errors import NotFound
from service.moderation import Moderation, Wish
from service.store import ALL, DECIDED, ESCALATED, PENDING, Sort, search
from tests.conftest import ADMIN, ANA, Clock, submit
from tests.store.indexes import indexed
from tests.store.searching import APPROVE, found

REJECT = Wish(Ruling.REJECT, ReasonCode.SPAM)


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
