"""What differs between two versions of a policy, in words."""

from __future__ import annotations

from dataclasses import fields

from service.domain import LABELS, Policy, Thresholds
from service.web import showing, words
from service.web.words import gettext, mark

NAMES = {
    "reject_labels": mark("may be rejected without a person"),
    "blocked_words": mark("blocked words"),
    "blocked_domains": mark("blocked domains"),
    "max_links": mark("most links"),
    "hold_new_authors": mark("hold new authors"),
    "pass_other_languages": mark("publish other languages"),
    "shadow": mark("shadow mode"),
    "attributes": mark("attributes of other scorers"),
    "audit": mark("share audited"),
    "adapt": mark("scores corrected by decisions of the site"),
}


def changes(old: Policy, new: Policy) -> list[str]:
    """Say what differs between two policies."""
    recommended = gettext("as recommended")
    found = []
    for label in LABELS:
        before, after = old.thresholds.get(label, Thresholds()), new.thresholds.get(label, Thresholds())
        facts = {"label": showing.label_name(label)}
        holds, rejects = gettext("hold %(label)s", **facts), gettext("reject %(label)s", **facts)
        found.append((holds, before.hold, after.hold, recommended))
        found.append((rejects, before.reject, after.reject, recommended))
        was, tried = old.trial.get(label, Thresholds()), new.trial.get(label, Thresholds())
        found.append((gettext("on trial: hold %(label)s", **facts), was.hold, tried.hold, gettext("none")))
    for field in fields(Policy):
        if field.name in NAMES:
            none = gettext("any number") if field.name == "max_links" else recommended
            values = getattr(old, field.name), getattr(new, field.name)
            found.append((gettext(NAMES[field.name]), *values, none))
    return [f"{what}: {_said(a, none)} → {_said(b, none)}" for what, a, b, none in found if a != b]


def _said(value: object, none: str) -> str:
    match value:
        case None:
            return none
        case bool():
            return gettext("yes") if value else gettext("no")
        case tuple():
            return ", ".join(value) or gettext("none")
        case _:
            return words.decimal(str(value))
