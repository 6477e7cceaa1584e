"""The stand-in blog: it sends its comments signed, shows what became of them, and takes decisions back."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, cast

import requests
from flask import Blueprint, Flask, Response, abort, current_app, redirect, render_template, request, url_for
from requests.adapters import HTTPAdapter
from urllib3 import Retry
from werkzeug.exceptions import HTTPException
from werkzeug.serving import WSGIRequestHandler, make_server

from service import signing
from service.domain import Secret
from service.errors import BadSignature
from service.strict_json import parse_json
from service.web.responses import HEADERS

SITE = "demo"
TEXT_LIMIT = 5_000
LATEST = 30
# What the service cannot take now is sent again, under the same id.
PATIENCE = Retry(5, backoff_factor=0.2, status_forcelist=(429, 503), allowed_methods=None)
STATES = {"approve": "published", "hold": "waiting", "reject": "rejected"}

pages = Blueprint("pages", __name__)


@dataclass
class Shown:
    """A comment of the blog, what the machine said of it, and what a moderator decided."""

    fields: dict[str, str]
    number: int
    changed: int
    outcome: str = "hold"
    verdict: str = ""
    reasons: list[str] = field(default_factory=list)
    ruling: dict[str, Any] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """Return the word that the pages use."""
        return STATES[self.outcome]


class Blog:
    """The comments of the blog, in memory."""

    def __init__(self, desk: str, secret: Secret) -> None:
        self.address = ""
        self.version = 0
        self.confirmed: set[str] = set()
        self._desk = desk
        self._secrets = (secret,)
        self._comments: dict[str, Shown] = {}
        self._lock = threading.Lock()
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.mount("http://", HTTPAdapter(max_retries=PATIENCE))

    def write(self, fields: dict[str, str]) -> str:
        """Take a comment, ask the service about it, and return the verdict."""
        with self._lock:
            number = len(self._comments) + 1
            comment_id = fields.get("comment_ID") or f"own-{number}"
            page = f"{self.address}/posts/{fields['comment_post_ID']}#c{comment_id}"
            shown = Shown({**fields, "comment_ID": comment_id, "permalink": page}, number, self._next())
            self._comments[comment_id] = shown
        try:
            answer = self._ask(shown.fields)
        except requests.RequestException:
            with self._lock:
                del self._comments[comment_id]
            raise
        with self._lock:
            shown.verdict, shown.reasons, shown.changed = answer["verdict"], answer["reasons"], self._next()
            # A moderator may have been faster than this answer.
            shown.outcome = shown.outcome if shown.ruling else shown.verdict
        return shown.verdict

    def told(self, delivery: str, data: dict[str, Any]) -> None:
        """Apply what a moderator decided, once, and never over a later decision."""
        with self._lock:
            shown = self._comments[data["comment_ID"]]
            late = data["decided_at"] < shown.ruling.get("decided_at", "")
            if delivery not in self.confirmed and not late:
                shown.outcome, shown.ruling, shown.changed = data["outcome"], data, self._next()
            self.confirmed.add(delivery)

    def verified(self, body: bytes) -> str:
        """Return the id of a signed message of the service, or raise BadSignature."""
        return signing.verify(request.headers, body, self._secrets, time.time())

    def under(self, post_id: str) -> list[Shown]:
        """Return the comments of a post, latest first."""
        with self._lock:
            found = [s for s in self._comments.values() if s.fields["comment_post_ID"] == post_id]
        return sorted(found, key=lambda s: -s.number)

    def latest(self) -> list[Shown]:
        """Return what changed last on the whole blog."""
        with self._lock:
            return sorted(self._comments.values(), key=lambda s: -s.changed)[:LATEST]

    def counts(self) -> dict[str, int]:
        """Count the comments of each post by state, as `3.waiting`."""
        with self._lock:
            found = Counter(f"{s.fields['comment_post_ID']}.{s.state}" for s in self._comments.values())
        return {key: found[key] for p in posts() for key in (f"{p}.{state}" for state in STATES.values())}

    def _ask(self, fields: dict[str, str]) -> dict[str, Any]:
        body = json.dumps(fields).encode()
        headers = signing.signed_headers(self._secrets, f"msg_{fields['comment_ID']}", time.time(), body)
        headers |= {"X-Modqueue-Site": SITE, "Content-Type": "application/json"}
        answer = self._session.post(f"{self._desk}/webhooks/comments", body, headers=headers, timeout=30)
        answer.raise_for_status()
        return cast(dict[str, Any], answer.json())

    def _next(self) -> int:
        self.version += 1
        return self.version


@cache
def posts() -> dict[str, dict[str, Any]]:
    """Return the blog's posts by id."""
    text = resources.files("service.demo").joinpath("posts.json").read_text(encoding="utf-8")
    return {post["id"]: post for post in json.loads(text)}


@contextmanager
def serving(desk: str, secret: Secret) -> Iterator[Blog]:
    """Run a blog on a free port of this machine, in a thread."""
    blog = Blog(desk, secret)
    server = make_server("127.0.0.1", 0, create_app(blog), threaded=True, request_handler=_Quiet)
    blog.address = f"http://127.0.0.1:{server.port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="blog")
    thread.start()
    try:
        yield blog
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def create_app(blog: Blog) -> Flask:
    """Build the WSGI application of a blog."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    app.extensions["blog"] = blog
    app.register_blueprint(pages)
    app.after_request(_headers)
    app.register_error_handler(HTTPException, _refused)
    app.add_template_filter(_reason_words, "reason_words")
    return app


@pages.get("/")
def index() -> str:
    """Show the posts, and what changed last."""
    blog = _blog()
    return render_template(
        "index.html", posts=posts(), counts=blog.counts(), comments=blog.latest(), version=blog.version
    )


@pages.get("/posts/<post_id>")
def post(post_id: str) -> str:
    """Show a post with its comments."""
    found, blog = posts().get(post_id) or abort(404), _blog()
    return render_template(
        "post.html", post=found, counts=blog.counts(), comments=blog.under(post_id), version=blog.version
    )


@pages.get("/changes.json")
def changes() -> dict[str, Any]:
    """Tell the pages what to show anew, if anything."""
    blog, post_id = _blog(), request.args.get("post", "")
    version = blog.version
    if request.args.get("since") == str(version):
        return {"version": version}
    shown = blog.under(post_id) if post_id else blog.latest()
    html = render_template("_comments.html", comments=shown, everywhere=not post_id)
    return {"version": version, "html": html, "counts": blog.counts()}


@pages.post("/posts/<post_id>/comments")
def comment(post_id: str) -> Response:
    """Send a reader's own comment the way that all the others went."""
    text, author = request.form.get("text", "").strip(), request.form.get("author", "").strip()
    found = posts().get(post_id) or abort(404)
    if not 1 <= len(text) <= TEXT_LIMIT or len(author) > 100:
        abort(422, f"A comment has 1 to {TEXT_LIMIT} characters, a name at most 100.")
    fields = {
        "comment_post_ID": post_id, "post_title": found["title"],
        "comment_content": text, "comment_author": author or "A visitor",
        "comment_author_IP": request.remote_addr or "", "comment_agent": request.user_agent.string[:1000],
    }  # fmt: skip
    try:
        _blog().write(fields)
    except requests.RequestException:
        abort(502, "The moderation service did not take this comment; please try again.")
    return cast(Response, redirect(url_for("pages.post", post_id=post_id) + "#comments", 303))


@pages.post("/modqueue")
def callback() -> tuple[str, int]:
    """Receive a signed decision."""
    body = request.get_data(cache=False)
    try:
        delivery = _blog().verified(body)
    except BadSignature as error:
        return str(error), 401
    message = parse_json(body)
    if message["type"] == "comment.decided":  # and not a test
        _blog().told(delivery, message["data"])
    return "", 204


def _blog() -> Blog:
    return cast(Blog, current_app.extensions["blog"])


def _reason_words(code: str) -> str:
    kind, _, name = code.partition(":")
    return {"score": f"it may be {name}", "rule": f"rule “{name}”"}.get(kind, code)


def _refused(error: HTTPException) -> tuple[str, int]:
    return render_template("error.html", error=error), error.code or 500


def _headers(response: Response) -> Response:
    response.headers.update(HEADERS)
    response.headers["Cache-Control"] = "no-store"
    return response


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  # werkzeug's own name
        """Say nothing of requests: the terminal is for the demo's own words."""
