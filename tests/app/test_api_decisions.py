"""The API: leases and decisions, one and several, and what is wrong with them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service.domain import ReasonCode, Ruling
from service.errors import Unavailable
from service.moderation import Moderation, Wish
from tests.app.programs import HATEFUL, Api
from tests.conftest import ANA, Clock, submit


def test_it_claims_renews_and_releases(api: Api, moderation: Moderation, clock: Clock, held: str) -> None:
    first = api.ok("POST", f"comments/{held}/claim")
    assert first["expires_at"] == "2027-01-15T08:05:00Z"
    clock.move(100)
    renewed = api.ok("POST", f"comments/{held}/claim", {"lease_token": first["lease_token"]})
    assert renewed == {"lease_token": first["lease_token"], "expires_at": "2027-01-15T08:06:40Z"}
    released = api("DELETE", f"comments/{held}/claim", {"lease_token": first["lease_token"]})
    assert (released.status_code, released.data) == (204, b"")
    assert moderation.claim(ANA, held).by == "ana"


def test_it_says_who_holds_a_lease_and_until_when(api: Api, moderation: Moderation, held: str) -> None:
    lease = moderation.claim(ANA, held)
    for path, body in (("claim", None), ("decision", {"decision": "approve"})):
        problem = api.refused(409, "POST", f"comments/{held}/{path}", body)
        assert (problem["by"], problem["at"]) == ("ana", "2027-01-15T08:05:00Z")
        assert lease.token not in str(problem)


def test_it_refuses_a_stale_lease(api: Api, clock: Clock, held: str) -> None:
    token = api.ok("POST", f"comments/{held}/claim")["lease_token"]
    clock.move(301)
    api.refused(409, "POST", f"comments/{held}/claim", {"lease_token": token})
    api.refused(409, "POST", f"comments/{held}/decision", {"decision": "approve", "lease_token": token})


def test_it_does_not_release_a_lease_of_another(api: Api, moderation: Moderation, held: str) -> None:
    moderation.claim(ANA, held)
    assert api("DELETE", f"comments/{held}/claim", {"lease_token": "guess"}).status_code == 204
    assert api.ok("GET", f"comments/{held}")["lease"]["by"] == "ana"


def test_it_does_not_claim_what_does_not_wait(api: Api, moderation: Moderation) -> None:
    fine = submit(moderation, "fine")["id"]
    api.refused(409, "POST", f"comments/{fine}/claim")


@pytest.mark.parametrize("reason", list(ReasonCode))
def test_it_rejects_with_a_reason(api: Api, held: str, reason: str) -> None:
    body = {"decision": "reject", "reason": reason, "note": "Zeile 1\nZeile 2 ☂"}
    shown = api.ok("POST", f"comments/{held}/decision", body)
    assert shown["decision"] == {**body, "by": "bot", "at": "2027-01-15T08:00:00Z"}
    assert (shown["outcome"], shown["pending"]) == ("reject", False)
    assert shown["delivery"]["state"] == "queued"


def test_it_approves_with_lease_and_revision(api: Api, held: str) -> None:
    token = api.ok("POST", f"comments/{held}/claim")["lease_token"]
    body = {"decision": "approve", "reason": None, "lease_token": token, "revision": 1}
    assert api.ok("POST", f"comments/{held}/decision", body)["outcome"] == "approve"
    assert [c["id"] for c in api.ok("GET", "comments?lane=decided")["comments"]] == [held]


def test_it_says_who_decided_and_when(api: Api, moderation: Moderation, clock: Clock, held: str) -> None:
    moderation.decide(ANA, held, Wish(Ruling.REJECT, ReasonCode.SPAM))
    clock.move(60)
    problem = api.refused(409, "POST", f"comments/{held}/decision", {"decision": "approve"})
    assert (problem["by"], problem["at"]) == ("ana", "2027-01-15T08:00:00Z")


def test_it_refuses_a_decision_on_an_older_revision(api: Api, moderation: Moderation, held: str) -> None:
    submit(moderation, HATEFUL + " edited")
    problem = api.refused(409, "POST", f"comments/{held}/decision", {"decision": "approve", "revision": 1})
    assert "edited" in problem["error"]
    assert "by" not in problem


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "decision"),
        ({"decision": "hold"}, "decision"),
        ({"decision": ["approve"]}, "decision"),
        ({"decision": "reject"}, "reason"),
        ({"decision": "reject", "reason": None}, "reason"),
        ({"decision": "reject", "reason": ""}, "reason"),
        ({"decision": "reject", "reason": "ugly"}, "reason"),
        ({"decision": "approve", "note": "a\0b"}, "note"),
        ({"decision": "approve", "note": "\x1b[2J"}, "note"),
        ({"decision": "approve", "note": "x" * 2001}, "note"),
        ({"decision": "approve", "note": 7}, "note"),
        ({"decision": "approve", "lease_token": ""}, "lease_token"),
        ({"decision": "approve", "lease_token": "x" * 129}, "lease_token"),
        ({"decision": "approve", "revision": "1"}, "revision"),
        ({"decision": "approve", "revision": 0}, "revision"),
        ({"decision": "approve", "revision": 10**30}, "revision"),
        ({"decision": "approve", "notes": "x"}, "notes"),
        ([], "body"),
        ("approve", "body"),
        (None, "body"),
    ],
)
def test_it_names_the_field_that_is_wrong(api: Api, held: str, body: Any, field: str) -> None:
    raw = {"data": json.dumps(body), "content_type": "application/json"}
    assert api.refused(422, "POST", f"comments/{held}/decision", **raw)["field"] == field
    assert api.ok("GET", f"comments/{held}")["pending"]


def test_it_names_every_field_that_is_wrong(api: Api, held: str) -> None:
    problem = api.refused(422, "POST", f"comments/{held}/decision", {"decision": "no", "a": 1, "b": 2})
    assert all(f"{name}: " in problem["error"] for name in ("decision", "a", "b"))


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff\xfe", b'{"decision": NaN}', b'{"decision":"approve","note":"\\ud800"}', b"[" * 5000,
     b'{"decision":"approve","note":"a\x00b"}', b'{"decision": "approve"} x'],
)  # fmt: skip
def test_it_refuses_what_is_not_json(api: Api, held: str, data: bytes) -> None:
    assert api(
        "POST", f"comments/{held}/decision", data=data, content_type="application/json"
    ).status_code in (
        400,
        422,
    )
    assert api.ok("GET", f"comments/{held}")["pending"]


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_it_takes_only_json(api: Api, held: str, content_type: str | None) -> None:
    raw = {"data": b'{"decision": "approve"}', "content_type": content_type}
    api.refused(415, "POST", f"comments/{held}/decision", **raw)


def test_it_refuses_a_body_that_is_too_large(api: Api, held: str) -> None:
    raw = {"data": b'{"note": "' + b"x" * 70_000, "content_type": "application/json"}
    api.refused(413, "POST", f"comments/{held}/decision", **raw)


def test_it_undoes_a_decision(api: Api, held: str) -> None:
    api.refused(409, "POST", f"comments/{held}/undo")
    api.ok("POST", f"comments/{held}/decision", {"decision": "approve"})
    shown = api.ok("POST", f"comments/{held}/undo")
    assert (shown["decision"], shown["outcome"], shown["pending"]) == (None, "hold", True)


def test_it_decides_several_each_for_itself(api: Api, moderation: Moderation, held: str) -> None:
    second = submit(moderation, HATEFUL, "2")["id"]
    moderation.decide(ANA, second, Wish(Ruling.APPROVE))
    body = {"ids": [held, second, "nonsense", held], "decision": "reject", "reason": "spam", "note": "n"}
    assert api.ok("POST", "decisions", body)["results"] == [
        {"id": held, "status": 200, "outcome": "reject"},
        {"id": second, "status": 409, "error": "this comment is decided already", "by": "ana",
         "at": "2027-01-15T08:00:00Z"},
        {"id": "nonsense", "status": 404, "error": "no such comment"},
    ]  # fmt: skip
    assert api.ok("GET", f"comments/{held}")["decision"]["note"] == "n"


@pytest.mark.parametrize(
    ("change", "field"),
    [({"ids": []}, "ids"), ({"ids": ["a"] * 501}, "ids"), ({"ids": "a"}, "ids"), ({"ids": [1]}, "ids.0"),
     ({"decision": "reject"}, "reason"), ({"lease_token": "x"}, "lease_token")],
)  # fmt: skip
def test_it_names_what_is_wrong_with_a_bulk_decision(api: Api, change: dict[str, Any], field: str) -> None:
    body = {"ids": ["a"], "decision": "approve", **change}
    assert api.refused(422, "POST", "decisions", body)["field"] == field


def test_it_tries_no_further_when_the_store_goes_away(
    api: Api, moderation: Moderation, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def away(item_id: str, *_: object, **__: object) -> None:
        tried.append(item_id)
        raise Unavailable("away")

    ids = [submit(moderation, HATEFUL, str(n))["id"] for n in range(5)]
    monkeypatch.setattr(moderation.store.queue, "decide", away)
    results = api.ok("POST", "decisions", {"ids": ids, "decision": "approve"})["results"]
    assert [r["status"] for r in results] == [503] * 5
    assert tried == ids[:1]
