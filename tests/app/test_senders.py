"""Other senders: the examples of docs/senders.md as they stand there, and what must be refused."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service import senders, signing
from service.cli import main
from service.domain import Item, Policy
from service.errors import Invalid
from service.moderation import Moderation
from service.store import Store
from service.store.registry import digest
from tests.conftest import ADMIN, BLOG, Clock

KEY, SECRET = "0123456789ab", "ssec_0123456789abcdef"
DOCS = (Path(__file__).parents[2] / "docs" / "senders.md").read_text()
SECTIONS = dict(re.findall(r"^##+ (.+?)\n(.*?)(?=^##|\Z)", DOCS, re.MULTILINE | re.DOTALL))
EXAMPLES = {
    n: [json.loads(b) for b in re.findall(r"```json\n(.*?)```", t, re.DOTALL)] for n, t in SECTIONS.items()
}
MAPPED = ["Home-made", "Hugo with Staticman", "Isso", "Ghost"]
MAPPING = {"id": "id", "text": "words.plain", "author": "by.name", "user": "by.id"}
SENT = {"id": 1, "words": {"plain": "a fine day"}, "by": {"name": "Ana", "id": 7}}


def configure(moderation: Moderation, mapping: dict[str, str] = MAPPING, **changes: Any) -> None:
    site = replace(BLOG, api_key_hash=digest(KEY), mapping=mapping, coral_secret=SECRET, **changes)
    moderation.store.registry.save_site(site)


def send(client: FlaskClient, body: Any, key: str = KEY) -> Any:
    headers = {"Authorization": f"Bearer {key}"}
    return client.post(
        "/senders/comments", data=json.dumps(body), headers=headers, content_type="application/json"
    )


def coral(client: FlaskClient, body: Any, signature: str = "", site: str = "blog") -> Any:
    data = json.dumps(body).encode()
    signature = signature or "sha256=" + hmac.new(SECRET.encode(), data, hashlib.sha256).hexdigest()
    return client.post(f"/senders/coral/{site}", data=data, headers={"X-Coral-Signature": signature})


def latest(moderation: Moderation) -> Item:
    return moderation.page(ADMIN, "all").items[0]


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


def asked(text: str, **changes: Any) -> dict[str, Any]:
    (body,) = EXAMPLES["Coral"]
    return {**body, "comment": {**body["comment"], "body": f"<div>{text}</div>"}, **changes}


def test_coral_may_let_pass_what_we_approve(client: FlaskClient, moderation: Moderation) -> None:
    configure(moderation)
    answer = coral(client, EXAMPLES["Coral"][0])
    assert (answer.status_code, answer.get_data()) == (204, b"")
    comment = latest(moderation).comment
    assert (comment.text, comment.user_id, comment.post_id) == ("What a fine day", "a5f3", "s-17")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("[hateful=0.9]", {"status": "SYSTEM_WITHHELD", "actions": ["COMMENT_DETECTED_TOXIC"]}),
        (
            "[hateful=0.9] [dehumanising=0.9]",
            {"status": "SYSTEM_WITHHELD", "actions": ["COMMENT_DETECTED_TOXIC"]},
        ),
        ("[spam=0.6]", {"status": "SYSTEM_WITHHELD", "actions": ["COMMENT_DETECTED_SPAM"]}),
        ("[spam=0.99]", {"status": "REJECTED", "actions": ["COMMENT_DETECTED_SPAM"]}),
        ("[broken]", {"status": "SYSTEM_WITHHELD", "actions": []}),
    ],
)
def test_coral_is_told_what_to_do_and_why(
    client: FlaskClient, moderation: Moderation, text: str, answer: dict[str, Any]
) -> None:
    configure(moderation)
    actions = [{"actionType": "FLAG", "reason": reason} for reason in answer["actions"]]
    for _ in range(2):
        assert coral(client, asked(text)).get_json() == {"status": answer["status"], "actions": actions}
    assert len(moderation.page(ADMIN, "all").items) == 1


def test_coral_may_sign_with_several_secrets(client: FlaskClient, moderation: Moderation) -> None:
    configure(moderation)
    body = asked("hello")
    right = hmac.new(SECRET.encode(), json.dumps(body).encode(), hashlib.sha256).hexdigest()
    assert coral(client, body, f"sha256={'0' * 64},sha256={right}").status_code == 204


@pytest.mark.parametrize("signature", ["sha256=" + "0" * 64, "nonsense", "é", ","])
def test_coral_must_sign(client: FlaskClient, moderation: Moderation, signature: str) -> None:
    configure(moderation)
    assert coral(client, asked("hello"), signature).status_code == 401


def test_a_site_without_secret_takes_nothing_from_coral(client: FlaskClient, moderation: Moderation) -> None:
    body = asked("hello")
    unsigned = "sha256=" + hmac.new(b"", json.dumps(body).encode(), hashlib.sha256).hexdigest()
    for site in ("blog", "nowhere"):
        assert coral(client, body, unsigned, site).status_code == 401


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"comment": {}}, "comment.body"),
        ({"comment": {"body": 5}}, "comment.body"),
        ({"author": None}, "author"),
        ({"story": {"url": 7}}, "story.url"),
        ({"comment": {"body": "x" * 20_001}}, "comment_content"),
    ],
)
def test_it_names_what_is_wrong_in_what_coral_sends(
    client: FlaskClient, moderation: Moderation, changes: dict[str, Any], field: str
) -> None:
    configure(moderation)
    answer = coral(client, asked("hello") | changes)
    assert (answer.status_code, answer.get_json()["field"]) == (422, field)


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


def run(server_url: str, tmp_path: Path, *arguments: str, stdin: str = "") -> Result:
    env = {"MODQUEUE_DATA_DIR": str(tmp_path), "MODQUEUE_REDIS_URL": server_url}
    return CliRunner().invoke(main, ["sender", *arguments], input=stdin, env=env, catch_exceptions=False)


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


def test_the_command_keeps_corals_secret_to_itself(server_url: str, tmp_path: Path, store: Store) -> None:
    store.registry.add_site(BLOG)
    result = run(server_url, tmp_path, "coral", "blog", stdin=f"{SECRET}\n")
    assert (result.exit_code, "/senders/coral/blog" in result.stdout, SECRET in result.output) == (
        0,
        True,
        False,
    )
    assert store.registry.site("blog").coral_secret == SECRET
    assert SECRET not in str(store.registry._db.client.xrange("mq:{meta}:log"))
    assert run(server_url, tmp_path, "coral", "blog", stdin="\n").exit_code == 1
