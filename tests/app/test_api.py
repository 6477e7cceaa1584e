"""The API: what it asks for, hides, shows and counts."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from service.errors import Unavailable
from service.moderation import Moderation
from tests.app.programs import HATEFUL, TOKEN, Api
from tests.conftest import Clock, StubScorer, submit


@pytest.mark.parametrize(
    "value", ["", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer \xff\xfe"]
)
def test_it_asks_for_a_token(api: Api, value: str) -> None:
    response = api.client.get("/api/v1/comments", headers={"Authorization": value})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert response.mimetype == "application/problem+json"


OPERATIONS = [
    ("GET", "comments/{id}", None),
    ("POST", "comments/{id}/claim", None),
    ("DELETE", "comments/{id}/claim", {"lease_token": "x"}),
    ("POST", "comments/{id}/decision", {"decision": "approve"}),
    ("POST", "comments/{id}/undo", None),
]


@pytest.mark.parametrize(
    ("method", "path", "body"), [*OPERATIONS, ("GET", "comments", None), ("GET", "stats", None)]
)
def test_it_asks_for_a_token_everywhere(
    client: FlaskClient, held: str, method: str, path: str, body: Any
) -> None:
    response = client.open(f"/api/v1/{path.format(id=held)}", method=method, json=body)
    assert response.status_code == 401


@pytest.mark.parametrize("operation", OPERATIONS)
def test_it_lets_a_token_that_only_reads_change_nothing(
    api: Api, moderation: Moderation, held: str, operation: tuple[str, str, Any]
) -> None:
    moderation.store.registry.add_token("r" * 43, "reader", ("blog",), read_only=True)
    reader, before = Api(api.client, "r" * 43), api.ok("GET", f"comments/{held}")
    method, path, body = operation
    if method == "GET":
        assert reader.ok(method, path.format(id=held), body)["id"] == held
    else:
        reader.refused(403, method, path.format(id=held), body)
    assert api.ok("GET", f"comments/{held}") == before


@pytest.mark.parametrize("operation", OPERATIONS)
def test_it_hides_the_sites_of_others(
    api: Api, others: Api, held: str, operation: tuple[str, str, Any]
) -> None:
    method, path, body = operation
    before = api.ok("GET", f"comments/{held}")
    theirs = others.refused(404, method, path.format(id=held), body)
    nothing = others.refused(404, method, path.format(id="00" + "a" * 24), body)
    assert theirs == nothing
    assert api.ok("GET", f"comments/{held}") == before


def test_it_lists_only_the_sites_of_the_token(api: Api, others: Api, held: str) -> None:
    assert [c["id"] for c in api.ok("GET", "comments")["comments"]] == [held]
    assert others.ok("GET", "comments")["comments"] == []
    others.refused(404, "GET", "comments?site=blog")
    others.refused(404, "GET", "stats?site=blog")
    assert others.ok("GET", "stats")["pending"] == 0


def test_it_hides_the_comments_of_others_in_a_bulk_decision(api: Api, others: Api, held: str) -> None:
    body = {"ids": [held], "decision": "approve"}
    assert others.ok("POST", "decisions", body)["results"] == [
        {"id": held, "status": 404, "error": "no such comment"}
    ]
    assert api.ok("GET", f"comments/{held}")["pending"]


@pytest.mark.parametrize("item_id", ["x", "..", "00", "zz" + "0" * 24, "ff" + "0" * 24, "%00", "a" * 3000])
def test_it_knows_no_such_comment(api: Api, item_id: str) -> None:
    api.refused(404, "GET", f"comments/{item_id}")


def test_it_shows_a_comment(api: Api, moderation: Moderation, clock: Clock) -> None:
    about = {"author": "Eve", "author_url": "http://eve.example", "post_id": "7", "post_title": "Cake"}
    item_id = submit(
        moderation, HATEFUL, "12", **about, permalink="https://blog.example/7",
        parent_id="3", parent_text="Hi", author_shown="1.2.3.x", author_key="k" * 64,
    )["id"]  # fmt: skip
    shown = api.ok("GET", f"comments/{item_id}")
    explanation = shown.pop("explanations")[0]
    assert explanation == {
        "label": "hateful", "score": 0.9, "log_odds": 2.0, "bias": -1.0,
        "spans": [{"start": 0, "end": 4, "contribution": 3.0}], "fields": [], "by_site": [], "quotes": [],
    }  # fmt: skip
    assert shown.pop("severity") > 0
    assert shown == {
        "id": item_id, "site": "blog", "comment_ID": "12", "revision": 1, "text": HATEFUL,
        "author": {"name": "Eve", "url": "http://eve.example"},
        "post": {"id": "7", "title": "Cake", "permalink": "https://blog.example/7"},
        "parent": {"comment_ID": "3", "text": "Hi"},
        "verdict": "hold", "scores": {"dehumanising": 0.01, "hateful": 0.9, "spam": 0.01},
        "reasons": ["score:hateful"],
        "reason_details": [{"code": "score:hateful", "score": 0.9, "threshold": 0.5, "detail": ""}],
        "model": "stub-1", "policy": 1, "lane": "hateful", "received_at": "2027-01-15T08:00:00Z",
        "pending": True, "outcome": "hold", "decision": None, "lease": None, "delivery": None,
    }  # fmt: skip


def test_it_shows_a_lease_without_its_token_while_it_lives(api: Api, clock: Clock, held: str) -> None:
    claim = api.ok("POST", f"comments/{held}/claim")
    response = api("GET", f"comments/{held}")
    assert response.get_json()["lease"] == {"by": "bot", "expires_at": claim["expires_at"]}
    assert claim["lease_token"] not in response.text
    clock.move(301)
    assert api.ok("GET", f"comments/{held}")["lease"] is None


@pytest.mark.parametrize(
    ("lane", "found"),
    [("pending", ["1", "2"]), ("", ["1", "2"]), ("hateful", ["1"]), ("spam", ["2"]),
     ("all", ["3", "2", "1"]), ("decided", []), ("errors", []), ("uncertain", [])],
)  # fmt: skip
def test_it_lists_a_lane(api: Api, moderation: Moderation, clock: Clock, lane: str, found: list[str]) -> None:
    for n, text in enumerate([HATEFUL, "[spam=0.8]", "fine"], 1):
        submit(moderation, text, str(n))
        clock.move(1)
    page = api.ok("GET", f"comments?lane={lane}&site=blog")
    assert sorted(c["comment_ID"] for c in page["comments"]) == sorted(found)
    assert page["next_cursor"] is None


def test_it_pages_through_a_list(api: Api, moderation: Moderation, clock: Clock) -> None:
    for n in range(5):
        submit(moderation, f"fine {n}", str(n))
        clock.move(1)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = api.client.get(
            "/api/v1/comments",
            query_string={"lane": "all", "limit": 2, "cursor": cursor},
            headers={"Authorization": f"Bearer {TOKEN}"},
        ).get_json()
        seen += [c["comment_ID"] for c in page["comments"]]
        cursor = page["next_cursor"]
    assert seen == ["4", "3", "2", "1", "0"]


@pytest.mark.parametrize(
    ("query", "field"),
    [("lane=Uncertain", "lane"), ("limit=0", "limit"), ("limit=101", "limit"), ("limit=x", "limit"),
     ("lane=nowhere", "lane"), ("cursor=x", "cursor"), ("cursor=nan~a", "cursor"), ("page=2", "page"),
     (f"site={'a' * 65}", "site")],
)  # fmt: skip
def test_it_names_the_part_of_a_query_that_is_wrong(api: Api, query: str, field: str) -> None:
    assert api.refused(422, "GET", f"comments?{query}")["field"] == field


@pytest.mark.parametrize("cursor", ["e~" + "0" * 26, "1e999~" + "0" * 26])
def test_it_refuses_a_cursor_that_only_looks_like_one(api: Api, cursor: str) -> None:
    assert api.refused(422, "GET", f"comments?cursor={cursor}")["field"] == "cursor"


def test_it_counts(api: Api, moderation: Moderation, clock: Clock, held: str) -> None:
    submit(moderation, "fine", "2")
    submit(moderation, "[spam=0.99]", "3")
    submit(moderation, "[spam=0.7]", "4", site="other")
    api.ok("POST", f"comments/{held}/decision", {"decision": "reject", "reason": "hateful"})
    api.ok("POST", f"comments/{held}/undo")
    stats = api.ok("GET", "stats")
    assert stats["pending"] == 1
    assert stats["lanes"]["hateful"] == {"count": 1, "oldest_at": "2027-01-15T08:00:00Z"}
    assert stats["lanes"]["spam"] == {"count": 0, "oldest_at": None}
    assert stats["verdicts"] == {"approve": 1, "hold": 1, "reject": 1}
    assert stats["decisions"] == {"approve": 0, "reject": 1}
    assert stats["undone"] == 1


def test_it_answers_503_without_a_store(
    api: Api, moderation: Moderation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise Unavailable("the store cannot be reached")

    monkeypatch.setattr(moderation.store.registry, "token", away)
    response = api("GET", "comments")
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0


def test_it_answers_problems_outside_its_paths(api: Api) -> None:
    api.refused(404, "GET", "nothing")
    response = api("PUT", "comments")
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]


def test_it_shows_a_comment_that_waits_for_the_scorer(api: Api, moderation: Moderation) -> None:
    assert isinstance(moderation.scorer, StubScorer)
    item_id = submit(moderation, "[broken]")["id"]
    shown = api.ok("GET", f"comments/{item_id}")
    assert (shown["scores"], shown["reasons"], shown["lane"]) == ({}, ["scorer_error"], "errors")
    assert shown["explanations"] == []


def test_it_describes_itself_to_everybody(app: Any, client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").get_json()
    assert document["openapi"] == "3.1.0"
    described = {
        (method.upper(), path.replace("{id}", "<item_id>"))
        for path, operations in document["paths"].items()
        for method in operations
        if method != "parameters"
    }
    served = {
        (method, rule.rule.removeprefix("/api/v1"))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.") and rule.endpoint != "api.description"
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert described == served


def test_it_refers_only_to_schemas_that_it_has(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").get_json()

    def refs(node: Any) -> set[str]:
        if isinstance(node, dict):
            own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
            return own.union(*map(refs, node.values()))
        return set().union(*map(refs, node)) if isinstance(node, list) else set()

    found = refs(document)
    assert found
    assert found <= {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
