"""The service goes away, hangs and comes back: commenters do not wait, and nothing is lost."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.process.cast import wait_for
from tests.wordpress.conftest import FINE, HELD, SPAM, Pair

pytestmark = pytest.mark.process


@pytest.fixture
def down(pair: Pair) -> Iterator[Pair]:
    """Give a pair whose service is down; a test brings it up again, or this does."""
    pair.service.stop()
    yield pair
    if pair.service.process.poll() is not None:
        pair.service.start()


class Hole:
    """Takes connections and never answers."""

    def __init__(self, listener: socket.socket) -> None:
        listener.setblocking(False)
        self._listener, self._asked = listener, 0
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    def asked(self) -> int:
        """Count the connections so far."""
        with suppress(BlockingIOError):
            while True:
                self._listener.accept()[0].close()
                self._asked += 1
        return self._asked


@pytest.fixture
def hole() -> Iterator[Hole]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield Hole(listener)


def test_it_holds_what_it_cannot_ask_about_and_sends_it_later(down: Pair) -> None:
    wordpress = down.wordpress
    posted = {verdict: wordpress.comment(down.text(text)) for verdict, text in
              (("approve", FINE), ("hold", HELD), ("reject", SPAM))}  # fmt: skip
    assert all(p.held for p in posted.values())
    wordpress.cron_now()
    assert [wordpress.status(p.id) for p in posted.values()] == ["unapproved"] * 3

    down.service.start()
    down.catch_up(lambda: not any(wordpress.meta(p.id, "_modqueue_waiting") for p in posted.values()))
    assert {v: wordpress.status(p.id) for v, p in posted.items()} == {
        "approve": "approved", "hold": "unapproved", "reject": "spam",
    }  # fmt: skip
    for verdict, comment in posted.items():
        assert down.item(comment.id)["verdict"] == verdict
        assert wordpress.meta(comment.id, "_modqueue_waiting") == ""


def test_nobody_waits_for_a_service_that_hangs(pair: Pair, hole: Hole) -> None:
    pair.reset(address=hole.url, timeout=3)
    started = time.monotonic()
    first = pair.wordpress.comment(pair.text(FINE))
    # The first one waits until the time is out, the second one does not even ask.
    assert time.monotonic() - started >= 3
    assert hole.asked() == 1
    # For half a minute, which may be over on a busy machine.
    away = "echo json_encode( get_transient( 'modqueue_away' ) ); set_transient( 'modqueue_away', 1, 3600 );"
    assert pair.wordpress.php(away)
    second = pair.wordpress.comment(pair.text(FINE))
    assert hole.asked() == 1
    assert first.held
    assert second.held
    pair.reset()
    pair.catch_up(lambda: all(pair.wordpress.status(p.id) == "approved" for p in (first, second)))


def test_a_moderator_may_decide_while_the_service_is_away(down: Pair) -> None:
    posted = down.wordpress.comment(down.text(HELD))
    assert down.wordpress.rest("POST", f"wp/v2/comments/{posted.id}", {"status": "approved"}).ok
    down.service.start()
    # First the comment, then the decision on it.
    down.catch_up(lambda: down.wordpress.meta(posted.id, "_modqueue_unsent") == "")
    assert down.wordpress.status(posted.id) == "approved"
    decision = down.item(posted.id)["decision"]
    assert (decision["decision"], decision["by"]) == ("approve", "wordpress:admin")
    assert down.wordpress.meta(posted.id, "_modqueue_unsent") == ""


def test_a_deleted_comment_is_decided_when_the_service_is_back(pair: Pair) -> None:
    posted = pair.wordpress.comment(pair.text(HELD))
    item = pair.answer(posted.id)["id"]
    pair.service.stop()
    try:
        assert pair.wordpress.rest("DELETE", f"wp/v2/comments/{posted.id}?force=true").ok
    finally:
        pair.service.start()
    told = f"comments/{item}"
    pair.catch_up(lambda: bool(pair.service.api("GET", told).json().get("decision")))
    assert pair.service.api("GET", told).json()["decision"]["decision"] == "reject"


def test_the_desk_may_decide_what_wordpress_never_had_an_answer_to(pair: Pair) -> None:
    # The service stored a comment, but its answer was lost on the way.
    posted = pair.wordpress.comment(pair.text(HELD))
    answer = pair.answer(posted.id)
    pair.wordpress.php(
        f"delete_comment_meta( {posted.id}, '_modqueue_answer' );"
        f"delete_comment_meta( {posted.id}, '_modqueue_digest' );"
        f"update_comment_meta( {posted.id}, '_modqueue_waiting', 'post' );"
    )
    wish = {"decision": "approve"}
    assert pair.service.api("POST", f"comments/{answer['id']}/decision", wish).status_code == 200
    wait_for(lambda: pair.wordpress.status(posted.id) == "approved")
    pair.wordpress.cron_now()
    assert pair.wordpress.status(posted.id) == "approved"
    assert pair.answer(posted.id) == answer
