"""Appeals: links, and what becomes of a decision."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import appeals
from service.domain import Ruling
from service.errors import Conflict, Invalid, NotFound
from service.moderation import Moderation, Wish
from tests.app.appealing import KEY, REJECT
from tests.conftest import ANA, BEN, Clock, submit

APPROVE = Wish(Ruling.APPROVE)


def link(m: Moderation, item_id: str) -> appeals.Link:
    token, _ = appeals.make_link(m, ANA, item_id, KEY)
    return appeals.read_link(token, KEY, m.clock())


def appeal(m: Moderation, item_id: str, text: str = "It was about the weather.") -> None:
    appeals.submit(m, link(m, item_id), text)


def state(m: Moderation, item_id: str) -> str:
    found = m.store.appeals.of(item_id)
    return found.state if found else "none"


def test_a_link_says_what_it_was_made_for(moderation: Moderation, rejected: str, clock: Clock) -> None:
    token, expires_at = appeals.make_link(moderation, ANA, rejected, KEY)
    found = appeals.read_link(token, KEY, clock())
    assert found == appeals.Link(rejected, appeals.reference(moderation.item(ANA, rejected)), expires_at)
    assert appeals.read_link(token, KEY, expires_at - 1) == found
    with pytest.raises(NotFound):
        appeals.read_link(token, KEY, expires_at)
    with pytest.raises(NotFound):
        appeals.read_link(token, b"other" * 8, clock())


def test_a_link_that_was_changed_is_refused(moderation: Moderation, rejected: str, clock: Clock) -> None:
    token, _ = appeals.make_link(moderation, ANA, rejected, KEY)

    @given(st.integers(0, len(token) - 1), st.sampled_from("0123456789abcdef-. é\n"))
    def run(place: int, other: str) -> None:
        changed = token[:place] + other + token[place + 1 :]
        if changed != token:
            with pytest.raises(NotFound):
                appeals.read_link(changed, KEY, clock())

    run()


@given(st.text(max_size=120))
def test_whatever_is_no_link_is_refused(token: str) -> None:
    with pytest.raises(NotFound):
        appeals.read_link(token, KEY, 0.0)


def test_there_is_no_link_to_what_is_not_rejected(moderation: Moderation, rejected: str) -> None:
    waiting = submit(moderation, "[spam=0.7]", "2")["id"]
    published = submit(moderation, "fine", "3")["id"]
    for item_id in (waiting, published):
        with pytest.raises(Conflict, match="only a rejected"):
            appeals.make_link(moderation, ANA, item_id, KEY)
    with pytest.raises(NotFound):
        appeals.make_link(moderation, replace(ANA, sites=("other",)), rejected, KEY)


def test_there_is_one_appeal_for_each_decision(moderation: Moderation, rejected: str, clock: Clock) -> None:
    appeal(moderation, rejected)
    with pytest.raises(Conflict, match="already"):
        appeal(moderation, rejected, "Once more.")
    moderation.undo(BEN, rejected)
    clock.move(5)
    moderation.decide(BEN, rejected, REJECT)
    appeal(moderation, rejected, "Another decision, another appeal.")
    (found,) = moderation.store.appeals.open(["blog"])
    assert found.text == "Another decision, another appeal."


def test_a_link_dies_with_its_decision(moderation: Moderation, rejected: str, clock: Clock) -> None:
    old = link(moderation, rejected)
    moderation.undo(ANA, rejected)
    with pytest.raises(Conflict, match="not in force"):
        appeals.submit(moderation, old, "please")
    clock.move(1)
    moderation.decide(ANA, rejected, APPROVE)
    with pytest.raises(Conflict, match="not in force"):
        appeals.submit(moderation, old, "please")
    assert moderation.store.appeals.count(["blog"]) == 0


@pytest.mark.parametrize("text", ["", "  \n ", "\x00\x07", "x" * 2001])
def test_it_refuses_no_text_and_too_much(moderation: Moderation, rejected: str, text: str) -> None:
    with pytest.raises(Invalid, match="text"):
        appeal(moderation, rejected, text)
    assert moderation.store.appeals.of(rejected) is None


def test_upheld_stays_rejected(moderation: Moderation, rejected: str) -> None:
    appeal(moderation, rejected)
    appeals.uphold(moderation, BEN, rejected)
    assert moderation.item(ANA, rejected).outcome == "reject"
    assert state(moderation, rejected) == "upheld"
    assert moderation.store.appeals.count(["blog"]) == 0
    with pytest.raises(Conflict, match="settled already"):
        appeals.overturn(moderation, ANA, rejected)
    assert moderation.item(ANA, rejected).outcome == "reject"


def test_overturned_is_an_ordinary_approval(moderation: Moderation, rejected: str, clock: Clock) -> None:
    appeal(moderation, rejected)
    clock.move(60)
    appeals.overturn(moderation, BEN, rejected)
    item = moderation.item(ANA, rejected)
    assert item.decision
    assert (item.decision.ruling, item.decision.by) == (Ruling.APPROVE, "ben")
    assert state(moderation, rejected) == "overturned"
    last = moderation.store.outbox.lease_due(clock() + 100, 30, 10)[-1]
    assert json.loads(last.body)["data"]["outcome"] == "approve"
    kinds = [json.loads(e)["kind"] for e in reversed(moderation.store.views.log("blog"))]
    assert kinds == ["verdict", "decision", "appeal", "undo", "decision", "appeal overturned"]
    with pytest.raises(Conflict):
        appeals.uphold(moderation, ANA, rejected)


def test_what_the_machine_rejected_can_be_appealed_too(moderation: Moderation) -> None:
    item_id = submit(moderation, "[spam=0.99]")["id"]
    appeal(moderation, item_id)
    appeals.overturn(moderation, BEN, item_id)
    assert moderation.item(ANA, item_id).outcome == "approve"


def test_it_finishes_overturning_that_a_crash_interrupted(
    moderation: Moderation, rejected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(Exception):
        pass

    def die(*_args: object, **_kwargs: object) -> None:
        raise Killed

    appeal(moderation, rejected)
    with monkeypatch.context() as patch:
        patch.setattr(moderation, "decide", die)
        with pytest.raises(Killed):
            appeals.overturn(moderation, ANA, rejected)
    assert moderation.item(ANA, rejected).pending
    assert moderation.store.appeals.count(["blog"]) == 1
    with pytest.raises(Conflict):
        appeals.uphold(moderation, BEN, rejected)
    appeals.overturn(moderation, BEN, rejected)
    assert moderation.item(ANA, rejected).outcome == "approve"
    assert state(moderation, rejected) == "overturned"


def test_an_edit_ends_the_appeal(moderation: Moderation, rejected: str) -> None:
    appeal(moderation, rejected)
    submit(moderation, "They are cattle. [dehumanising=0.9]", author="Ola")
    assert moderation.store.appeals.count(["blog"]) == 0
    with pytest.raises(NotFound):
        appeals.overturn(moderation, ANA, rejected)
    assert moderation.item(ANA, rejected).pending
