"""Decisions in both directions: refused where forged, applied once, and never echoed."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from service import signing
from service.domain import Secret
from tests.wordpress.conftest import CALLBACK, HELD, SITE, Pair

pytestmark = pytest.mark.process


class Forge:
    """Says what the service might say, or what somebody else would like to."""

    def __init__(self, pair: Pair, comment_id: int) -> None:
        self.pair = pair
        self.key = pair.wordpress.meta(comment_id, "_modqueue_id")
        self.secret = pair.service.secret
        self.sent = 0

    def message(self, outcome: str, ago: float = 0.0, **data: Any) -> bytes:
        at = datetime.fromtimestamp(time.time() - ago, UTC).isoformat(timespec="milliseconds")
        said = {"site": SITE, "comment_ID": self.key, "outcome": outcome, "reason": None, "revision": 1}
        said |= {"decided_by": "ana", "decided_at": at.replace("+00:00", "Z"), **data}
        return json.dumps({"type": "comment.decided", "timestamp": at, "data": said}).encode()

    def headers(self, body: bytes, now: float | None = None) -> dict[str, str]:
        self.sent += 1
        name = f"dl_{self.key}_{self.sent}"
        return signing.signed_headers([Secret(self.secret)], name, now or time.time(), body)

    def post(self, body: bytes, headers: dict[str, str] | None = None) -> requests.Response:
        url = self.pair.wordpress.url + CALLBACK
        given = {"Content-Type": "application/json"} | (headers or self.headers(body))
        return requests.post(url, body, headers=given, timeout=60)


@pytest.fixture
def held(pair: Pair) -> int:
    return pair.wordpress.comment(pair.text(HELD)).id


@pytest.fixture
def forge(pair: Pair, held: int) -> Forge:
    return Forge(pair, held)


def test_it_applies_a_decision_once(pair: Pair, held: int, forge: Forge) -> None:
    body = forge.message("approve")
    headers = forge.headers(body)
    assert forge.post(body, headers).json() == {"applied": True}
    assert pair.wordpress.status(held) == "approved"
    # A moderator changes it in WordPress; a replay, signed right and fresh, changes nothing.
    assert pair.wordpress.rest("POST", f"wp/v2/comments/{held}", {"status": "hold"}).ok
    for again in (headers, forge.headers(body)):
        replayed = forge.post(body, again)
        assert (replayed.status_code, replayed.json()) == (200, {"applied": False})
    assert pair.wordpress.status(held) == "unapproved"


def test_an_older_decision_does_not_undo_a_newer_one(pair: Pair, held: int, forge: Forge) -> None:
    assert forge.post(forge.message("reject")).json() == {"applied": True}
    assert forge.post(forge.message("approve", ago=60)).json() == {"applied": False}
    assert pair.wordpress.status(held) == "spam"


def test_a_decision_is_not_replayed_on_what_its_author_made_of_it_since(
    pair: Pair, held: int, forge: Forge
) -> None:
    body = forge.message("approve")
    assert forge.post(body).json() == {"applied": True}
    pair.wordpress.php(
        f"wp_update_comment( array( 'comment_ID' => {held}, 'comment_content' => '{pair.text(HELD)}' ) );"
    )
    assert pair.wordpress.status(held) == "unapproved"
    assert forge.post(body).json() == {"applied": False}
    assert pair.wordpress.status(held) == "unapproved"


def test_the_clocks_of_blog_and_service_may_differ(pair: Pair, held: int, forge: Forge) -> None:
    # Once the service has a decision of WordPress, it is dated by the clock that dates the desk's.
    assert pair.wordpress.rest("POST", f"wp/v2/comments/{held}", {"status": "approved"}).ok
    known = pair.wordpress.meta(held, "_modqueue_latest")
    assert known > pair.wordpress.meta(held, "_modqueue_decision")["at"], "not the service's time"
    assert forge.post(forge.message("reject")).json() == {"applied": True}
    assert pair.wordpress.status(held) == "spam"


@pytest.mark.parametrize("how", ["other secret", "old", "early", "changed body", "changed id", "unsigned"])
def test_it_refuses_what_the_service_did_not_sign_now(pair: Pair, held: int, forge: Forge, how: str) -> None:
    body = forge.message("approve")
    headers = forge.headers(body)
    if how == "other secret":
        headers = signing.signed_headers([Secret(signing.new_secret())], "dl_1", time.time(), body)
    elif how in ("old", "early"):
        headers = forge.headers(body, time.time() + (310 if how == "early" else -310))
    elif how == "changed body":
        body = forge.message("approve", decided_by="eve")
    elif how == "changed id":
        headers["webhook-id"] += "0"
    else:
        headers = {"webhook-id": "dl_1"}
    assert forge.post(body, headers).status_code == 401
    assert pair.wordpress.status(held) == "unapproved"


@pytest.mark.parametrize(
    ("change", "named"),
    [({"outcome": "explode"}, "data.outcome"), ({"comment_ID": 7}, "data.comment_ID"),
     ({"decided_at": "never"}, "data.decided_at"), ({"decided_by": None}, "data.decided_by")],
)  # fmt: skip
def test_it_names_what_is_wrong_with_a_message(forge: Forge, change: dict[str, Any], named: str) -> None:
    refused = forge.post(forge.message(**{"outcome": "approve", **change}))
    assert (refused.status_code, refused.json()["message"]) == (422, named)


def test_it_asks_to_come_again_for_a_comment_that_is_just_being_stored(forge: Forge) -> None:
    forge.key = "00000000-0000-4000-8000-000000000000"
    assert forge.post(forge.message("approve")).status_code == 503
    # One that is gone for good is confirmed, or the service would try for days.
    assert forge.post(forge.message("approve", ago=400)).json() == {"applied": False}


@pytest.mark.parametrize(
    ("status", "outcome", "reason"), [("approved", "approve", None), ("spam", "reject", "spam"),
                                      ("trash", "reject", "other")],
)  # fmt: skip
def test_what_a_moderator_decides_in_wordpress_is_learnt_once(
    pair: Pair, held: int, status: str, outcome: str, reason: str | None
) -> None:
    before = pair.decided()
    assert pair.wordpress.rest("POST", f"wp/v2/comments/{held}", {"status": status}).ok
    decision = pair.item(held)["decision"]
    assert (decision["decision"], decision["reason"], decision["by"]) == (outcome, reason, "wordpress:admin")
    assert pair.item(held)["delivery"] is None
    pair.wordpress.cron_now()
    assert pair.decided() == before + 1
    # That it was put away for a reason of its own says nothing of a label.
    assert [e["source"] for e in pair.examples(held)] == ([] if reason == "other" else ["wordpress"])


def test_a_moderator_in_wordpress_may_change_the_desks_mind_and_back(pair: Pair, held: int) -> None:
    pair.decide(held, "reject", "hateful")
    pair.wordpress.wait_for_status(held, "spam")
    # The desk's own decision does not come back as one of WordPress's.
    assert pair.item(held)["decision"]["by"] == "ana"
    assert pair.wordpress.rest("POST", f"wp/v2/comments/{held}", {"status": "approved"}).ok
    assert pair.item(held)["decision"]["by"] == "wordpress:admin"
    assert pair.wordpress.rest("POST", f"wp/v2/comments/{held}", {"status": "hold"}).ok
    assert pair.item(held)["decision"] is None
    assert pair.wordpress.status(held) == "unapproved"


def test_programs_in_wordpress_are_no_moderators(pair: Pair, held: int) -> None:
    pair.wordpress.php(f"wp_set_comment_status( {held}, 'approve' );")
    assert pair.item(held)["decision"] is None


def test_a_comment_deleted_for_good_does_not_wait_on_the_desk(pair: Pair, held: int) -> None:
    item = pair.answer(held)["id"]
    assert pair.wordpress.rest("DELETE", f"wp/v2/comments/{held}?force=true").ok
    assert pair.service.api("GET", f"comments/{item}").json()["decision"]["decision"] == "reject"
