"""Searching at the desk, and deciding a selection of what was found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from service import bulk
from service.domain import Comment, Item, Judgement, Ruling, Verdict
from service.errors import Unavailable
from service.moderation import Moderation, Wish
from tests.app.desk import SPAM, decide
from tests.conftest import BEN, Clock, submit
from tests.pages import Visitor


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("q=watches", ["third"]),
        ("q=hate+them", ["second"]),
        ("q=nothing", []),
        ("label=dehumanising", ["first"]),
        ("low=0.75&high=0.9", ["second"]),
        ("since=2027-01-15", ["first", "second", "third"]),
        ("until=2027-01-14", []),
        ("until=2027-01-15", ["first", "second", "third"]),
        ("sort=uncertainty", ["third", "second", "first"]),
    ],
)
def test_it_searches_by_address(ana: Visitor, ids: dict[str, str], query: str, names: list[str]) -> None:
    page = ana.get(f"/?{query}")
    assert [n for n in page.links if n.startswith("row-")] == [f"row-{ids[n]}" for n in names]
    assert ("Nothing was found." in page.text) == (not names)
    if names:
        # The search goes with the decision.
        assert query.split("&", maxsplit=1)[0] in decide(ana, page, "approve").path


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("since=tomorrow", "from"),
        ("low=2", "score from"),
        ("high=x", "score to"),
        ("sort=best", "order"),
        ("label=x", "label"),
    ],
)
def test_it_names_the_part_of_a_search_that_is_wrong(ana: Visitor, query: str, field: str) -> None:
    page = ana.get(f"/?{query}")
    assert (page.status, f"{field.capitalize()}:" in page.text) == (422, True)


def test_it_shows_hostile_searches_as_text(ana: Visitor) -> None:
    page = ana.get("/?q=%3Cscript%3Ealert(1)%3C/script%3E%22%3E&author=%22onload%3D1")
    assert "script" not in [tag for tag, given in page.elements if "src" not in given]
    assert "<script>alert(1)</script>" in "".join(page.pieces)


def test_it_decides_a_selection_and_undoes_all_of_it(
    ana: Visitor, ids: dict[str, str], moderation: Moderation
) -> None:
    form = ana.get("/").form("/selections/")
    preview = ana.send(form, chosen=ids["second"])
    assert "1 comment to decide at once" in preview.text
    assert "I hate them all." in preview.text
    assert moderation.store.views.item(ids["second"]).pending
    after = ana.send(preview.form("/decision"), decision="reject:hateful")
    assert "1 comment rejected: hateful" in after.text
    assert moderation.store.views.item(ids["second"]).outcome == "reject"
    page = ana.get("/")
    assert "1 comment rejected: hateful" in page.text
    assert "Undone for 1 comment." in ana.send(page.form("/undo")).text
    assert moderation.store.views.item(ids["second"]).pending


def test_it_decides_all_that_a_search_finds(ana: Visitor, moderation: Moderation, clock: Clock) -> None:
    wares = [submit(moderation, f"Wares {n} [spam=0.{60 + n % 30}]", str(n))["id"] for n in range(60)]
    other = submit(moderation, "Something else [spam=0.8]", "other")["id"]
    preview = ana.send(ana.get("/?q=wares").form("/selections/"), all="1")
    assert "60 comments to decide at once" in preview.text
    assert preview.text.count(" · score ") == 5
    clock.move(5)
    moderation.claim(BEN, wares[3])
    submit(moderation, "Wares edited [spam=0.7]", "4")
    moderation.decide(BEN, wares[5], Wish(Ruling.APPROVE))
    after = ana.send(preview.form("/decision"), decision="reject:spam")
    assert "57 comments rejected: spam" in after.text
    assert (
        "3 comments left as before: ben is reading this comment; the comment was edited since" in after.text
    )
    assert moderation.store.views.item(other).pending
    clock.move(5)
    moderation.undo(BEN, wares[7])
    moderation.decide(BEN, wares[7], Wish(Ruling.APPROVE))
    assert "Undone for 56 comments." in ana.send(ana.get("/?lane=decided").form("/undo")).text
    items = moderation.store.views.items(wares)
    assert [n for n, i in enumerate(items) if not i.pending] == [5, 7]


def test_it_does_the_rest_of_a_selection_when_asked_again(
    ana: Visitor, ids: dict[str, str], moderation: Moderation, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    preview = ana.send(ana.get("/").form("/selections/"), all="1")
    decide_one = moderation.decide

    def broken(*args: Any) -> Any:
        if args[1] == ids["second"]:
            raise Unavailable("gone")
        return decide_one(*args)

    monkeypatch.setattr(moderation, "decide", broken)
    assert ana.send(preview.form("/decision"), decision="reject:spam").status == 503
    monkeypatch.setattr(moderation, "decide", decide_one)
    clock.move(9)
    assert ana.send(preview.form("/decision"), decision="approve").status == 409
    assert "3 comments rejected: spam" in ana.send(preview.form("/decision"), decision="reject:spam").text
    assert moderation.store.views.totals(["blog"])["decision:reject"] == 3


def test_it_keeps_selections_to_their_maker(ana: Visitor, ids: dict[str, str], app: Flask) -> None:
    preview = ana.send(ana.get("/").form("/selections/"), all="1")
    ben = Visitor(app)
    ben.enter("ben")
    assert ben.get(preview.path).status == 404
    foreign = submit(ana.moderation, SPAM, site="other")["id"]
    assert ana.send(ana.get("/").form("/selections/"), chosen=foreign).status == 400


def test_it_samples_the_first_the_mildest_and_the_least_alike() -> None:
    judged = Judgement(Verdict.HOLD, (), {}, "m", 1)

    def item(n: int, text: str) -> Item:
        return Item(
            str(n), Comment("blog", str(n), text), 1, replace(judged, severity=1 - n / 100), 0.0, True
        )

    items = [item(n, "buy these cheap watches now") for n in range(20)]
    items[11] = item(11, "my grandmother baked bread")
    chosen = bulk.sample(items)
    assert [i.id for i in chosen[:3]] == ["0", "1", "19"]
    assert "11" in [i.id for i in chosen]
    assert len(chosen) == 5
