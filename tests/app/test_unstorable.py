"""NUL and halves of surrogate pairs, wherever JSON can hide them: named, never stored and no 500."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from service.moderation import Moderation
from service.store.registry import digest
from tests.conftest import BLOG, Sender

KEY = "0123456789ab"


@pytest.mark.parametrize(("name", "shown"), [("a\0", "a\0"), ("a\ud800", "a\\ud800")])
def test_it_names_a_field_whose_name_cannot_be_stored(sender: Sender, name: str, shown: str) -> None:
    answer = sender.post({"comment_ID": "1", "comment_content": "fine", name: "x"})
    assert (answer.status_code, answer.get_json()["field"]) == (422, shown)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"requestedAttributes": {"\ud800": {}}}, "\\ud800"),
        ({"languages": ["\ud800"]}, "languages"),
        ({"comment": {"text": "\ud800"}}, "comment.text"),
    ],
)
def test_it_refuses_them_in_perspectives_shape(
    client: FlaskClient, moderation: Moderation, wrong: dict[str, object], named: str
) -> None:
    moderation.store.registry.save_site(replace(BLOG, api_key_hash=digest(KEY)))
    right = {"comment": {"text": "fine"}, "requestedAttributes": {"SPAM": {}}, "languages": ["en"]}
    body = json.dumps(right | wrong)
    answer = client.post(f"/v1alpha1/comments:analyze?key={KEY}", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.get_json()["error"]["details"][0]["fieldViolations"][0]["field"] == named
