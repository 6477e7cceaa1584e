"""Akismet's protocol: keys, answers to comments, and what is wrong with them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest

from service.domain import Ruling, Site
from service.errors import Unavailable
from service.moderation import Moderation, Wish
from service.store import PENDING
from tests.app.akismet import (
    BLATANT,
    CALLBACK,
    HELD,
    KEY,
    OLD_WORDPRESS,
    SPAM,
    THANKS,
    Blog,
    examples,
    items,
    save,
)
from tests.conftest import ANA


@pytest.mark.parametrize(
    ("path", "host", "data"),
    [
        ("/1.1/verify-key", "localhost", {"key": KEY, "blog": "x"}),
        ("/1.1/verify-key", "localhost", {"api_key": KEY, "blog": "x"}),
        (f"/1.1/verify-key?api_key={KEY}", "localhost", {"blog": "x"}),
        ("/1.1/verify-key", f"{KEY}.rest.akismet.com", {"blog": "x"}),
        (f"/{KEY}/1.1/verify-key", "localhost", {"blog": "x"}),
    ],
)
def test_it_finds_the_key_wherever_clients_put_it(
    blog: Blog, path: str, host: str, data: dict[str, str]
) -> None:
    response = blog.client.post(path, data=data, headers={"Host": host})
    assert (response.status_code, response.data, response.mimetype) == (200, b"valid", "text/plain")


def test_it_verifies_the_new_key_and_not_the_one_in_use(blog: Blog) -> None:
    assert blog.post("verify-key", key="ffffffffffff").data == b"invalid"
    assert blog.post("verify-key", key="nonsense").data == b"invalid"


@pytest.mark.parametrize("path", ["comment-check", "submit-spam", "submit-ham", "get-stats", "deactivate"])
def test_it_refuses_keys_that_it_does_not_know(blog: Blog, moderation: Moderation, path: str) -> None:
    response = blog.post(path, api_key="ffffffffffff", comment_content=HELD)
    assert (response.status_code, response.data) == (200, b"invalid")
    assert "API key" in response.headers["X-akismet-debug-help"]
    assert items(moderation) == []


def test_it_answers_what_the_plugin_asks_beside_comments(blog: Blog) -> None:
    assert blog.client.get("/1.1/test").data == b"connected"
    assert blog.post("deactivate").data == b"deactivated"
    assert blog.post("get-subscription").get_json(force=True)["status"] == "active"
    assert blog.post("token").data == b""


def test_it_answers_true_or_false(blog: Blog, moderation: Moderation) -> None:
    fine, spam = blog.check("A fine day"), blog.check(SPAM)
    assert (fine.data, spam.data) == (b"false", b"true")
    assert len({fine.headers["X-akismet-guid"], spam.headers["X-akismet-guid"]}) == 2
    assert {i.outcome for i in items(moderation)} == {"approve", "reject"}
    for header in ("X-akismet-debug-help", "X-akismet-alert-code", "X-akismet-error", "Set-Cookie"):
        assert header not in fine.headers


def test_it_reads_the_comment_as_it_was_written(blog: Blog, moderation: Moderation) -> None:
    known = {"comment_author": "Zoë", "comment_author_email": "z@example.org", "content_type": "reply"}
    other = {"HTTP_COOKIE": "secret", "POST_password": "secret", "blog_lang": "en"}
    more = known | other | {"permalink": "https://blog.example/1"}
    blog.check("Grüße & <b>mehr</b>", **more)
    (item,) = items(moderation)
    comment = item.comment
    assert (comment.text, comment.author, comment.kind) == ("Grüße & <b>mehr</b>", "Zoë", "reply")
    assert (comment.author_shown, comment.permalink) == ("z…@example.org", "https://blog.example/1")
    assert "secret" not in repr(item)


def test_it_takes_away_the_slashes_that_wordpress_adds(blog: Blog, moderation: Moderation) -> None:
    guid = blog.check("It\\'s C:\\\\", POST_comment="It\\'s C:\\\\").headers["X-akismet-guid"]
    assert items(moderation)[0].comment.text == "It's C:\\"
    again = blog.check("It's C:\\", comment_ID="5", POST_comment="It's C:\\")
    assert again.headers["X-akismet-guid"] == guid


def test_it_reads_a_form_of_another_content_type(blog: Blog) -> None:
    body = (
        f"api_key={KEY}&blog=x&user_ip=203.0.113.9&comment_content=%5Bspam%3D0.96%5D&is_test=false&referrer="
    )
    response = blog.client.post("/1.1/comment-check", data=body, content_type="charset=utf-8")
    assert response.data == b"true"


def in_parts(fields: dict[str, str]) -> str:
    """Write a form in parts, in as few words as can be."""
    named = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    return "".join(named.format(*field) for field in fields.items()) + "--x--\r\n"


@pytest.mark.parametrize(
    ("kind", "written"),
    [("multipart/form-data; boundary=x", in_parts), ("application/x-www-form-urlencoded", urlencode)],
)
def test_it_reads_a_form_alike_however_it_is_written(blog: Blog, kind: str, written: Any) -> None:
    sent = {"api_key": KEY, "blog": "x", "user_ip": "203.0.113.9", "comment_content": "[spam=0\0.96] ж"}

    def ask(more: int, long: str = "") -> Any:
        body = written(sent | {f"n{n}": long for n in range(more)})
        return blog.client.post("/1.1/comment-check", data=body, content_type=kind)

    assert ask(4_000).text == "true"
    refused = ask(5_000)
    assert (refused.status_code, refused.text) == (200, "invalid")
    assert refused.headers["X-akismet-debug-help"] == "body: more than 5000 form fields"
    assert ask(1, "x" * 512 * 1024).headers["X-akismet-debug-help"] == "body: longer than 524288 bytes"
    assert ask(1, "x" * 511 * 1024).text == "true"


def test_it_takes_all_that_wordpress_sends_of_a_long_comment(blog: Blog) -> None:
    text = "ж" * 12_000
    assert blog.says(text, POST_comment=text, HTTP_USER_AGENT="x" * 3_000, user_agent="x" * 3_000) == "false"


def test_it_tells_to_discard_only_blatant_spam(blog: Blog, moderation: Moderation, site: Site) -> None:
    assert blog.check(BLATANT).headers["X-akismet-pro-tip"] == "discard"
    assert "X-akismet-pro-tip" not in blog.check(HELD).headers
    stricter = replace(
        site.policy, thresholds={"spam": replace(moderation.scorer.current().recommended["spam"], reject=0.6)}
    )
    save(moderation, site, policy=stricter)
    response = blog.check(HELD + "!")
    assert (response.data, "X-akismet-pro-tip" in response.headers) == (b"true", False)


def test_it_holds_for_a_plugin_that_can_be_called_back(blog: Blog, moderation: Moderation) -> None:
    response = blog.check(HELD, callback=CALLBACK)
    assert (response.data, response.headers["X-akismet-recheck-after"]) == (b"false", "604800")
    (item,) = items(moderation, PENDING)
    trace = moderation.store.akismet.trace(item.id)
    assert (trace.callback, trace.key, trace.guid) == (CALLBACK, KEY, response.headers["X-akismet-guid"])
    assert KEY not in repr(trace)


@pytest.mark.parametrize(
    "url", ["https://evil.example/x", "file:///etc/passwd", "blog.example", "http://a b"]
)
def test_it_takes_no_callback_to_another_host(blog: Blog, moderation: Moderation, url: str) -> None:
    assert blog.says(HELD, callback=url) == "true"
    (item,) = items(moderation, PENDING)
    assert moderation.store.akismet.trace(item.id).callback == ""


def test_it_holds_for_an_older_plugin_until_somebody_decides(blog: Blog, moderation: Moderation) -> None:
    assert blog.check(HELD, OLD_WORDPRESS).data == b"pending"
    (item,) = items(moderation, PENDING)
    again = {"recheck_reason": "retry", "comment_ID": "77", "referrer": ""}
    assert blog.check(HELD, OLD_WORDPRESS, **again).data == b"pending"
    moderation.decide(ANA, item.id, Wish(Ruling.APPROVE))
    assert blog.check(HELD, OLD_WORDPRESS, **again).data == b"false"
    assert len(items(moderation)) == 1
    assert moderation.store.akismet.trace(item.id).comment_id == "77"


@pytest.mark.parametrize(("hold", "answer"), [("spam", b"true"), ("publish", b"false")])
def test_it_holds_as_the_site_likes_for_other_clients(
    blog: Blog, moderation: Moderation, site: Site, hold: str, answer: bytes
) -> None:
    save(moderation, site, akismet_hold=hold)
    for agent in ("Ruby/3 | Akismet/1.0", "Generic Node.js/1.0.0 | Akismet/3.1.7"):
        response = blog.check(HELD + agent, {"User-Agent": agent})
        assert (response.data, "X-akismet-pro-tip" in response.headers) == (answer, False)
    assert len(items(moderation, PENDING)) == 2


def test_it_answers_what_a_moderator_decided_ever_after(blog: Blog, moderation: Moderation) -> None:
    blog.check(SPAM)
    (item,) = items(moderation)
    moderation.decide(ANA, item.id, Wish(Ruling.APPROVE))
    assert blog.says(SPAM) == "false"
    assert blog.says("[spam=0.96]  <em>buy</em>") == "false"


def test_it_does_not_take_another_link_for_the_same_comment(blog: Blog, moderation: Moderation) -> None:
    assert blog.says("Nice post") == "false"
    blog.check('<a href="https://spam.example">Nice post</a>')
    blog.check("Nice post", comment_author_url="https://spam.example")
    assert len(items(moderation)) == 3


def test_it_takes_an_edit_by_guid_for_a_new_revision(blog: Blog, moderation: Moderation) -> None:
    guid = blog.check("A fine day").headers["X-akismet-guid"]
    edited = blog.check(SPAM, guid=guid)
    assert (edited.data, edited.headers["X-akismet-guid"]) == (b"true", guid)
    (item,) = items(moderation)
    assert item.revision == 2
    assert blog.check("A fine day", guid=guid).data == b"false"
    assert items(moderation)[0].revision == 3


def test_it_holds_what_fell_into_a_honeypot(blog: Blog, moderation: Moderation) -> None:
    trap = {"honeypot_field_name": "website2", "website2": "https://x.example"}
    assert blog.says("A fine day", **trap) == "true"
    (item,) = items(moderation, PENDING)
    assert [r.code for r in item.judgement.reasons] == ["rule:honeypot"]
    assert blog.says("Another", honeypot_field_name="website2", website2="") == "false"


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"comment_author": "viagra-test-123"}, "true"),
        ({"comment_author_email": "akismet-guaranteed-spam@example.com"}, "true"),
        ({"user_role": "administrator"}, "false"),
        ({"is_test": "1"}, "true"),
        ({"is_test": "true", "comment_content": "fine"}, "false"),
    ],
)
def test_it_keeps_nothing_of_a_test(
    blog: Blog, moderation: Moderation, fields: dict[str, str], answer: str
) -> None:
    assert blog.post("comment-check", **{"comment_content": SPAM} | fields).text == answer
    for path in ("submit-spam", "submit-ham"):
        assert blog.post(path, **{"comment_content": SPAM} | fields).data == THANKS
    assert items(moderation) == examples(moderation) == []
    assert moderation.store.akismet.usage("blog") == {}


def test_it_never_holds_a_test(blog: Blog) -> None:
    response = blog.check(HELD, OLD_WORDPRESS, is_test="1", callback=CALLBACK)
    assert (response.data, "X-akismet-guid" in response.headers) == (b"true", False)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"blog": ""}, "blog"),
        ({"user_ip": ""}, "user_ip"),
        ({"comment_content": "x" * 20_001}, "comment_content"),
    ],
)
def test_it_names_the_field_that_is_wrong(
    blog: Blog, moderation: Moderation, fields: Any, named: str
) -> None:
    response = blog.post("comment-check", **{"comment_content": "fine"} | fields)
    assert (response.status_code, response.data) == (200, b"invalid")
    assert named in response.headers["X-akismet-debug-help"]
    assert items(moderation) == []


def test_it_says_when_it_cannot_answer_now(
    blog: Blog, moderation: Moderation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise Unavailable("the store cannot be reached")

    monkeypatch.setattr(moderation.store.queue, "accept", fail)
    response = blog.check("A fine day")
    assert (response.status_code, response.data) == (503, b"unavailable")
    assert int(response.headers["Retry-After"]) > 0
