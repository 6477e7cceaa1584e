"""Which way a decision goes, and what the ways to blogs without a plugin of ours say there."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from service.akismet import Akismet
from service.delivery import Worker
from service.domain import Comment, Item, ReasonCode, Ruling, Site
from service.moderation import Moderation, Wish
from service.store import Trace
from tests.conftest import ANA, submit
from tests.delivery.conftest import Receiver, reply, state

REJECT, APPROVE = Wish(Ruling.REJECT, ReasonCode.SPAM), Wish(Ruling.APPROVE)
TEXT = "Buy [spam=0.7] now"


def answering(status: int, value: Any) -> Callable[[Any], None]:
    return lambda handler: reply(handler, status, json.dumps(value).encode())


def shown(comment_id: int = 7, status: str = "hold", text: str = TEXT, **more: Any) -> dict[str, Any]:
    date = "2027-01-15T08:00:00"
    raw = {"raw": text}
    return {"id": comment_id, "status": status, "content": raw, "author_name": "", "date_gmt": date, **more}


@pytest.fixture
def plain(moderation: Moderation, site: Site) -> Site:
    """Give a blog without a callback address."""
    return changed(moderation, site, callback_url="")


@pytest.fixture
def wordpress(moderation: Moderation, plain: Site) -> Site:
    """Give a blog that is reached by WordPress's REST API."""
    return changed(moderation, plain, wordpress_user="ed", wordpress_password="abcd efgh")


def changed(moderation: Moderation, site: Site, **changes: Any) -> Site:
    site = replace(site, **changes)
    moderation.store.registry.save_site(site)
    moderation._sites.clear()
    return site


def checked(moderation: Moderation, site: Site, **trace: str) -> Item:
    guid = Akismet(moderation).check(site, Comment("blog", "-", TEXT), Trace(**trace)).guid
    (item,) = [i for i in moderation.page(ANA, "all").items if i.comment.comment_id == guid]
    return item


def failure(moderation: Moderation, item: Item) -> tuple[str, str]:
    found = state(moderation, item)
    return found.state, found.error


# Akismet's callback


@pytest.mark.parametrize("wish", [REJECT, APPROVE])
def test_it_calls_akismets_plugin_back(
    moderation: Moderation, plain: Site, receiver: Receiver, worker: Worker, wish: Wish
) -> None:
    callback = f"{receiver.url}/wp-json/akismet/v1/webhook"
    item = checked(moderation, plain, callback=callback, key="0123456789ab")
    moderation.decide(ANA, item.id, wish)
    assert worker.run_once() == 1
    (request,) = receiver.received
    assert (request.path, request.headers["x-akismet-webhook"]) == ("/wp-json/akismet/v1/webhook", "1")
    assert json.loads(request.body) == {
        "key": "0123456789ab",
        "endpoint": "comment-check",
        "comments": [{"guid": item.comment.comment_id, "result": "true" if wish is REJECT else "false"}],
    }
    assert state(moderation, item).state == "confirmed"


def test_it_tries_again_when_the_plugin_refuses_the_key(
    moderation: Moderation, plain: Site, receiver: Receiver, worker: Worker
) -> None:
    item = checked(moderation, plain, callback=f"{receiver.url}/hook", key="0123456789ab")
    moderation.decide(ANA, item.id, REJECT)
    receiver.answers = [401]
    worker.run_once()
    assert failure(moderation, item) == ("retrying", "HTTP 401 (the plugin has another key now)")


def test_it_says_that_the_plugin_cannot_take_a_decision_back(
    moderation: Moderation, plain: Site, receiver: Receiver, worker: Worker
) -> None:
    item = checked(moderation, plain, callback=f"{receiver.url}/hook")
    moderation.decide(ANA, item.id, REJECT)
    worker.run_once()
    moderation.undo(ANA, item.id)
    worker.run_once()
    assert len(receiver.received) == 1
    assert failure(moderation, item) == ("dead", "Akismet's callback cannot take a decision back")


def test_it_tells_nobody_who_asks_by_himself(moderation: Moderation, plain: Site, worker: Worker) -> None:
    item = checked(moderation, plain)
    moderation.decide(ANA, item.id, REJECT)
    assert worker.run_once() == 0
    assert moderation.store.views.item(item.id).delivery is None


# WordPress's REST API


def test_it_sets_the_status_of_a_comment_that_wordpress_has_named(
    moderation: Moderation, wordpress: Site, receiver: Receiver, worker: Worker
) -> None:
    item_id = submit(moderation, TEXT, "7")["id"]
    moderation.decide(ANA, item_id, REJECT)
    receiver.answers = [answering(200, shown()), answering(200, shown(status="spam"))]
    worker.run_once()
    asked, changed = receiver.received
    assert parse_qs(urlsplit(asked.path).query) == {
        "rest_route": ["/wp/v2/comments/7"],
        "context": ["edit"],
    }
    assert json.loads(changed.body) == {"status": "spam"}
    for request in (asked, changed):
        assert base64.b64decode(request.headers["authorization"].split()[1]) == b"ed:abcd efgh"
    assert state(moderation, moderation.store.views.item(item_id)).state == "confirmed"


def test_it_changes_nothing_that_is_so_already(
    moderation: Moderation, wordpress: Site, receiver: Receiver, worker: Worker
) -> None:
    item = checked(moderation, wordpress, comment_id="7")
    moderation.decide(ANA, item.id, APPROVE)
    receiver.answers = [answering(200, shown(status="approved"))]
    worker.run_once()
    assert len(receiver.received) == 1
    assert state(moderation, item).state == "confirmed"


def test_it_finds_a_comment_by_its_words(
    moderation: Moderation, wordpress: Site, receiver: Receiver, worker: Worker
) -> None:
    item = checked(moderation, wordpress)
    moderation.decide(ANA, item.id, APPROVE)
    near, far = "2027-01-15T08:01:00", "2027-01-15T12:00:00"
    others = [shown(4, text="Other words"), shown(5, date_gmt=far), shown(8, author_name="Somebody else")]
    found = [*others, shown(6, date_gmt=near, text=f"<p>{TEXT}</p>")]
    receiver.answers = [answering(200, found), answering(200, shown(6, "approved"))]
    worker.run_once()
    asked, changed = receiver.received
    query = parse_qs(urlsplit(asked.path).query)
    assert (query["search"], query["status"]) == (["Buy"], ["any"])
    assert query["after"] < ["2027-01-15T08:00:00"] < query["before"]
    assert "comments%2F6" in changed.path
    assert state(moderation, item).state == "confirmed"


@pytest.mark.parametrize(
    "case",
    [
        (answering(401, {}), ("retrying", "HTTP 401 (the application password is not accepted)")),
        (
            answering(404, {"code": "rest_comment_invalid_id"}),
            ("dead", "the blog has no such comment any more"),
        ),
        (answering(404, "nothing here"), ("retrying", "HTTP 404")),
        (answering(200, "<html>"), ("retrying", "the answer is not one of WordPress's REST API")),
        (answering(200, {}), ("retrying", "the answer is not one of WordPress's REST API")),
    ],
)
def test_it_says_what_is_wrong_with_wordpress(
    moderation: Moderation, wordpress: Site, receiver: Receiver, worker: Worker, case: tuple[Any, Any]
) -> None:
    answer, expected = case
    item = checked(moderation, wordpress, comment_id="7")
    moderation.decide(ANA, item.id, REJECT)
    receiver.answers = [answer]
    worker.run_once()
    assert failure(moderation, item) == expected


def test_it_waits_for_a_comment_that_is_not_there_yet(
    moderation: Moderation, wordpress: Site, receiver: Receiver, worker: Worker
) -> None:
    item = checked(moderation, wordpress)
    moderation.decide(ANA, item.id, REJECT)
    receiver.answers = [answering(200, [])]
    worker.run_once()
    assert failure(moderation, item) == ("retrying", "the blog has no such comment, or not yet")


def test_it_takes_a_decision_back_by_wordpress_where_the_callback_cannot(
    moderation: Moderation, wordpress: Site, receiver: Receiver, worker: Worker
) -> None:
    item = checked(moderation, wordpress, callback=f"{receiver.url}/hook", comment_id="7")
    moderation.decide(ANA, item.id, REJECT)
    worker.run_once()
    moderation.undo(ANA, item.id)
    receiver.answers = [answering(200, shown(status="spam")), answering(200, shown(status="hold"))]
    worker.run_once()
    assert [urlsplit(r.path).path for r in receiver.received] == ["/hook", "/", "/"]
    assert json.loads(receiver.received[-1].body) == {"status": "hold"}


def test_it_prefers_the_signed_webhook_for_what_came_by_one(
    moderation: Moderation, site: Site, receiver: Receiver, worker: Worker
) -> None:
    changed(moderation, site, wordpress_user="ed", wordpress_password="abcd")
    moderation.decide(ANA, submit(moderation, TEXT, "7")["id"], REJECT)
    worker.run_once()
    (request,) = receiver.received
    assert "webhook-signature" in request.headers
