"""How the desk says things: ages, scores, reasons, deliveries, and the table that adds up. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from service.domain import LABELS, DeliveryState, Explanation, Item, Reason, ReasonCode
from service.web.painting import Segment, paint

# As many words and fields as a table of reasons names one by one.
ROWS_NAMED = 5
# The longest bar of the table, in log-odds; longer ones are cut.
BAR_FULL = 4.0

RULES = {
    "blocked_word": "it contains the blocked word",
    "blocked_domain": "it links to the blocked domain",
    "links": "it has too many links:",
    "edited_after_rejection": "its author edited it:",
}
REASONS = {
    "author:NEW": "this author has no approved comment here yet",
    "scorer_error": "it could not be scored, so a person decides:",
    "language": "the model does not know its language",
    "audit": "it was drawn at random, to check the machine",
    "flood": "very many comments came at once",
    "campaign": "near-copies of it came from several places",
}
REASON_CODES = {
    **{f"rule:{name}": name.replace("_", " ") for name in RULES},
    "author:NEW": "new author",
    "scorer_error": "could not be scored",
    "language": "unknown language",
    "audit": "audit",
    "flood": "flood",
}
# A score from which a text of these labels is veiled until it is asked for.
HARD_FROM = 0.9
HARD_LABELS = ("dehumanising", "hateful")
FIELDS = {
    "author": "name and link of the author",
    "author URL": "the author has a link",
    "short": "a short text",
    "long": "a long text",
}
REASON_NAMES = {
    ReasonCode.DEHUMANISING: "dehumanising",
    ReasonCode.HATEFUL: "hateful",
    ReasonCode.SPAM: "spam",
    ReasonCode.OFF_TOPIC: "off topic",
    ReasonCode.OTHER: "other",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table of reasons."""

    name: str
    value: float
    of_text: bool = False
    times: int = 1

    @property
    def bar(self) -> float:
        """Return the length of the bar, from 0 to 50."""
        return round(50 * min(abs(self.value), BAR_FULL) / BAR_FULL, 1)


@dataclass(frozen=True, slots=True)
class Sum:
    """A table of reasons: rows that add up to the log-odds of the score."""

    explanation: Explanation
    threshold: float | None
    rows: tuple[Row, ...]
    segments: tuple[Segment, ...]
    unmarked_score: float | None


def age(now: float, then: float | None) -> str:
    """Say how long ago something was."""
    if then is None:
        return ""
    seconds = max(0.0, now - then)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return "now"


def score(value: float) -> str:
    """Write a score with two digits, without ever rounding up to certainty."""
    return "> 0.99" if value > 0.99 else f"{value:.2f}"


def signed(value: float) -> str:
    """Write a contribution with its sign."""
    return f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")


def clock_time(at: float) -> str:
    """Write the time of day, in UTC; the script of the page turns it into local time."""
    return f"{datetime.fromtimestamp(at, UTC):%H:%M} UTC"


def day(at: float) -> str:
    """Write a day."""
    return f"{datetime.fromtimestamp(at, UTC):%-d %b %Y}"


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
    if kind == "score":
        limit = "" if reason.threshold is None else f"; held from {score(reason.threshold)}"
        return f"it scores {score(reason.score or 0.0)} for {name}{limit}"
    if kind == "rule":
        return RULES.get(name, f"the rule {name} says so:")
    return REASONS.get(reason.code, reason.code)


def delivery_words(delivery: DeliveryState) -> tuple[str, float | None]:
    """Say what became of the callback, and the time that the sentence ends with."""
    tries = f"{delivery.attempts} {'try' if delivery.attempts == 1 else 'tries'}"
    match delivery.state:
        case "confirmed":
            return "the blog confirmed", delivery.at
        case "retrying":
            return (
                f"the blog did not confirm after {tries} ({delivery.error}); retrying, next",
                delivery.next_at,
            )
        case "dead":
            return f"dead letter: given up after {tries} ({delivery.error})", delivery.at
        case "superseded":
            return "a later decision took its place", delivery.at
        case _:
            return "on its way to the blog", None


def suggested(item: Item) -> ReasonCode:
    """Suggest the reason to reject for: the lane's label, else the label that scored highest."""
    if item.judgement.lane and item.judgement.lane in LABELS:
        return ReasonCode(item.judgement.lane)
    scored = [r for r in item.judgement.reasons if r.code.startswith("score:")]
    worst = max(scored, key=lambda r: r.score or 0.0, default=None)
    return ReasonCode(worst.code.removeprefix("score:")) if worst else ReasonCode.OTHER


def sums(item: Item) -> list[Sum]:
    """Return a table for each label that was explained, the suggested one first."""
    first = suggested(item)
    limits = {r.code: r.threshold for r in item.judgement.reasons}
    ordered = sorted(item.explanations, key=lambda e: (e.label != first, LABELS.index(e.label)))
    return [_sum(item.comment.text, e, limits.get(f"score:{e.label}")) for e in ordered]


def _sum(text: str, e: Explanation, threshold: float | None) -> Sum:
    segments = paint(text, e.spans)
    words = _strongest(_by_words(segments))
    fields = _strongest(Row(FIELDS.get(name, name), value) for name, value in e.fields)
    all_fields = math.fsum(value for _, value in e.fields)
    words_left = e.log_odds - e.bias - all_fields - math.fsum(r.value for r in words)
    rows = [*words, Row("all other words" if words else "all words", words_left), *fields]
    if len(fields) < len(e.fields):
        rows.append(Row("other signs", all_fields - math.fsum(r.value for r in fields)))
    raising = math.fsum(s.contribution for s in segments if s.strength and s.contribution > 0)
    return Sum(
        explanation=e,
        threshold=threshold,
        rows=(*rows, Row("base", e.bias)),
        segments=tuple(segments),
        unmarked_score=_sigmoid(e.log_odds - raising) if raising else None,
    )


def _by_words(segments: Iterable[Segment]) -> list[Row]:
    rows: dict[str, Row] = {}
    for s in segments:
        if s.strength:
            key = " ".join(s.text.split()).casefold()
            row = rows.get(key, Row(s.text.strip(), 0.0, of_text=True, times=0))
            rows[key] = replace(row, value=row.value + s.contribution, times=row.times + 1)
    return list(rows.values())


def _strongest(rows: Iterable[Row]) -> list[Row]:
    ordered = sorted(rows, key=lambda r: -abs(r.value))[:ROWS_NAMED]
    return sorted(ordered, key=lambda r: -r.value)


def _sigmoid(log_odds: float) -> float:
    return 0.5 * (1.0 + math.tanh(0.5 * log_odds))
