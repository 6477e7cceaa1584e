"""What other systems send, and what became of it."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from flask.testing import FlaskClient

from service.cli import main
from service.domain import Item
from service.moderation import Moderation
from service.store.registry import digest
from tests.conftest import ADMIN, BLOG

KEY, SECRET = "0123456789ab", "ssec_0123456789abcdef"
DOCS = (Path(__file__).parents[2] / "docs" / "senders.md").read_text()
SECTIONS = dict(re.findall(r"^##+ (.+?)\n(.*?)(?=^##|\Z)", DOCS, re.MULTILINE | re.DOTALL))
EXAMPLES = {
    n: [json.loads(b) for b in re.findall(r"```json\n(.*?)```", t, re.DOTALL)] for n, t in SECTIONS.items()
}
MAPPING = {"id": "id", "text": "words.plain", "author": "by.name", "user": "by.id"}


def configure(moderation: Moderation, mapping: dict[str, str] = MAPPING, **changes: Any) -> None:
    site = replace(BLOG, api_key_hash=digest(KEY), mapping=mapping, coral_secret=SECRET, **changes)
    moderation.store.registry.save_site(site)


def coral(client: FlaskClient, body: Any, signature: str = "", site: str = "blog") -> Any:
    data = json.dumps(body).encode()
    signature = signature or "sha256=" + hmac.new(SECRET.encode(), data, hashlib.sha256).hexdigest()
    return client.post(f"/senders/coral/{site}", data=data, headers={"X-Coral-Signature": signature})


def latest(moderation: Moderation) -> Item:
    return moderation.page(ADMIN, "all").items[0]


def asked(text: str, **changes: Any) -> dict[str, Any]:
    (body,) = EXAMPLES["Coral"]
    return {**body, "comment": {**body["comment"], "body": f"<div>{text}</div>"}, **changes}


def run(server_url: str, tmp_path: Path, *arguments: str, stdin: str = "") -> Result:
    env = {"MODQUEUE_DATA_DIR": str(tmp_path), "MODQUEUE_REDIS_URL": server_url}
    return CliRunner().invoke(main, ["sender", *arguments], input=stdin, env=env, catch_exceptions=False)
