"""POST /webhooks/comments: what it accepts, repeats, refuses, and that it loses nothing."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service import signing
from service.domain import Secret
from service.errors import Unavailable
from service.moderation import Moderation
from service.store import ALL, PENDING
from tests.conftest import BLOG, OTHER, Clock, Sender

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def waiting(moderation: Moderation) -> list[str]:
    return [i.comment.text for i in moderation.store.views.page(PENDING, ["blog", "other"]).items]


def test_it_answers_with_the_whole_judgement(sender: Sender) -> None:
    answer = sender.comment("[hateful=0.9] grr", "17")
    assert list(answer) == ["id", "verdict", "scores", "reasons", "model", "policy"]
    assert answer["verdict"] == "hold"
    assert answer["reasons"] == ["score:hateful"]
    assert answer["scores"] == {"dehumanising": 0.01, "hateful": 0.9, "spam": 0.01}
    assert (answer["model"], answer["policy"]) == ("stub-1", 1)


@pytest.mark.parametrize(
    ("text", "verdict"), [("fine", "approve"), ("[spam=0.8]", "hold"), ("[spam=0.99]", "reject")]
)
def test_it_stores_every_verdict(sender: Sender, moderation: Moderation, text: str, verdict: str) -> None:
    answer = sender.comment(text)
    item = moderation.store.views.item(answer["id"])
    assert (answer["verdict"], item.judgement.verdict, item.outcome) == (verdict, verdict, verdict)
    assert item.pending == (verdict == "hold")


def test_it_reads_a_form(sender: Sender, moderation: Moderation) -> None:
    fields = {"comment_ID": "5", "comment_content": "Grüße & [spam=0.7]", "comment_author": "Zoë", "x[]": "1"}
    answer = sender.post(urlencode(fields).encode(), headers=FORM).get_json()
    comment = moderation.store.views.item(answer["id"]).comment
    assert (comment.comment_id, comment.text, comment.author) == ("5", "Grüße & [spam=0.7]", "Zoë")


def test_it_reads_nested_fields_of_a_form(sender: Sender, moderation: Moderation) -> None:
    fields = {
        "comment_id": "5",
        "comment_data[comment_content]": "hello",
        "comment_data[comment_author]": "Zoë",
    }
    fields |= {"current_post_data[post_title]": "The bridge", "comment_meta[rating][0]": "1"}
    answer = sender.post(urlencode(fields).encode(), headers=FORM).get_json()
    comment = moderation.store.views.item(answer["id"]).comment
    found = comment.comment_id, comment.text, comment.author, comment.post_title
    assert found == ("5", "hello", "Zoë", "The bridge")


def test_it_reads_nested_fields_of_webhook_plugins(sender: Sender, moderation: Moderation) -> None:
    nested = {
        "comment_id": 9,
        "comment_data": {
            "comment_post_ID": "3",
            "comment_content": "hello",
            "comment_parent": "0",
            "user_id": 7,
        },
        "comment_meta": [],
        "current_post_data": {"post_title": "News"},
    }
    comment = moderation.store.views.item(sender.post(nested).get_json()["id"]).comment
    assert (comment.comment_id, comment.post_id, comment.post_title) == ("9", "3", "News")
    assert (comment.parent_id, comment.user_id) == ("", "7")


def test_it_keeps_addresses_only_as_hash_and_display_form(sender: Sender, moderation: Moderation) -> None:
    fields = {"comment_author_email": "Ana@Example.org ", "comment_author_IP": "203.0.113.9"}
    first = sender.comment("one", "1", **fields)
    second = sender.comment("two", "2", comment_author_email="ana@example.org")
    one, two = (moderation.store.views.item(a["id"]).comment for a in (first, second))
    assert one.author_key == two.author_key
    assert one.author_shown == "a…@example.org"
    everything = "".join(moderation.store.views.log("blog")) + repr(one)
    assert "ana@" not in everything.lower()
    assert "203.0.113.9" not in everything


def test_it_answers_a_repeated_webhook_alike_and_stores_it_once(
    sender: Sender, moderation: Moderation
) -> None:
    fields = {"comment_ID": "1", "comment_content": "[spam=0.8]"}
    first, again = (sender.post(fields, webhook_id="same") for _ in range(2))
    assert first.data == again.data
    assert len(waiting(moderation)) == 1


def test_it_answers_the_same_comment_under_another_webhook_alike(
    sender: Sender, moderation: Moderation
) -> None:
    assert sender.comment("[spam=0.8]") == sender.comment("[spam=0.8]")
    assert len(waiting(moderation)) == 1
    assert moderation.store.views.totals(["blog"]) == {"verdict:hold": 1}


def test_it_refuses_another_body_under_the_same_webhook_id(sender: Sender, moderation: Moderation) -> None:
    sender.post({"comment_ID": "1", "comment_content": "one"}, webhook_id="same")
    refused = sender.post({"comment_ID": "2", "comment_content": "two"}, webhook_id="same")
    assert refused.status_code == 409
    assert "webhook-id" in refused.get_json()["error"]
    assert len(moderation.store.views.page(ALL, ["blog"]).items) == 1


def test_it_stores_an_edit_as_a_new_revision(sender: Sender, moderation: Moderation) -> None:
    first = sender.comment("fine")
    edited = sender.comment("[dehumanising=0.9]")
    item = moderation.store.views.item(edited["id"])
    assert first["id"] == edited["id"]
    assert (item.revision, item.pending) == (2, True)
    assert not moderation.store.views.item(sender.comment("fine again")["id"]).pending


def test_it_tells_sites_apart(sender: Sender, moderation: Moderation) -> None:
    one = sender.comment("[spam=0.8]", "1")
    two = sender.post({"comment_ID": "1", "comment_content": "[spam=0.8]"}, site=OTHER).get_json()
    assert one["id"] != two["id"]
    assert len(moderation.store.views.page(PENDING, ["other"]).items) == 1


@pytest.mark.parametrize("status_of", ["no site", "other site", "no signature", "old", "wrong secret"])
def test_it_refuses_what_is_not_signed_by_the_site(sender: Sender, clock: Clock, status_of: str) -> None:
    fields = {"comment_ID": "1", "comment_content": "x"}
    body = json.dumps(fields).encode()
    stranger = [Secret(signing.new_secret())]
    headers: dict[str, dict[str, str]] = {
        "no site": {"X-Modqueue-Site": ""},
        "other site": {"X-Modqueue-Site": "nobody"},
        "no signature": {"webhook-signature": ""},
        "old": signing.signed_headers(BLOG.secrets, "m", clock() - 400, body),
        "wrong secret": signing.signed_headers(stranger, "m", clock(), body),
    }
    response = sender.post(body, headers=headers[status_of])
    assert response.status_code == 401
    assert "error" in response.get_json()


def test_it_needs_no_session_and_sets_none(sender: Sender) -> None:
    response = sender.post({"comment_ID": "1", "comment_content": "x"})
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"[]", "body"),
        (b"nonsense", "body"),
        (b"", "body"),
        (b'"' + b"x" * 50, "body"),
        (b'{"comment_ID": NaN}', "body"),
        (b'{"comment_ID": "1", "comment_content": "\xff"}', "body"),
        (b"[" * 60_000, "body"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "body"),
        (b'{"comment_ID": "1", "comment_ID": "2", "comment_content": "x"}', "comment_ID"),
        (b'{"comment_ID": "1"}', "comment_content"),
        (b'{"comment_content": "x"}', "comment_ID"),
        (b'{"comment_ID": "", "comment_content": "x"}', "comment_ID"),
        (b'{"comment_ID": true, "comment_content": "x"}', "comment_ID"),
        (b'{"comment_ID": ["1"], "comment_content": "x"}', "comment_ID"),
        (b'{"comment_ID": "1", "comment_content": {"a": 1}}', "comment_content"),
        (b'{"comment_ID": "1", "comment_content": "a\\u0000b"}', "comment_content"),
        (b'{"comment_ID": "1", "comment_content": "a\\ud800b"}', "comment_content"),
        (b'{"comment_ID": "1", "comment_content": "x", "comment_author": 1.5}', "comment_author"),
        (b'{"comment_ID": "1", "comment_data": "x"}', "comment_data"),
        (b'{"comment_ID": "1", "comment_content": "' + b"x" * 20_001 + b'"}', "comment_content"),
        (b'{"comment_ID": "1", "comment_content": "", "user_id": "' + b"x" * 65 + b'"}', "user_id"),
        (b'{"comment_ID": "1", "comment_content": "", "permalink": "' + b"x" * 2_001 + b'"}', "permalink"),
    ],
)  # fmt: skip
def test_it_names_the_field_that_is_wrong(
    sender: Sender, moderation: Moderation, body: bytes, field: str
) -> None:
    response = sender.post(body)
    assert response.status_code == 422
    assert response.get_json()["field"] == field
    assert not moderation.store.views.page(ALL, ["blog"]).items


def test_it_names_every_field_that_is_wrong(sender: Sender) -> None:
    error = sender.post({"comment_author": 1.5, "permalink": []}).get_json()["error"]
    assert all(name in error for name in ("comment_ID", "comment_content", "comment_author", "permalink"))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"comment_ID=1&comment_content=%FF", "comment_content"),
        (b"comment_ID=1&comment_ID=2&comment_content=x", "comment_ID"),
        (b"comment_ID=1&comment_content=a%00b", "comment_content"),
        (b"comment_ID=1&comment_data=x&comment_data%5Bcomment_content%5D=x", "comment_data"),
        (b"comment_ID=1&comment_data%5Bcomment_content%5D=x&comment_data=x", "comment_data"),
        (b"&".join(b"f%d=1" % n for n in range(1_500)), "body"),
    ],
)
def test_it_names_the_field_of_a_form_that_is_wrong(sender: Sender, body: bytes, field: str) -> None:
    response = sender.post(body, headers=FORM)
    assert (response.status_code, response.get_json()["field"]) == (422, field)


def test_it_takes_the_longest_text_and_refuses_the_largest_body(sender: Sender) -> None:
    assert sender.comment("x" * 20_000)["verdict"] == "approve"
    assert sender.post(b"x" * (64 * 1024 + 1)).status_code == 413


@pytest.mark.parametrize("mimetype", ["", "text/plain", "multipart/form-data; boundary=x", "application/xml"])
def test_it_refuses_other_content_types(sender: Sender, mimetype: str) -> None:
    response = sender.post(b"{}", headers={"Content-Type": mimetype})
    assert response.status_code == 415


def test_it_refuses_other_methods(client: FlaskClient) -> None:
    response = client.get("/webhooks/comments")
    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]


def test_it_asks_to_come_again_where_the_store_is_away(
    sender: Sender, moderation: Moderation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_args: Any) -> None:
        raise Unavailable("the store cannot be reached")

    fields = {"comment_ID": "1", "comment_content": "[spam=0.8]"}
    with monkeypatch.context() as patch:
        patch.setattr(moderation.store.queue, "accept", away)
        refused = sender.post(fields, webhook_id="m")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert waiting(moderation) == []
    assert sender.post(fields, webhook_id="m").status_code == 200
    assert len(waiting(moderation)) == 1


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda t: json.dumps({"comment_ID": t}).encode()))
def test_it_never_fails_on_any_bytes(sender: Sender, body: bytes) -> None:
    for headers in ({}, FORM):
        assert sender.post(body, headers=headers).status_code in (200, 409, 422, 429)
