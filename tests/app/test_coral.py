"""Coral, which asks before it publishes."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.moderation import Moderation
from service.store import Store
from tests.app.sending import EXAMPLES, SECRET, asked, configure, coral, latest, run
from tests.conftest import ADMIN, BLOG


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
