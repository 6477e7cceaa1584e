"""The plugin in a real WordPress: comments go to the service and its moderators' decisions come back."""

from __future__ import annotations

import pytest

from tests.wordpress.conftest import FINE, HELD, SPAM, Pair

pytestmark = pytest.mark.process


def test_it_publishes_what_is_fine_at_once(pair: Pair) -> None:
    text = pair.text(FINE)
    posted = pair.wordpress.comment(text)
    assert not posted.held
    assert pair.wordpress.is_shown(text)
    assert pair.answer(posted.id)["verdict"] == "approve"


def test_it_holds_what_is_flagged_until_the_desk_approves(pair: Pair) -> None:
    text = pair.text(HELD)
    posted = pair.wordpress.comment(text)
    assert posted.held
    assert not pair.wordpress.is_shown(text)
    assert pair.item(posted.id)["comment_ID"] == pair.wordpress.meta(posted.id, "_modqueue_id")
    pair.decide(posted.id, "approve")
    pair.wordpress.wait_for_status(posted.id, "approved")
    assert pair.wordpress.is_shown(text)
    decision = pair.wordpress.meta(posted.id, "_modqueue_decision")
    assert (decision["by"], decision["from"]) == ("ana", "desk")


@pytest.mark.parametrize("where", ["spam", "trash"])
def test_it_puts_away_what_the_desk_rejects(pair: Pair, where: str) -> None:
    pair.reset(rejected=where)
    posted = pair.wordpress.comment(pair.text(HELD))
    pair.decide(posted.id, "reject", "dehumanising")
    pair.wordpress.wait_for_status(posted.id, where)


@pytest.mark.parametrize("where", ["spam", "trash"])
def test_it_puts_away_blatant_spam_at_once(pair: Pair, where: str) -> None:
    pair.reset(rejected=where)
    posted = pair.wordpress.comment(pair.text(SPAM))
    assert pair.wordpress.status(posted.id) == where


def test_it_holds_again_what_the_desk_undoes(pair: Pair) -> None:
    posted = pair.wordpress.comment(pair.text(HELD))
    pair.decide(posted.id, "approve")
    pair.wordpress.wait_for_status(posted.id, "approved")
    assert pair.service.api("POST", f"comments/{pair.answer(posted.id)['id']}/undo").status_code == 200
    pair.wordpress.wait_for_status(posted.id, "unapproved")
