"""Akismet's protocol: whatever speaks it can be pointed here. See docs/akismet.md."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flask import Blueprint, Response, request

from service.akismet import Akismet, Checked
from service.domain import Ruling, Site, Verdict
from service.web import akismet_form as form
from service.web.responses import moderation

blueprint = Blueprint("akismet", __name__)
form.prepare(blueprint)

# After this, WordPress's plugin asks again; after twice this it publishes a comment by itself.
RECHECK_AFTER_S = 604_800
THANKS = "Thanks for making the web a better place."
WORDPRESS = re.compile(r"WordPress/\S+ \| Akismet/")


@blueprint.post("/1.1/verify-key")
def verify_key() -> Response:
    """Tell whether a key is one of ours."""
    return form.text("valid" if moderation().store.registry.site_of_key(form.key()) else "invalid")


@blueprint.post("/1.1/deactivate")
def deactivate() -> Response:
    """Take leave of a plugin that is switched off."""
    form.site()
    return form.text("deactivated")


@blueprint.get("/1.1/test")
def test() -> Response:
    """Tell that there is a connection."""
    return form.text("connected")


@blueprint.post("/1.1/comment-check")
def comment_check() -> Response:
    """Say whether a comment is spam, in the words that the client understands."""
    asked, sent = form.site(), form.required()
    if answer := _certain(sent):
        return form.text(answer)
    comment = form.comment(asked, sent)
    if form.is_test():
        return _verdict(asked, Akismet(moderation()).try_out(asked, comment), "")
    trace = form.trace(asked, sent)
    return _verdict(asked, Akismet(moderation()).check(asked, comment, trace), trace.callback)


@blueprint.post("/1.1/submit-spam")
def submit_spam() -> Response:
    """Learn that a moderator of the blog called a comment spam."""
    return _learn(Ruling.REJECT)


@blueprint.post("/1.1/submit-ham")
def submit_ham() -> Response:
    """Learn that a moderator of the blog let a comment pass."""
    return _learn(Ruling.APPROVE)


def _verdict(asked: Site, checked: Checked, callback: str) -> Response:
    headers = {"X-akismet-guid": checked.guid} if checked.guid else {}
    if checked.outcome is not Verdict.HOLD:
        if checked.blatant:
            headers["X-akismet-pro-tip"] = "discard"
        return form.text("true" if checked.outcome is Verdict.REJECT else "false", headers)
    if checked.guid and callback:
        return form.text("false", headers | {"X-akismet-recheck-after": str(RECHECK_AFTER_S)})
    if checked.guid and WORDPRESS.match(request.user_agent.string):
        # A word that it does not know: it holds the comment and asks again every now and then.
        return form.text("pending", headers)
    return form.text("false" if asked.akismet_hold == "publish" else "true", headers)


def _learn(ruling: Ruling) -> Response:
    asked, sent = form.site(), form.required()
    if _certain(sent) or form.is_test():
        return form.text(THANKS)
    reporter = re.sub(r"[^\w.@-]", "", form.said("reporter"))[:40]
    Akismet(moderation()).learn(asked, form.comment(asked, sent), form.trace(asked, sent), ruling, reporter)
    return form.text(THANKS)


def _certain(sent: Mapping[str, str]) -> str:
    # The protocol's own test values, and the blog's own administrators: nothing of these is kept.
    spam = ("viagra-test-123", "akismet-guaranteed-spam@example.com")
    if sent.get("comment_author") == spam[0] or sent.get("comment_author_email") == spam[1]:
        return "true"
    return "false" if "administrator" in sent.get("user_role", "").split(",") else ""
