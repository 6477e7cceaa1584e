"""Perspective's shape: the bodies that its clients send, its errors, and what is stored of them."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.examples import export
from service.moderation import Moderation
from service.store.registry import digest
from tests.conftest import BLOG, Clock, StubScorer

KEY = "0123456789ab"
# As the Python client (`execute(body)`) and the JavaScript one (`comments.analyze({key, resource})`) send it.
BODY = {
    "comment": {"text": "buy [spam=0.8] now"},
    "requestedAttributes": {"SPAM": {}},
    "languages": ["en"],
}


@pytest.fixture(autouse=True)
def keyed(moderation: Moderation) -> None:
    moderation.store.registry.save_site(replace(BLOG, api_key_hash=digest(KEY)))


def call(client: FlaskClient, body: Any, method: str = "analyze", key: str = KEY, **kwargs: Any) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body)
    path = f"/v1alpha1/comments:{method}?alt=json&key={key}"
    return client.post(path, data=data, content_type="application/json", **kwargs)


def attributes(**named: Any) -> dict[str, Any]:
    return {**BODY, "requestedAttributes": named}


def everything(moderation: Moderation) -> dict[str, Any]:
    client = moderation.store.registry._db.client
    return {k: client.dump(k) for k in client.keys("*") if ":bucket:" not in k}


def test_it_says_what_language_it_detected(client: FlaskClient) -> None:
    foreign = BODY | {"comment": {"text": "[language=de] [spam=0.8]"}}
    # Who names a language is believed, and told.
    told = call(client, foreign)
    assert (told.status_code, told.get_json()["detectedLanguages"]) == (200, ["de"])
    assert call(client, BODY).get_json()["detectedLanguages"] == ["en"]
    asked = {name: value for name, value in foreign.items() if name != "languages"}
    refused = call(client, asked)
    assert refused.status_code == 400
    assert refused.get_json()["error"]["message"] == "comment.text: is written in de; only en can be scored"
    script = call(client, asked | {"comment": {"text": "[language=Cyrl]"}})
    assert "written in und-Cyrl" in script.get_json()["error"]["message"]


def test_it_scores_as_asked(client: FlaskClient) -> None:
    answer = call(client, {**BODY, "clientToken": "mine", "doNotStore": True})
    assert answer.status_code == 200
    score = {"value": 0.8, "type": "PROBABILITY"}
    assert answer.get_json() == {
        "attributeScores": {
            "SPAM": {"spanScores": [{"begin": 0, "end": 18, "score": score}], "summaryScore": score}
        },
        "detectedLanguages": ["en"],
        "languages": ["en"],
        "clientToken": "mine",
    }


@pytest.mark.parametrize(
    ("name", "label"),
    [("SPAM", "spam"), ("IDENTITY_ATTACK", "hateful"), ("DEHUMANIZING", "dehumanising"),
     ("DEHUMANISING", "dehumanising")],
)  # fmt: skip
def test_it_has_these_attributes(client: FlaskClient, name: str, label: str) -> None:
    body = attributes(**{name: {"scoreType": "PROBABILITY"}}) | {"comment": {"text": f"[{label}=0.7]"}}
    found = call(client, body).get_json()["attributeScores"]
    assert {n: s["summaryScore"]["value"] for n, s in found.items()} == {name: 0.7}


@pytest.mark.parametrize("name", ["TOXICITY", "SEVERE_TOXICITY", "INSULT", "spam", "", "X" * 500])
def test_it_refuses_what_it_cannot_score_honestly(client: FlaskClient, name: str) -> None:
    answer = call(client, attributes(SPAM={}, **{name: {}}))
    error = answer.get_json()["error"]
    assert (answer.status_code, error["code"], error["status"]) == (400, 400, "INVALID_ARGUMENT")
    (violation,) = error["details"][0]["fieldViolations"]
    assert violation["field"] == f"requestedAttributes.{name[:64]}"
    assert "IDENTITY_ATTACK" in error["message"]


def test_it_scores_what_the_policy_maps(client: FlaskClient, moderation: Moderation) -> None:
    policy = replace(BLOG.policy, attributes={"TOXICITY": "hateful", "SPAM": "hateful"})
    moderation.store.registry.save_site(replace(BLOG, api_key_hash=digest(KEY), policy=policy))
    body = attributes(TOXICITY={}, SPAM={}) | {"comment": {"text": "[hateful=0.6] [spam=0.2]"}}
    found = call(client, body).get_json()["attributeScores"]
    assert {n: s["summaryScore"]["value"] for n, s in found.items()} == {"TOXICITY": 0.6, "SPAM": 0.2}


def test_it_shows_the_spans_that_raised_a_score(client: FlaskClient) -> None:
    found = call(client, {**BODY, "spanAnnotations": True}).get_json()["attributeScores"]["SPAM"]
    # The stub's explanation: bias -1, and +3 for the first four characters.
    expected = 1 / (1 + math.exp(-2.0))
    (span,) = found["spanScores"]
    assert (span["begin"], span["end"]) == (0, 4)
    assert span["score"] == {"value": pytest.approx(expected), "type": "PROBABILITY"}


def test_it_leaves_out_scores_below_the_threshold(client: FlaskClient) -> None:
    asked = {"SPAM": {"scoreThreshold": 0.81}, "IDENTITY_ATTACK": {"scoreThreshold": 0}}
    assert list(call(client, attributes(**asked)).get_json()["attributeScores"]) == ["IDENTITY_ATTACK"]
    spans = {**attributes(SPAM={"scoreThreshold": 0.8}), "spanAnnotations": True}
    assert len(call(client, spans).get_json()["attributeScores"]["SPAM"]["spanScores"]) == 1


@pytest.mark.parametrize("do_not_store", [True, False])
def test_it_stores_nothing_of_what_it_scores(
    client: FlaskClient, moderation: Moderation, do_not_store: bool
) -> None:
    before = everything(moderation)
    assert call(client, {**BODY, "doNotStore": do_not_store, "spanAnnotations": True}).status_code == 200
    assert everything(moderation) == before


SUGGESTION = {
    "comment": {"text": "a fine day"},
    "attributeScores": {
        "SPAM": {"summaryScore": {"value": 0.1}},
        "IDENTITY_ATTACK": {"summaryScore": {"value": 1}},
    },
    "languages": ["en"],
    "clientToken": "mine",
}


def test_it_learns_a_suggestion(client: FlaskClient, moderation: Moderation) -> None:
    answer = call(client, SUGGESTION, "suggestscore")
    assert answer.get_json() == {"requestedLanguages": ["en"], "clientToken": "mine"}
    (example,) = export(moderation.store, ["blog"])
    assert (example["text"], example["spam"], example["hateful"]) == ("a fine day", 0, 1)
    assert "dehumanising" not in example
    assert (example["source"], example["by"], example["site"]) == ("perspective", "perspective:blog", "blog")
    assert "suggestion" in moderation.store.views.log("blog")[0]
    assert "fine day" not in str(moderation.store.views.log("blog"))


def test_the_latest_suggestion_on_a_text_is_in_force(client: FlaskClient, moderation: Moderation) -> None:
    call(client, SUGGESTION, "suggestscore")
    call(client, SUGGESTION | {"attributeScores": {"SPAM": {"summaryScore": {"value": 0.9}}}}, "suggestscore")
    (example,) = export(moderation.store, ["blog"])
    assert (example["spam"], "hateful" in example) == (1, False)


def test_it_learns_nothing_that_must_not_be_stored(client: FlaskClient, moderation: Moderation) -> None:
    before = everything(moderation)
    assert call(client, {**SUGGESTION, "doNotStore": True}, "suggestscore").status_code == 200
    assert everything(moderation) == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{", "body"),
        (b"[]", "body"),
        (b'{"comment": {"text": "x"}, "comment": {}}', "comment"),
        ({**BODY, "comment": {}}, "comment.text"),
        ({**BODY, "comment": {"text": ""}}, "comment.text"),
        ({**BODY, "comment": {"text": 5}}, "comment.text"),
        ({**BODY, "comment": {"text": "x" * 20_001}}, "comment.text"),
        ({**BODY, "comment": {"text": "a\0b"}}, "comment.text"),
        ({**BODY, "comment": {"text": "\ud800"}}, "comment.text"),
        ({"comment": {"text": "x"}}, "requestedAttributes"),
        (attributes(), "requestedAttributes"),
        (attributes(SPAM={"scoreType": "GUESS"}), "requestedAttributes.SPAM.scoreType"),
        (attributes(SPAM={"scoreThreshold": 2}), "requestedAttributes.SPAM.scoreThreshold"),
        (attributes(SPAM=[]), "requestedAttributes.SPAM"),
        ({**BODY, "languages": ["fr"]}, "languages"),
        ({**BODY, "doNotStore": "yes"}, "doNotStore"),
    ],
)
def test_it_names_the_field_that_is_wrong(client: FlaskClient, body: Any, field: str) -> None:
    answer = call(client, body)
    assert answer.status_code == 400
    error = answer.get_json()["error"]
    assert error["details"][0]["fieldViolations"][0]["field"] == field
    assert "x" * 50 not in answer.get_data(as_text=True)


def test_it_asks_for_a_key(client: FlaskClient) -> None:
    unknown, none = call(client, BODY, key="ffffffffffff"), call(client, BODY, key="")
    assert (unknown.status_code, none.status_code) == (400, 403)
    assert "API key not valid" in unknown.get_json()["error"]["message"]
    assert none.get_json()["error"]["status"] == "PERMISSION_DENIED"
    assert call(client, BODY, key="", headers={"X-Goog-Api-Key": KEY}).status_code == 200


def test_it_limits_each_key(client: FlaskClient, moderation: Moderation, clock: Clock) -> None:
    site = replace(BLOG, api_key_hash=digest(KEY), rate=1.0, burst=3.0)
    moderation.store.registry.save_site(site)
    answers = [call(client, BODY) for _ in range(4)]
    assert [a.status_code for a in answers] == [200] * 3 + [429]
    assert answers[3].get_json()["error"]["status"] == "RESOURCE_EXHAUSTED"
    assert answers[3].headers["Retry-After"] == "1"
    clock.move(1)
    assert call(client, BODY).status_code == 200


def test_it_says_so_when_the_scorer_fails(client: FlaskClient, moderation: Moderation) -> None:
    assert isinstance(moderation.scorer, StubScorer)
    moderation.scorer.model.broken = True
    answer = call(client, BODY)
    assert (answer.status_code, answer.get_json()["error"]["status"]) == (503, "UNAVAILABLE")


@pytest.mark.parametrize("path", ["comments:nothing", "comments:analyze"])
def test_it_answers_programs_as_programs(client: FlaskClient, path: str) -> None:
    answer = client.get(f"/v1alpha1/{path}", headers={"Accept": "text/html"})
    assert answer.status_code in (404, 405)
    assert answer.mimetype == "application/json"
    assert answer.get_json()["error"]["code"] == answer.status_code
    assert answer.get_json()["error"]["status"] in ("NOT_FOUND", "INVALID_ARGUMENT")
    assert ("POST" in answer.headers.get("Allow", "")) is (answer.status_code == 405)


def test_it_leaves_others_their_own_way_to_say_that_there_is_nothing(client: FlaskClient) -> None:
    assert client.get("/api/nothing").mimetype == "application/problem+json"
    assert client.get("/v1alpha1x", headers={"Accept": "text/html"}).mimetype == "text/html"


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "comment": JSON | st.fixed_dictionaries({"text": JSON}),
        "requestedAttributes": JSON | st.dictionaries(st.sampled_from(["SPAM", "X"]), JSON, max_size=2),
        "languages": JSON,
        "spanAnnotations": st.booleans() | JSON,
        "clientToken": JSON,
    },
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(BODIES)
def test_it_answers_any_body_in_its_shape(client: FlaskClient, clock: Clock, body: Any) -> None:
    clock.move(10)
    answer = call(client, body)
    assert answer.status_code in (200, 400)
    assert set(answer.get_json()) & {"attributeScores", "error"}
