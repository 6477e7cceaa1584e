"""What every answer carries: strict headers and nobody's made-up host; and no form is taken but ours."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from flask import Flask
from werkzeug.test import TestResponse, create_environ

from service import create_app, passwords
from service.config import Settings
from service.moderation import Moderation
from service.web import responses
from service.web.responses import HEADERS
from tests.conftest import ADMIN
from tests.pages import FAST, PASSWORD, Visitor, give_password
from tests.security.world import World, build, everything, person

STRANGE = "evil.example"
NO_HOSTS = ["a..b", ".a", "a" * 64, f"{'a' * 64}.example:8080"]
PUBLIC = "https://desk.example"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(passwords, "_hasher", FAST)
    passwords._of_nobody.cache_clear()
    yield
    passwords._of_nobody.cache_clear()


@pytest.fixture
def world(app: Flask, moderation: Moderation) -> World:
    give_password(moderation.store, ADMIN)
    return build(app, moderation)


def asked(world: World) -> Iterator[tuple[str, TestResponse]]:
    """Ask everything as an admin does, and some things that there are not."""
    ask = person("admin")(world)
    for rule, method in world.rules():
        if rule.endpoint != "accounts.sign_out":
            yield f"{method} {rule.rule}", ask(world, method, world.path(rule))
    for method, path in (("GET", "/nowhere"), ("DELETE", "/"), ("POST", "/log")):
        yield f"{method} {path}", ask(world, method, path)


def test_every_answer_is_strict(world: World) -> None:
    for what, answer in asked(world):
        assert set(HEADERS) <= set(answer.headers.keys()), (what, answer.status)
        csp = dict(
            d.strip().partition(" ")[::2] for d in answer.headers["Content-Security-Policy"].split(";")
        )
        assert {csp.pop("default-src"), csp.pop("frame-ancestors"), csp.pop("base-uri")} == {"'none'"}, what
        # No exceptions: nothing inline, nothing evaluated, nobody else's.
        assert set(csp.values()) == {"'self'"}, what
        assert answer.headers["X-Frame-Options"] == "DENY", what
        assert answer.headers["X-Content-Type-Options"] == "nosniff", what
        assert answer.headers["Cache-Control"] == "no-store", what
        assert "Server" not in answer.headers, what
        assert "Access-Control-Allow-Origin" not in answer.headers, what


@pytest.mark.parametrize("host", NO_HOSTS)
def test_what_cannot_be_a_host_is_refused_as_strictly(app: Flask, host: str) -> None:
    for path in ("/sign-in", f"/{'b' * 12}/1.1/comment-check", "/1.1/test", "/healthz", "/static/desk.js"):
        for method in ("GET", "POST"):
            headers = {"Host": host, "Accept": "text/html"}
            answer = app.test_client().open(path, method=method, headers=headers)
            assert answer.status_code == 400, (path, method)
            assert set(HEADERS) <= set(answer.headers.keys()), (path, method)
            assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("broken", ["render_template", "answer"])
def test_a_fault_in_the_answer_to_a_fault_is_answered_and_told_without_the_path(
    app: Flask, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(STRANGE)

    told, began = Mock(), Mock()
    monkeypatch.setattr(responses, broken, fail)
    monkeypatch.setattr(app, "logger", told)
    monkeypatch.setattr(app, "testing", False)
    # Not by a client of tests, which raises what a server would be told of.
    (body,) = app(create_environ(f"/{STRANGE}", headers={"Accept": "text/html"}), began)
    status, headers, _ = began.call_args.args
    assert (status, json.loads(body)["status"]) == ("500 Internal Server Error", 500)
    assert set(HEADERS.items()) | {("Cache-Control", "no-store")} <= set(headers)
    said = [call.args for call in told.error.call_args_list]
    assert said
    assert all(one == ("unhandled %s", "RuntimeError") for one in said)


def test_styles_and_scripts_are_strict_and_may_be_kept(app: Flask) -> None:
    with app.test_client().get("/static/desk.js") as answer:
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] != "no-store"


def test_no_answer_takes_up_a_host_that_the_asker_made_up(moderation: Moderation, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, secret_key="a" * 64, redis_url="unix:///unused", public_url=PUBLIC)
    give_password(moderation.store, ADMIN)
    world = build(create_app(settings, moderation), moderation)
    world.app.wsgi_app = _strange(world.app.wsgi_app)  # type: ignore[method-assign]  # Flask's own way
    for what, answer in asked(world):
        shown = answer.get_data(as_text=True) + str(answer.headers)
        assert STRANGE not in shown, what
        assert "sign-in/link" not in shown or PUBLIC in shown, what


def _strange(wsgi_app: Any) -> Any:
    names = ("HOST", "X_FORWARDED_HOST", "X_ORIGINAL_URL", "X_REWRITE_URL", "X_HOST")
    said = {f"HTTP_{name}": STRANGE for name in names} | {"HTTP_FORWARDED": f"host={STRANGE}"}

    def saying(environ: dict[str, Any], start_response: Any) -> Any:
        return wsgi_app(environ | said, start_response)

    return saying


@pytest.mark.parametrize(("proxies", "believed"), [(0, False), (1, True)])
def test_it_believes_a_proxy_only_where_there_is_one(
    moderation: Moderation, tmp_path: Path, proxies: int, believed: bool
) -> None:
    settings = Settings(data_dir=tmp_path, secret_key="a" * 64, redis_url="", trusted_proxies=proxies)
    client = create_app(settings, moderation).test_client()
    headers = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "198.51.100.1, 203.0.113.9",
        "Host": "localhost",
    }
    cookie = client.get("/sign-in", headers=headers).headers["Set-Cookie"]
    assert ("; Secure" in cookie) is believed
    assert "; HttpOnly" in cookie
    assert "; SameSite=Lax" in cookie


@pytest.mark.parametrize("proxies", [0, 1])
def test_no_proxy_is_asked_for_the_host(moderation: Moderation, tmp_path: Path, proxies: int) -> None:
    # Proxies pass on the true one as Host, and what a client says of another.
    settings = Settings(data_dir=tmp_path, secret_key="a" * 64, redis_url="", trusted_proxies=proxies)
    client = create_app(settings, moderation).test_client()
    headers = {"Host": "desk.example", "X-Forwarded-Host": "localhost"}
    assert "; Secure" in client.get("/sign-in", headers=headers).headers["Set-Cookie"]


def test_a_made_up_address_opens_no_way_around_the_limit_of_tries(
    moderation: Moderation, tmp_path: Path
) -> None:
    # The proxy appends the true address; what stands before it is the asker's own word.
    settings = Settings(data_dir=tmp_path, secret_key="a" * 64, redis_url="", trusted_proxies=1)
    visitor = Visitor(create_app(settings, moderation))
    codes = []
    for n in range(7):
        visitor.client.environ_base["HTTP_X_FORWARDED_FOR"] = f"198.51.100.{n}, 203.0.113.9"
        codes.append(visitor.sign_in("ana", "wrong horse battery").status)
    assert codes == [401] * 5 + [429] * 2


def test_no_form_is_taken_that_is_not_ours(world: World) -> None:
    # With the cookies of an admin, as another page could make a browser send them.
    visitor = Visitor(world.app)
    assert visitor.sign_in("admin", PASSWORD).status == 200
    before = world.of_the_blog()
    for rule, method in world.rules():
        if method == "GET":
            continue
        for kind in ("form", "JSON", "text", "file"):
            answer = _forged(visitor, method, world.path(rule), everything(world), kind)
            assert answer.status_code < 500, (rule.rule, kind)
        assert world.of_the_blog() == before, rule.rule
    assert visitor.get("/account").status == 200


def _forged(visitor: Visitor, method: str, path: str, said: dict[str, str], kind: str) -> TestResponse:
    where: dict[str, Any] = {
        "form": {"data": said},
        "JSON": {"json": said},
        "text": {"data": str(said), "content_type": "text/plain"},
        "file": {
            "data": said | {"file": (io.BytesIO(b"\x89PNG"), "x.png")},
            "content_type": "multipart/form-data",
        },
    }[kind]
    headers = {"Origin": f"https://{STRANGE}", "Referer": f"https://{STRANGE}/"}
    return visitor.client.open(path, method=method, headers=headers, **where)
