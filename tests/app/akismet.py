"""A blog that speaks Akismet's protocol."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.domain import Site
from service.moderation import Moderation
from service.store import ALL

KEY = "0123456789ab"
CALLBACK = "https://blog.example/wp-json/akismet/v1/webhook"
THANKS = b"Thanks for making the web a better place."
OLD_WORDPRESS = {"User-Agent": "WordPress/6.1.9 | Akismet/5.0.2"}
HELD, SPAM, BLATANT = "[spam=0.7] hm", "[spam=0.96] buy", "[spam=0.99] buy"


class Blog:
    """A blog that speaks Akismet's protocol."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def post(self, path: str, headers: dict[str, str] | None = None, **fields: str) -> TestResponse:
        sent = {"api_key": KEY, "blog": "https://blog.example", "user_ip": "203.0.113.9", **fields}
        return self.client.post(f"/1.1/{path}", data=sent, headers=headers or {})

    def check(self, content: str, headers: dict[str, str] | None = None, **fields: str) -> TestResponse:
        return self.post("comment-check", headers, comment_content=content, **fields)

    def says(self, content: str, **fields: str) -> str:
        return self.check(content, **fields).text


def save(moderation: Moderation, site: Site, **changes: Any) -> None:
    moderation.store.registry.save_site(replace(site, **changes))
    moderation._sites.clear()


def items(moderation: Moderation, view: str = ALL) -> list[Any]:
    return list(moderation.store.views.page(view, ["blog"]).items)


def examples(moderation: Moderation) -> list[dict[str, Any]]:
    return [json.loads(e) for e in moderation.store.views.examples("blog")]
