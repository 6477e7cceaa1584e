"""Signing in by a provider: a real one of our own, over HTTP, that can also do what a good one never does."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask import Flask
from joserfc import jwt
from joserfc.jwk import RSAKey

from service.config import Settings
from service.moderation import Moderation
from service.web import oidc
from tests.app.test_accounts import logged
from tests.conftest import ANA, BEN, build_app, lent
from tests.pages import HASH, Page, Visitor

CLIENT, CLIENT_SECRET = "modqueue", "shared with the provider"


@cache
def key(_which: str) -> RSAKey:
    """Make a key when it is first asked for: that takes longer than many a test."""
    return RSAKey.generate_key(2048, {"kid": "k1"})


class Provider:
    """Discovery, authorisation, token and keys; checks the client, the redirect and PKCE."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {"sub": "1", "email": "ana@blog.example", "email_verified": True}
        self.changes: dict[str, Any] = {}
        self.key = key("right")
        self.asked: dict[str, str] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.answer(provider.get(self.path))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self.answer(provider.token(_first(body), self.headers.get("Authorization", "")))

            def answer(self, found: dict[str, Any]) -> None:
                self.send_response(400 if "error" in found else 200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(found).encode())

            def log_message(self, *_args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def get(self, path: str) -> dict[str, Any]:
        if path == "/keys":
            return {"keys": [key("right").as_dict(private=False)]}
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorise",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def authorise(self, location: str) -> str:
        """Do what the browser and the provider do together; return where the browser is sent."""
        assert location.startswith(f"{self.url}/authorise?")
        self.asked = _first(urlsplit(location).query)
        assert (self.asked["response_type"], self.asked["client_id"]) == ("code", CLIENT)
        assert self.asked["code_challenge_method"] == "S256"
        assert len(self.asked["nonce"]) >= 16
        back = urlsplit(self.asked["redirect_uri"])
        assert back.path == "/sign-in/provider/callback"
        return f"{back.path}?{urlencode({'code': 'c0de', 'state': self.asked['state']})}"

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any]:
        client = base64.b64encode(f"{CLIENT}:{CLIENT_SECRET}".encode()).decode()
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        right = (
            authorization == f"Basic {client}"
            and (form["grant_type"], form["code"]) == ("authorization_code", "c0de")
            and form["redirect_uri"] == self.asked["redirect_uri"]
            and challenge == self.asked["code_challenge"]
        )
        if not right:
            return {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": self.asked["nonce"]}
        signed = jwt.encode({"alg": "RS256", "kid": "k1"}, claims | self.claims | self.changes, self.key)
        return {"access_token": "x", "token_type": "Bearer", "id_token": signed}


def _first(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.server.shutdown()
    provider.server.server_close()


def settings(issuer: str) -> Any:
    return {"oidc_issuer": issuer, "oidc_client_id": CLIENT, "oidc_client_secret": CLIENT_SECRET}


@pytest.fixture(scope="session")
def built_with_provider() -> Flask:
    return build_app(**settings("http://127.0.0.1:1"))


@pytest.fixture
def app(
    built_with_provider: Flask, moderation: Moderation, provider: Provider, fast: None
) -> Iterator[Flask]:
    registry = moderation.store.registry
    registry.save_person(replace(ANA, password_hash=HASH, email="ana@blog.example"))
    with lent(built_with_provider, moderation) as app:
        # A client of its own, which knows nothing yet of the provider of this test.
        app.extensions["oidc"] = oidc._client(app, Settings(**settings(provider.url)))
        yield app


def go(visitor: Visitor, provider: Provider, path: str = "/sign-in/provider") -> str:
    return provider.authorise(visitor.client.get(path).headers["Location"])


def sign_in(app: Flask, provider: Provider) -> Page:
    visitor = Visitor(app)
    return visitor.get(go(visitor, provider))


def test_it_signs_in_whom_the_provider_names_by_verified_address(
    app: Flask, provider: Provider, moderation: Moderation
) -> None:
    page = sign_in(app, provider)
    assert (page.status, page.path) == (200, "/")
    assert logged(moderation) == [("sign_in_provider", "ana")]


def test_it_is_offered_where_it_is_set_up(app: Flask, built_app: Flask, moderation: Moderation) -> None:
    assert "Sign in by your provider" in Visitor(app).get("/sign-in").text
    with lent(built_app, moderation) as plain:
        assert "provider" not in Visitor(plain).get("/sign-in").text
        assert Visitor(plain).get("/sign-in/provider").status == 404


def test_it_comes_back_to_where_one_was_but_nowhere_else(app: Flask, provider: Provider) -> None:
    for target, led_to in (("/?lane=spam", "/?lane=spam"), ("//evil.example/", "/")):
        visitor = Visitor(app)
        back = go(visitor, provider, f"/sign-in/provider?{urlencode({'next': target})}")
        assert visitor.client.get(back).headers["Location"] == led_to


def test_it_asks_for_our_second_factor_too(app: Flask, provider: Provider, moderation: Moderation) -> None:
    moderation.store.registry.change_person("ana", lambda p: replace(p, totp_secret="JBSWY3DPEHPK3PXP"))
    assert sign_in(app, provider).path == "/sign-in/code"
    assert logged(moderation) == []


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"email": "ANA@Blog.Example", "email_verified": True}, "ana"),
        ({"email": "ana@blog.example", "email_verified": False}, ""),
        ({"email": "ana@blog.example", "email_verified": "true"}, ""),
        ({"email": "ana@blog.example"}, ""),
        ({"email": "stranger@blog.example", "email_verified": True}, ""),
        ({"preferred_username": "ben"}, "ben"),
        ({"preferred_username": "ben", "email": "x@y.example", "email_verified": True}, "ben"),
        ({"preferred_username": "ana"}, ""),
        ({"preferred_username": "nobody"}, ""),
        ({"email": "", "email_verified": True}, ""),
        ({"email": ["ana@blog.example"], "email_verified": True}, ""),
        ({}, ""),
    ],
)
def test_it_lets_in_only_whom_it_knows_for_certain(
    app: Flask, provider: Provider, moderation: Moderation, claims: dict[str, Any], name: str
) -> None:
    provider.claims = {"sub": "1"} | claims
    page = sign_in(app, provider)
    assert logged(moderation) == [("sign_in_provider", name) if name else ("sign_in_failed", "")]
    assert page.path == ("/" if name else "/sign-in")
    assert len(moderation.store.registry.people()) == 3


@pytest.mark.parametrize("claims", [{}, {"email": "x@y.example", "preferred_username": "ben"}])
def test_it_lets_nobody_in_who_is_disabled(
    app: Flask, provider: Provider, moderation: Moderation, claims: dict[str, Any]
) -> None:
    registry = moderation.store.registry
    registry.change_person("ana", lambda p: replace(p, disabled=True))
    registry.save_person(replace(BEN, disabled=True))
    provider.claims |= claims
    assert "not registered here" in sign_in(app, provider).text


@pytest.mark.parametrize(
    "changes",
    [{"nonce": "another"}, {"nonce": None}, {"aud": "another"}, {"iss": "https://another.example"},
     {"exp": 1}, {"azp": "another"}],
)  # fmt: skip
def test_it_refuses_a_token_that_was_not_made_for_this_sign_in(
    app: Flask, provider: Provider, moderation: Moderation, changes: dict[str, Any]
) -> None:
    provider.changes = changes
    page = sign_in(app, provider)
    assert "did not work" in page.text
    assert logged(moderation) == []


def test_it_refuses_a_token_that_somebody_else_signed(app: Flask, provider: Provider) -> None:
    provider.key = key("wrong")
    assert "did not work" in sign_in(app, provider).text


def test_it_refuses_an_answer_to_another_sign_in(app: Flask, provider: Provider) -> None:
    mallory, victim = Visitor(app), Visitor(app)
    back = go(mallory, provider)
    assert "did not work" in victim.get(back).text
    assert "did not work" in victim.get(back.replace("state=", "state=x")).text
    assert victim.get("/").path.startswith("/sign-in")


def test_it_slows_down_an_address_that_asks_too_often(app: Flask) -> None:
    visitor = Visitor(app)
    codes = [visitor.client.get("/sign-in/provider").status_code for _ in range(32)]
    assert codes == [302] * 30 + [429] * 2


def test_it_takes_an_answer_once(app: Flask, provider: Provider) -> None:
    visitor = Visitor(app)
    back = go(visitor, provider)
    assert visitor.get(back).path == "/"
    assert "did not work" in visitor.get(back).text


def test_it_needs_its_own_verifier(app: Flask, provider: Provider) -> None:
    visitor = Visitor(app)
    back = go(visitor, provider)
    provider.asked["code_challenge"] = "of another browser"
    assert "did not work" in visitor.get(back).text


def test_it_says_so_when_the_provider_refuses_or_is_away(app: Flask, provider: Provider) -> None:
    visitor = Visitor(app)
    assert "did not work" in visitor.get("/sign-in/provider/callback?error=access_denied&state=x").text
    provider.server.shutdown()
    provider.server.server_close()
    page = Visitor(app).get("/sign-in/provider")
    assert (page.status, "did not work" in page.text) == (200, True)
