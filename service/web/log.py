"""The moderation log as a page: who did what and when, searched by person, kind, site and date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from flask import Blueprint, render_template, request

from service.errors import Invalid, NotFound
from service.store import Entry, LogPage
from service.web import accounts
from service.web.accounts import me
from service.web.responses import moderation

blueprint = Blueprint("log", __name__)
accounts.guard_for_admins(blueprint)

# What the beginning of an entry's kind makes it; anything else is "other".
GROUPS = {
    "decisions": ("decision", "undo", "campaign", "appeal", "feedback", "escalat"),
    "sign-ins": ("sign_", "session", "password", "two_factor", "recovery"),
    "people": ("moderator", "token"),
    "settings": ("site", "policy", "callback", "model", "sender"),
    "verdicts": ("verdict", "rescored"),
}
CHOICES = {
    "": "All but verdicts",
    "decisions": "Decisions and undos",
    "sign-ins": "Sign-ins",
    "people": "People and tokens",
    "settings": "Sites and policies",
    "other": "Other",
    "verdicts": "Verdicts",
    "all": "Everything",
}
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
        raise NotFound(f"no such kind: {asked['kind'][:40]}")
    page = _search(asked, sites)
    more = "?" + urlencode({k: v for k, v in {**asked, "cursor": page.cursor}.items() if v})
    return render_template(
        "log.html", me=me(), page=page, asked=asked, more=more, choices=CHOICES, words=_words, told=_told,
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
    return entry.kind.replace("_", " ").capitalize()


def _told(entry: Entry) -> list[tuple[str, str]]:
    # Whatever was written down, so that a new kind of entry is told without being known here.
    told = [(name.replace("_", " "), _plain(v)) for name, v in entry.facts.items() if name not in UNTOLD]
    return [(name, text) for name, text in told if text]


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, str | int | float):
        return str(value)
    return ", ".join(str(v) for v in value) if isinstance(value, list) else ""
