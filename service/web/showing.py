"""How the desk says things, in the reader's language: ages, scores, reasons, deliveries."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

from babel import Locale
from babel.dates import format_date

from service.domain import LABELS, DeliveryState, Item, Reason, ReasonCode
from service.web import words
from service.web.words import gettext, mark, ngettext

RULES = {
    "blocked_word": mark("it contains the blocked word"),
    "blocked_domain": mark("it links to the blocked domain"),
    "links": mark("it has more links than are allowed: %(found)s, not %(allowed)s"),
    "edited_after_rejection": mark("it was edited after it had been rejected"),
    "honeypot": mark("a field that people do not see was filled in"),
}
REASONS = {
    "author:NEW": mark("this author has no approved comment here yet"),
    "scorer_error": mark("it could not be scored, so a person decides:"),
    "language": mark("the model does not know its language"),
    "audit": mark("it was drawn at random, to check the machine"),
    "flood": mark("very many comments came at once"),
    "campaign": mark("near-copies of it came from several places"),
}
# Where the words say all of it.
TOLD = ("author:NEW", "language", "rule:edited_after_rejection", "rule:honeypot", "rule:links")
# As short as a line of the list needs them.
REASON_CODES = {
    "rule:blocked_word": mark("blocked word"),
    "rule:blocked_domain": mark("blocked domain"),
    "rule:links": mark("links"),
    "rule:edited_after_rejection": mark("edited after rejection"),
    "rule:honeypot": mark("hidden field"),
    "author:NEW": mark("new author"),
    "scorer_error": mark("could not be scored"),
    "language": mark("unknown language"),
    "audit": mark("audit"),
    "flood": mark("flood"),
    "campaign": mark("campaign"),
}
# A score from which a text of these labels is veiled until it is asked for.
HARD_FROM = 0.9
HARD_LABELS = ("dehumanising", "hateful")
LABEL_NAMES = {
    "dehumanising": mark("dehumanising"),
    "hateful": mark("hateful"),
    "spam": mark("spam"),
}
REASON_NAMES: dict[str, str] = {
    ReasonCode.DEHUMANISING: mark("dehumanising"),
    ReasonCode.HATEFUL: mark("hateful"),
    ReasonCode.SPAM: mark("spam"),
    ReasonCode.OFF_TOPIC: mark("off topic"),
    ReasonCode.OTHER: mark("other"),
}
# What is in force where nobody has decided.
OUTCOMES = {"approve": mark("let through"), "reject": mark("kept out"), "hold": mark("held")}


def reasons() -> dict[str, str]:
    """Return what moderators may reject for, by name."""
    return words.table(REASON_NAMES)


def label_name(name: str) -> str:
    """Name what the model scores."""
    return gettext(LABEL_NAMES.get(name, name))


def outcome_name(name: str) -> str:
    """Name what is in force where nobody has decided."""
    return gettext(OUTCOMES.get(name, name))


def short_reason(code: str) -> str:
    """Say a reason in as few words as a list has room for."""
    kind, _, name = code.partition(":")
    return (
        label_name(name)
        if kind == "score"
        else gettext(REASON_CODES.get(code, name or code).replace("_", " "))
    )


def age(now: float, then: float | None) -> str:
    """Say how long ago something was."""
    if then is None:
        return ""
    seconds = max(0.0, now - then)
    if seconds < 60:
        return gettext("now")
    for size, unit in ((86400, gettext("d")), (3600, gettext("h"))):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds // 60:.0f} {gettext('min')}"


def ago(now: float, then: float) -> str:
    """Say how long ago something was, in a sentence."""
    return gettext("just now") if now - then < 60 else gettext("%(age)s ago", age=age(now, then))


def duration(seconds: float | None) -> str:
    """Say how long something took, in words that fit a table."""
    if seconds is None:
        return gettext("none")
    for size, unit in ((86400, gettext("d")), (3600, gettext("h")), (60, gettext("min"))):
        if seconds >= size:
            digits = 1 if seconds < 10 * size else 0
            return f"{words.decimal(f'{seconds / size:.{digits}f}')} {unit}"
    return f"{seconds:.0f} s"


def score(value: float) -> str:
    """Write a score with two digits, without ever rounding up to certainty."""
    return words.decimal("> 0.99" if value > 0.99 else f"{value:.2f}")


def signed(value: float) -> str:
    """Write a contribution with its sign."""
    return words.decimal(f"{value:+.2f}".replace("-", "\N{MINUS SIGN}"))


def clock_time(at: float) -> str:
    """Write the time of day, in UTC; the script of the page turns it into local time."""
    return f"{datetime.fromtimestamp(at, UTC):%H:%M} UTC"


def day(at: float) -> str:
    """Write a day."""
    return format_date(datetime.fromtimestamp(at, UTC), "medium", words.locale())


def hard(item: Item) -> Reason | None:
    """Return why a comment is hard to read, if it is."""
    codes = [f"score:{label}" for label in HARD_LABELS]
    scored = [r for r in item.judgement.reasons if r.code in codes and (r.score or 0.0) >= HARD_FROM]
    return max(scored, key=lambda r: r.score or 0.0, default=None)


def iso(at: float) -> str:
    """Write a time for machines."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def safe_link(url: str) -> str:
    """Return an address that may be linked to, or nothing."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.hostname and url.isprintable() else ""


def host(url: str) -> str:
    """Return the host that an address names."""
    return (urlsplit(url).hostname or "") if safe_link(url) else ""


def reason_words(reason: Reason) -> str:
    """Say a reason in words, without what a stranger wrote: that is `reason.detail`."""
    kind, _, name = reason.code.partition(":")
    if name == "links":
        found, allowed, *_ = [*re.findall(r"\d+", reason.detail), "?", "?"]
        return gettext(RULES[name], found=found, allowed=allowed)
    if kind == "rule":
        return gettext(RULES[name]) if name in RULES else gettext("the rule %(name)s says so:", name=name)
    if kind != "score":
        known = reason.code != "language" or not reason.detail
        return gettext(REASONS.get(reason.code, reason.code)) if known else _language(reason.detail)
    facts = {"score": score(reason.score or 0.0), "label": label_name(name)}
    if reason.threshold is None:
        return gettext("it scores %(score)s for %(label)s", **facts)
    limit = score(reason.threshold)
    return gettext("it scores %(score)s for %(label)s; held from %(limit)s", **facts, limit=limit)


def _language(code: str) -> str:
    locale = Locale.parse(words.language())
    name = locale.languages.get(code) or locale.scripts.get(code) or code
    return gettext("the model has not learnt its language: %(name)s", name=name)


def detail(reason: Reason) -> str:
    """Return what a reason says beyond its words: what was found, as it was written down."""
    return "" if reason.code in TOLD else reason.detail


def delivery_words(delivery: DeliveryState) -> tuple[str, float | None]:
    """Say what became of the callback, and the time that the sentence ends with."""
    tries = ngettext("%(n)s try", "%(n)s tries", delivery.attempts, n=delivery.attempts)
    facts = {"tries": tries, "error": delivery.error}
    match delivery.state:
        case "confirmed":
            return gettext("the blog confirmed"), delivery.at
        case "retrying":
            said = gettext("the blog did not confirm after %(tries)s (%(error)s); retrying, next", **facts)
            return said, delivery.next_at
        case "dead":
            return gettext("dead letter: given up after %(tries)s (%(error)s)", **facts), delivery.at
        case "superseded":
            return gettext("a later decision took its place"), delivery.at
        case _:
            return gettext("on its way to the blog"), None


def suggested(item: Item) -> ReasonCode:
    """Suggest the reason to reject for: the lane's label, else the label that scored highest."""
    if item.judgement.lane and item.judgement.lane in LABELS:
        return ReasonCode(item.judgement.lane)
    scored = [r for r in item.judgement.reasons if r.code.startswith("score:")]
    worst = max(scored, key=lambda r: r.score or 0.0, default=None)
    return ReasonCode(worst.code.removeprefix("score:")) if worst else ReasonCode.OTHER
