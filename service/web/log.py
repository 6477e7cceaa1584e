"""The moderation log as a page: who did what and when, searched by person, kind, site and date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from flask import Blueprint, render_template, request

from service.errors import Invalid, NotFound
from service.store import Entry, LogPage
from service.web import accounts, showing, words
from service.web.accounts import me
from service.web.responses import moderation
from service.web.words import gettext, mark

blueprint = Blueprint("log", __name__)
accounts.guard_for_admins(blueprint)

# What the beginning of an entry's kind makes it; anything else is "other".
GROUPS = {
    "decisions": ("decision", "undo", "campaign", "appeal", "feedback", "escalat", "second", "dispute"),
    "sign-ins": ("sign_", "session", "password", "two_factor", "recovery"),
    "people": ("moderator", "token"),
    "settings": ("site", "policy", "callback", "model", "sender"),
    "verdicts": ("verdict", "rescored"),
}
CHOICES = {
    "": mark("All but verdicts"),
    "decisions": mark("Decisions and undos"),
    "sign-ins": mark("Sign-ins"),
    "people": mark("People and tokens"),
    "settings": mark("Sites and policies"),
    "other": mark("Other"),
    "verdicts": mark("Verdicts"),
    "all": mark("Everything"),
}
# Kinds of entries in words; one that is not named here is told as it was written down.
KINDS = {
    "appeal": mark("Appeal"),
    "appeal overturned": mark("Appeal overturned"),
    "appeal upheld": mark("Appeal upheld"),
    "callback_disabled": mark("Callback switched off"),
    "callback test": mark("Test of the callback"),
    "campaign": mark("Campaign found"),
    "campaign decide": mark("Campaign decided"),
    "campaign undo": mark("Campaign: decision undone"),
    "decision": mark("Decision"),
    "delivery:confirmed": mark("The blog confirmed"),
    "delivery:dead": mark("Dead letter"),
    "dispute settled": mark("Dispute settled"),
    "erased": mark("Erased"),
    "escalated": mark("Escalated"),
    "model promoted": mark("Model promoted"),
    "model rolled back": mark("Model rolled back"),
    "moderator_added": mark("Person invited"),
    "moderator_changed": mark("Person changed"),
    "moderator_disabled": mark("Person disabled"),
    "moderator_reset": mark("Person reset"),
    "moderator_signed_out": mark("Person signed out everywhere"),
    "password_changed": mark("Password changed"),
    "policy set": mark("Policy set"),
    "recovery_codes_made": mark("Recovery codes made"),
    "redrive": mark("Sent to the blog again"),
    "rescored": mark("Scored again"),
    "second look": mark("Second look"),
    "second reading": mark("Second reading"),
    "session_ended": mark("Session ended"),
    "sign_in": mark("Sign-in"),
    "sign_in_failed": mark("Failed sign-in"),
    "sign_in_link": mark("Sign-in by link"),
    "sign_in_provider": mark("Sign-in by provider"),
    "sign_out": mark("Sign-out"),
    "site api key revoked": mark("API key revoked"),
    "site api key rotated": mark("New API key"),
    "site callback set": mark("Callback set"),
    "site secret rotated": mark("New webhook secret"),
    "suggestion": mark("Suggestion"),
    "two_factor_off": mark("Two-factor off"),
    "two_factor_on": mark("Two-factor on"),
    "undo": mark("Undo"),
    "verdict": mark("Verdict"),
}
# Names of what was written down, and words that stand there.
FACTS = {
    "attempts": mark("tries"),
    "campaign": mark("campaign"),
    "decision": mark("decision"),
    "delivery": mark("delivery"),
    "email": mark("e-mail address"),
    "error": mark("error"),
    "factor": mark("factor"),
    "model": mark("model"),
    "person": mark("person"),
    "policy": mark("policy"),
    "reason": mark("reason"),
    "reasons": mark("reasons"),
    "role": mark("role"),
    "shadow": mark("shadow mode"),
    "sites": mark("sites"),
    "source": mark("source"),
    "suggested": mark("suggested"),
    "verdict": mark("verdict"),
    "version": mark("version"),
}
VALUES: dict[str, str] = {
    "approve": mark("approve"),
    "hold": mark("hold"),
    "reject": mark("reject"),
    "undo": mark("undo"),
    **showing.REASON_NAMES,
}
OF_OURS = ("decision", "reason", "shadow", "verdict")
# What is of the service itself, not of a comment, is found without reading the partitions.
OF_SERVICE = ("sign-ins", "people", "settings")
# They are told in columns of their own, or mean nothing to a reader.
UNTOLD = ("note", "revision", "scores", "at")


@blueprint.get("/log")
def index() -> str:
    """Show a page of the log."""
    asked = {
        name: request.args.get(name, "").strip() for name in ("kind", "by", "site", "from", "to", "cursor")
    }
    sites = moderation().sites_of(me(), asked["site"])
    if asked["kind"] not in CHOICES:
        raise NotFound("no such kind: %(kind)s", kind=asked["kind"][:40])
    page = _search(asked, sites)
    more = "?" + urlencode({k: v for k, v in {**asked, "cursor": page.cursor}.items() if v})
    return render_template(
        "log.html", me=me(), page=page, asked=asked, more=more, choices=words.table(CHOICES),
        kind_words=_words, told=_told,
        sites=moderation().sites_of(me()), people=[p.name for p in moderation().store.registry.people()],
    )  # fmt: skip


def _search(asked: dict[str, str], sites: list[str]) -> LogPage:
    since, until = _day(asked, "from"), _day(asked, "to")
    # What is of no site, or of one that was removed, is for the eyes of those who may see every site.
    seen = None if not me().sites and not asked["site"] else set(sites)
    return moderation().store.log.search(
        [] if asked["kind"] in OF_SERVICE else sites,
        lambda entry: _matches(entry, asked) and (seen is None or entry.site in seen),
        asked["cursor"],
        since=since.timestamp() if since else 0.0,
        until=(until + timedelta(days=1)).timestamp() if until else None,
    )


def _matches(entry: Entry, asked: dict[str, str]) -> bool:
    group, wanted = _group(entry.kind), asked["kind"]
    if wanted != "all" and (group != wanted if wanted else group == "verdicts"):
        return False
    return not asked["by"] or asked["by"] in (entry.by, entry.facts.get("person"))


def _group(kind: str) -> str:
    return next((name for name, begins in GROUPS.items() if kind.startswith(begins)), "other")


def _day(asked: dict[str, str], name: str) -> datetime | None:
    try:
        return datetime.strptime(asked[name], "%Y-%m-%d").replace(tzinfo=UTC) if asked[name] else None
    except ValueError:
        raise Invalid(name, "a day as 2026-11-22") from None


def _words(entry: Entry) -> str:
    known = KINDS.get(entry.kind)
    return gettext(known) if known else entry.kind.replace("_", " ").capitalize()


def _told(entry: Entry) -> list[tuple[str, str]]:
    # Whatever was written down, so that a new kind of entry is told without being known here.
    facts = {n: v for n, v in entry.facts.items() if n not in UNTOLD}
    told = [(gettext(FACTS.get(n, n)).replace("_", " "), _plain(n, v)) for n, v in facts.items()]
    return [(name, text) for name, text in told if text]


def _plain(name: str, value: object) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else ""
    if isinstance(value, str | int | float):
        said = str(value)
        return gettext(VALUES[said]) if name in OF_OURS and said in VALUES else said
    return ", ".join(str(v) for v in value) if isinstance(value, list) else ""
