"""What a form of the desk asks for: a ruling with its reason, a note, and on what it rests."""

from __future__ import annotations

import math

from flask import request

from service.domain import ReasonCode, Ruling
from service.errors import Invalid
from service.moderation import Wish
from service.web import showing
from service.web.words import gettext

NOTE_MAX = 2000


def read(asked: str) -> Wish:
    """Read a decision from a form."""
    ruling, _, reason = asked.partition(":")
    if ruling not in list(Ruling):
        raise Invalid("decision", "approve, or reject:REASON")
    if ruling == Ruling.REJECT and reason not in list(ReasonCode):
        raise Invalid("reason", "one of %(these)s", these=", ".join(ReasonCode))
    return Wish(
        Ruling(ruling),
        ReasonCode(reason) if ruling == Ruling.REJECT else None,
        note=note(),
        lease_token=request.form.get("lease_token", ""),
        revision=request.form.get("revision", type=int),
    )


def said(wish: Wish) -> str:
    """Say what was decided."""
    if wish.reason is None:
        return gettext("Approved.")
    return gettext("Rejected: %(reason)s.", reason=showing.reasons()[wish.reason])


def moment(text: str) -> float:
    """Read a time, for which NaN and infinity stand as little as words do."""
    if not math.isfinite(time := float(text)):
        raise ValueError(text)
    return time


def note() -> str:
    """Read a note, without what cannot be printed."""
    text = "".join(c for c in request.form.get("note", "").strip() if c.isprintable() or c == "\n")
    if len(text) > NOTE_MAX:
        raise Invalid("note", "at most %(most)s characters", most=NOTE_MAX)
    return text
