"""POST /webhooks/decisions and /webhooks/ping: what a blog's plugin says beside its comments."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from service import signing
from service.domain import ReasonCode, Ruling
from service.errors import Conflict
from service.moderation import Moderation, Wish
from tests.conftest import ANA, BLOG, OTHER, Clock, Sender

HELD = "[spam=0.8]"


class Blog:
    """A blog whose moderators decide on it."""

    def __init__(self, client: FlaskClient, clock: Clock) -> None:
        self.client, self.clock, self.sent = client, clock, 0

    def post(self, path: str, message: dict[str, Any], **kwargs: Any) -> Any:
        self.sent += 1
        body = json.dumps(message).encode()
        site = kwargs.get("site", BLOG)
        secrets = kwargs.get("secrets", site.secrets)
        message_id = kwargs.get("webhook_id", f"wp_{self.sent}")
        headers = signing.signed_headers(secrets, message_id, self.clock(), body)
        return self.client.post(
            f"/webhooks/{path}", data=body, headers=headers | {"X-Modqueue-Site": site.id}
        )

    def says(self, outcome: str, **data: Any) -> Any:
        kwargs = {k: data.pop(k) for k in ("webhook_id", "site", "secrets") if k in data}
        data = {"comment_ID": "1", "outcome": outcome, "decided_by": "eve", **data}
        return self.post("decisions", {"type": "comment.moderated", "data": data}, **kwargs)


@pytest.fixture
def blog(client: FlaskClient, clock: Clock) -> Blog:
    return Blog(client, clock)


def examples(moderation: Moderation) -> list[dict[str, Any]]:
    return [json.loads(e) for e in moderation.store.views.examples("blog")]


def test_it_writes_what_was_decided_on_the_blog(sender: Sender, blog: Blog, moderation: Moderation) -> None:
    item_id = sender.comment(HELD)["id"]
    answer = blog.says("reject", reason="spam")
    assert (answer.status_code, answer.get_json()) == (
        200, {"id": item_id, "outcome": "reject", "revision": 1, "at": "2027-01-15T08:00:00.000Z"},
    )  # fmt: skip
    item = moderation.store.views.item(item_id)
    assert item.decision
    assert (item.decision.by, item.decision.reason, item.pending) == ("wordpress:eve", "spam", False)
    assert [(e["source"], e["decision"]) for e in examples(moderation)] == [("wordpress", "reject")]


def test_it_does_not_tell_the_blog_what_the_blog_said(
    sender: Sender, blog: Blog, moderation: Moderation
) -> None:
    sender.comment(HELD)
    blog.says("reject")
    blog.says("approve")
    assert moderation.store.outbox.depth() == (0, 0)


def test_it_learns_once_however_often_it_is_told(sender: Sender, blog: Blog, moderation: Moderation) -> None:
    sender.comment(HELD)
    for webhook_id in ("same", "same", "another"):
        assert blog.says("approve", webhook_id=webhook_id).get_json()["outcome"] == "approve"
    assert len(examples(moderation)) == 1


def test_a_replay_changes_nothing(sender: Sender, blog: Blog, moderation: Moderation) -> None:
    item_id = sender.comment(HELD)["id"]
    blog.says("approve", webhook_id="first")
    blog.says("reject", reason="spam")
    assert blog.says("approve", webhook_id="first").status_code == 200
    assert moderation.store.views.item(item_id).outcome == "reject"


def test_it_refuses_another_body_under_the_same_id(sender: Sender, blog: Blog) -> None:
    sender.comment(HELD)
    blog.says("approve", webhook_id="same")
    assert blog.says("reject", webhook_id="same").status_code == 409


def test_it_agrees_with_the_desk_silently(sender: Sender, blog: Blog, moderation: Moderation) -> None:
    item_id = sender.comment(HELD)["id"]
    moderation.decide(ANA, item_id, Wish(Ruling.REJECT, ReasonCode.HATEFUL))
    blog.says("reject", reason="other")
    item = moderation.store.views.item(item_id)
    assert item.decision
    assert (item.decision.by, item.decision.reason) == ("ana", ReasonCode.HATEFUL)
    assert len(examples(moderation)) == 1
    assert moderation.store.outbox.depth() == (1, 0)


def test_the_blog_has_the_last_word_over_the_desk(sender: Sender, blog: Blog, moderation: Moderation) -> None:
    item_id = sender.comment(HELD)["id"]
    moderation.decide(ANA, item_id, Wish(Ruling.REJECT, ReasonCode.HATEFUL))
    blog.says("approve")
    item = moderation.store.views.item(item_id)
    assert item.decision
    assert (item.decision.ruling, item.decision.by) == ("approve", "wordpress:eve")
    # What the desk had said, and the blog was not yet told, is said no more.
    assert moderation.store.outbox.depth() == (0, 0)
    assert [e.get("retracted", False) for e in examples(moderation)] == [False, True, False]


def test_it_decides_what_somebody_reads_on_the_desk(
    sender: Sender, blog: Blog, moderation: Moderation
) -> None:
    item_id = sender.comment(HELD)["id"]
    lease = moderation.claim(ANA, item_id)
    assert blog.says("approve").status_code == 200
    with pytest.raises(Conflict) as refused:
        moderation.decide(ANA, item_id, Wish(Ruling.REJECT, ReasonCode.SPAM, lease_token=lease.token))
    assert refused.value.by == "wordpress:eve"


def test_it_waits_again_where_the_blog_holds_it_again(
    sender: Sender, blog: Blog, moderation: Moderation
) -> None:
    item_id = sender.comment(HELD)["id"]
    blog.says("approve")
    assert blog.says("hold").get_json()["outcome"] == "hold"
    assert moderation.store.views.item(item_id).pending
    assert blog.says("hold").status_code == 200


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({"type": "comment.decided", "data": {}}, "type"),
        ({"type": "comment.moderated"}, "data"),
        ({"type": "comment.moderated", "data": {"outcome": "hold", "decided_by": "e"}}, "data.comment_ID"),
        ({"type": "comment.moderated", "data": {"comment_ID": "1", "outcome": "spam", "decided_by": "e"}},
         "data.outcome"),
        ({"type": "comment.moderated", "data": {"comment_ID": "1", "outcome": "hold", "decided_by": "a\nb"}},
         "data.decided_by"),
        ({"type": "comment.moderated",
          "data": {"comment_ID": "1", "outcome": "reject", "decided_by": "e", "reason": "x"}}, "data.reason"),
    ],
)  # fmt: skip
def test_it_names_what_is_wrong(blog: Blog, message: dict[str, Any], field: str) -> None:
    response = blog.post("decisions", message)
    assert (response.status_code, response.get_json()["field"]) == (422, field)


def test_it_does_not_know_a_comment_that_was_never_sent(sender: Sender, blog: Blog) -> None:
    sender.comment(HELD)
    assert blog.says("approve", comment_ID="2").status_code == 404
    assert blog.says("approve", site=OTHER).status_code == 404


@pytest.mark.parametrize("path", ["decisions", "ping"])
def test_it_refuses_what_the_site_did_not_sign(
    sender: Sender, blog: Blog, moderation: Moderation, path: str
) -> None:
    item_id = sender.comment(HELD)["id"]
    data = {"comment_ID": "1", "outcome": "approve", "decided_by": "eve"}
    forged = blog.post(path, {"type": "comment.moderated", "data": data}, secrets=OTHER.secrets)
    assert forged.status_code == 401
    assert moderation.store.views.item(item_id).pending


def test_it_tells_a_blog_how_it_is_known_and_sends_a_test(blog: Blog, moderation: Moderation) -> None:
    answer = blog.post("ping", {}).get_json()
    test = answer.pop("test")
    assert answer == {
        "site": "blog", "callback_url": "https://blog.example/modqueue", "callback_disabled": "",
    }  # fmt: skip
    (sent,) = moderation.store.outbox.lease_due(moderation.clock(), 30, 10)
    assert (sent.id, json.loads(sent.body)["type"]) == (test, "test")


def test_it_sends_no_test_where_there_is_no_callback(blog: Blog, moderation: Moderation) -> None:
    answer = blog.post("ping", {}, site=OTHER).get_json()
    assert (answer["callback_url"], answer["test"]) == ("", "")
    assert moderation.store.outbox.depth() == (0, 0)
