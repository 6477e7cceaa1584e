"""Senders with a shape of their own: the mapping of their fields."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service import senders, signing
from service.domain import Policy
from service.errors import Invalid
from service.moderation import Moderation
from service.store import Store
from tests.app.sending import EXAMPLES, KEY, MAPPING, asked, configure, coral, latest, run
from tests.conftest import ADMIN, BLOG, Clock

MAPPED = ["Home-made", "Hugo with Staticman", "Isso", "Ghost"]
SENT = {"id": 1, "words": {"plain": "a fine day"}, "by": {"name": "Ana", "id": 7}}


def send(client: FlaskClient, body: Any, key: str = KEY) -> Any:
    headers = {"Authorization": f"Bearer {key}"}
    return client.post(
        "/senders/comments", data=json.dumps(body), headers=headers, content_type="application/json"
    )


@pytest.mark.parametrize("name", MAPPED)
def test_the_documented_examples_work(client: FlaskClient, moderation: Moderation, name: str) -> None:
    mapping, body = EXAMPLES[name]
    configure(moderation, senders.check(mapping))
    answer = send(client, body)
    assert answer.status_code == 200, answer.get_json()
    assert answer.get_json()["verdict"] == "approve"
    comment = latest(moderation).comment
    assert comment.text.replace(" (https://weather.example)", "") == "What a fine day"
    assert comment.author == "Ana"
    assert comment.author_key
    assert comment.post_id
    assert comment.comment_id == str(body[mapping["id"]])


def test_it_takes_what_the_site_signs(client: FlaskClient, moderation: Moderation, clock: Clock) -> None:
    configure(moderation)
    body = json.dumps(SENT).encode()
    headers = signing.signed_headers(BLOG.secrets, "m1", clock(), body) | {"X-Modqueue-Site": "blog"}
    assert client.post("/senders/comments", data=body, headers=headers).status_code == 200
    assert client.post("/senders/comments", data=body + b" ", headers=headers).status_code == 401


def test_the_same_again_gets_the_same_answer(
    client: FlaskClient, moderation: Moderation, clock: Clock
) -> None:
    configure(moderation)
    first = send(client, SENT).get_json()
    clock.move(60)
    assert send(client, SENT).get_json() == first
    assert latest(moderation).revision == 1
    send(client, SENT | {"words": {"plain": "edited"}})
    assert (latest(moderation).revision, latest(moderation).comment.text) == (2, "edited")


def test_it_knows_an_author_by_the_name_of_their_account(client: FlaskClient, moderation: Moderation) -> None:
    configure(moderation, policy=Policy(hold_new_authors=True))
    assert send(client, SENT).get_json()["verdict"] == "hold"
    one = latest(moderation).comment.author_key
    send(client, SENT | {"id": 2, "by": {"id": 7}})
    send(client, SENT | {"id": 3, "by": {"id": 8}})
    keys = {i.comment.comment_id: i.comment.author_key for i in moderation.page(ADMIN, "all").items}
    assert keys["2"] == one
    assert keys["3"] != one


@pytest.mark.parametrize("key", ["", "ffffffffffff", "\x7f"])
def test_it_takes_nothing_without_a_key(client: FlaskClient, moderation: Moderation, key: str) -> None:
    configure(moderation)
    assert send(client, SENT, key).status_code == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], "body"),
        ({}, "id"),
        ({**SENT, "id": None}, "id"),
        ({**SENT, "words": "plain"}, "words.plain"),
        ({**SENT, "words": {"plain": {}}}, "words.plain"),
        ({**SENT, "words": {"plain": True}}, "words.plain"),
        ({**SENT, "words": {"plain": "x" * 20_001}}, "words.plain"),
        ({**SENT, "by": {"name": "x" * 256}}, "by.name"),
        ({**SENT, "by": {"name": "\0"}}, "by.name"),
    ],
)
def test_it_names_the_field_as_the_sender_does(
    client: FlaskClient, moderation: Moderation, body: Any, field: str
) -> None:
    configure(moderation)
    answer = send(client, body)
    assert (answer.status_code, answer.get_json()["field"]) == (422, field)
    assert moderation.page(ADMIN, "all").items == ()


def test_it_says_so_where_there_is_no_mapping(client: FlaskClient, moderation: Moderation) -> None:
    configure(moderation, {})
    assert "modqueue sender mapping" in send(client, SENT).get_json()["error"]


@pytest.mark.parametrize(
    ("mapping", "wrong"),
    [
        ([], "mapping"),
        ({"text": "t"}, "mapping.id"),
        ({"id": "i"}, "mapping.text"),
        ({"id": "i", "text": "t", "html": "h"}, "mapping.text"),
        ({"id": "i", "text": "t", "colour": "c"}, "mapping.colour"),
        ({"id": "i", "text": 5}, "mapping.text"),
        ({"id": "i", "text": "a..b"}, "mapping.text"),
        ({"id": "", "text": "t"}, "mapping.id"),
    ],
)
def test_it_refuses_a_mapping_that_cannot_be_meant(mapping: Any, wrong: str) -> None:
    with pytest.raises(Invalid) as refused:
        senders.check(mapping)
    assert refused.value.field == wrong


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two</p>", "one\ntwo"),
        ("one<br>two", "one\ntwo"),
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ('<a href="https://x.example">y</a>', "y (https://x.example)"),
        ("<b>bold</b>ly", "boldly"),
        ("<script>alert(1)</script>", "alert(1)"),
        ("plain < text", "plain < text"),
        ("", ""),
    ],
)
def test_it_reads_html_as_words(html: str, text: str) -> None:
    assert senders.plain(html) == text


@given(st.text(max_size=300))
def test_it_reads_any_html(html: str) -> None:
    assert "\n\n" not in senders.plain(html)


def test_it_reads_lists_by_number() -> None:
    picked = senders.pick({"id": "a.1.b", "text": "t"}, {"a": [0, {"b": 2}], "t": 1.5})
    assert picked == {"comment_ID": "2", "comment_content": "1.5"}
    with pytest.raises(Invalid, match=r"a\.2\.b: is missing"):
        senders.pick({"id": "a.2.b", "text": "t"}, {"a": [0], "t": "x"})


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.fixed_dictionaries(
        {}, optional={"id": ANY, "words": ANY | st.fixed_dictionaries({"plain": ANY}), "by": ANY}
    )
)
def test_it_answers_any_body(client: FlaskClient, moderation: Moderation, clock: Clock, body: Any) -> None:
    configure(moderation)
    clock.move(10)
    assert send(client, body).status_code in (200, 422)
    assert coral(client, asked("x") | {"comment": body, "story": body}).status_code in (204, 200, 422)


def test_the_command_sets_and_shows_a_mapping(server_url: str, tmp_path: Path, store: Store) -> None:
    store.registry.add_site(BLOG)
    assert (
        run(server_url, tmp_path, "mapping", "blog", "--set", "-", stdin=json.dumps(MAPPING)).exit_code == 0
    )
    assert json.loads(run(server_url, tmp_path, "mapping", "blog").stdout) == MAPPING
    assert store.registry.site("blog").mapping == MAPPING
    for wrong in ("{", '{"id": "x"}'):
        assert run(server_url, tmp_path, "mapping", "blog", "--set", "-", stdin=wrong).exit_code == 1
    assert store.registry.site("blog").mapping == MAPPING
