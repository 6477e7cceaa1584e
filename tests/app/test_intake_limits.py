"""The webhook where too much comes, the scorer fails, or a site is removed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.domain import Comment
from service.errors import NotFound
from service.moderation import Moderation
from tests.conftest import BLOG, OTHER, Clock, Sender
from tests.stubs import StubModel, StubScorer

SMALL = replace(BLOG, burst=20)


@pytest.fixture
def sender(sender: Sender, moderation: Moderation) -> Sender:
    """Give the blog, which may send only a few comments at once."""
    moderation.store.registry.save_site(SMALL)
    return sender


def test_it_limits_the_rate_of_each_site(sender: Sender, clock: Clock, moderation: Moderation) -> None:
    for n in range(int(SMALL.burst)):
        sender.comment("x", str(n))
    refused = sender.post({"comment_ID": "new", "comment_content": "x"})
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 2
    # From then on the door answers, before anything is read.
    at_the_door = sender.client.post("/webhooks/comments", headers={"X-Modqueue-Site": "blog"})
    assert (at_the_door.status_code, at_the_door.json) == (429, refused.json)
    assert at_the_door.headers["Retry-After"] == refused.headers["Retry-After"]
    assert set(at_the_door.headers.keys()) >= set(refused.headers.keys()) - {"Vary"}
    assert sender.post({"comment_ID": "1", "comment_content": "x"}, site=OTHER).status_code == 200
    clock.move(1)
    assert sender.comment("x", "new")["verdict"] == "approve"
    assert moderation.store.views.totals(["blog"])["verdict:approve"] == SMALL.burst + 1


def test_it_scores_nothing_of_a_flood_while_the_store_has_no_room(
    sender: Sender, clock: Clock, moderation: Moderation, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored: list[str] = []
    score = StubModel.score
    monkeypatch.setattr(
        StubModel, "score", lambda self, comment: scored.append(comment.text) or score(self, comment)
    )
    for n in range(int(SMALL.burst)):
        sender.comment("x", str(n))
    assert sender.post({"comment_ID": "a", "comment_content": "one too many"}).status_code == 429
    clock.move(1.5 / SMALL.rate)
    # Another process lets one in, so that there is no room for the one that is tried here.
    another = Moderation(moderation.store, StubScorer(), clock=clock)  # type: ignore[arg-type]  # as everywhere
    another.submit(SMALL, Comment("blog", "b", "elsewhere"), "b", b"")
    assert sender.post({"comment_ID": "c", "comment_content": "tried"}).status_code == 429
    assert scored[-2:] == ["one too many", "elsewhere"]
    clock.move(1.5 / SMALL.rate)
    assert sender.comment("let in", "d")["verdict"] == "approve"


def test_it_holds_what_the_scorer_fails_on_and_scores_it_later(
    sender: Sender, moderation: Moderation
) -> None:
    model = moderation.scorer.current()
    model.broken = True  # type: ignore[attr-defined]  # the stub's
    answer = sender.comment("fine")
    assert (answer["verdict"], answer["reasons"], answer["scores"]) == ("hold", ["scorer_error"], {})
    assert moderation.rescore() == 0
    model.broken = False  # type: ignore[attr-defined]
    assert moderation.rescore() == 1
    item = moderation.store.views.item(answer["id"])
    assert (item.outcome, item.pending) == ("approve", False)
    assert item.delivery is not None
    assert '"outcome":"approve"' in moderation.store.outbox.lease_due(moderation.clock(), 30, 10)[0].body


def test_it_forgets_a_removed_site_within_a_second(
    sender: Sender, moderation: Moderation, clock: Clock
) -> None:
    sender.comment("x")
    moderation.store.registry.remove_site("blog")
    clock.move(2)
    assert sender.post({"comment_ID": "2", "comment_content": "x"}).status_code == 401
    with pytest.raises(NotFound):
        moderation.store.registry.remove_site("blog")
