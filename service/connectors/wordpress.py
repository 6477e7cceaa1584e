"""WordPress's own REST API, with an application password: for blogs without a plugin of ours."""

from __future__ import annotations

import html
import json
import re
import time
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from service.connectors import connector
from service.connectors.connector import Call, Connector, Result
from service.domain import Comment, Delivery, Item, Site, Verdict

STATUSES = {Verdict.APPROVE: "approved", Verdict.HOLD: "hold", Verdict.REJECT: "spam"}
# Comments whose words are those of one of ours are sought among so many, received at about the same time.
FOUND_LIMIT = 50
AROUND_S = 86_400.0
ANSWER_LIMIT = 4 * 1024 * 1024

_TAG = re.compile(r"<[^>]*>")
_LINK = re.compile(r"(?:href|src)\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE)
_PLAIN = re.compile(r"\w[\w ]{0,79}")


class Refused(Exception):
    """WordPress answered something that says what to do."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.error)
        self.result = result


class WordPressEditor(Connector):
    """Sets a comment's status, after looking whether it is so already."""

    def set_status(
        self, site: Site, delivery: Delivery, item: Item, comment_id: str, outcome: Verdict
    ) -> Result:
        """Attempt a delivery once; without an id, the comment is found by its words."""
        return self.guarded(lambda: self._attempt(site, delivery, item, comment_id, STATUSES[outcome]))

    def _attempt(self, site: Site, delivery: Delivery, item: Item, comment_id: str, status: str) -> Result:
        until = time.monotonic() + connector.ATTEMPT_S
        ask = _Asking(self, site, delivery, until)
        try:
            found = ask.one(comment_id) if comment_id else _same(item, ask.some(item))
            if found["status"] != status:
                ask.change(int(found["id"]), status)
        except Refused as refusal:
            return refusal.result
        except (ValueError, KeyError, TypeError):
            return Result("retry", "the answer is not one of WordPress's REST API")
        return Result("confirmed")

    def ask(self, site: Site, delivery: Delivery, call: Call) -> Any:
        """Return what WordPress answers, as data; raises Refused where it declines."""
        status, _, content = self._call(site, delivery, call)
        if status == 404 and b'"rest_comment_invalid_id"' in content:
            raise Refused(Result("refused", "the blog has no such comment any more"))
        if status in (401, 403):
            raise Refused(Result("retry", f"HTTP {status} (the application password is not accepted)"))
        if not 200 <= status < 300:
            raise Refused(Result("retry", f"HTTP {status}"))
        return json.loads(content)


class _Asking:
    """The few requests of one attempt."""

    def __init__(self, editor: WordPressEditor, site: Site, delivery: Delivery, until: float) -> None:
        self._editor, self._site, self._delivery, self._until = editor, site, delivery, until

    def one(self, comment_id: str) -> Any:
        return self._send("GET", f"/{comment_id}", {"context": "edit"})

    def some(self, item: Item) -> Any:
        after, before = (_date(item.received_at + shift) for shift in (-AROUND_S, AROUND_S))
        query = {"context": "edit", "status": "any", "per_page": str(FOUND_LIMIT)}
        words = max(_PLAIN.findall(item.comment.text), key=len, default="").strip()
        return self._send("GET", "", query | {"after": after, "before": before, "search": words})

    def change(self, comment_id: int, status: str) -> None:
        self._send("POST", f"/{comment_id}", {}, json.dumps({"status": status}).encode())

    def _send(self, method: str, path: str, query: Mapping[str, str], body: bytes = b"") -> Any:
        # This form of address works whatever permalinks the blog has.
        route = urlencode({"rest_route": f"/wp/v2/comments{path}", **query})
        login = f"{self._site.wordpress_user}:{self._site.wordpress_password}".encode()
        headers = {"Authorization": "Basic " + b64encode(login).decode()}
        url = f"{self._site.url.rstrip('/')}/?{route}"
        call = Call(url, headers, body, self._until, method, ANSWER_LIMIT)
        return self._editor.ask(self._site, self._delivery, call)


def words(text: str) -> str:
    """Reduce a text to its words and links, which WordPress leaves as they are when it filters markup."""
    bare = _TAG.sub(lambda tag: " ".join(_LINK.findall(tag.group())), html.unescape(text))
    return " ".join(bare.replace("\\", "").split())


def _same(item: Item, found: list[dict[str, Any]]) -> dict[str, Any]:
    same = [c for c in found if _is_same(item.comment, c)]
    if not same:
        raise Refused(Result("retry", "the blog has no such comment, or not yet"))
    return min(same, key=lambda c: abs(_time(c["date_gmt"]) - item.received_at))


def _is_same(comment: Comment, found: Mapping[str, Any]) -> bool:
    said = (found["content"]["raw"], found["author_name"])
    return tuple(map(words, said)) == (words(comment.text), words(comment.author))


def _date(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _time(date_gmt: str) -> float:
    return datetime.fromisoformat(date_gmt).replace(tzinfo=UTC).timestamp()
