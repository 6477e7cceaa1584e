"""The table of reasons: words, fields and base, which add up to the log-odds of a score. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from service.domain import LABELS, Explanation, Item
from service.web import showing
from service.web.painting import Part, Segment, parts
from service.web.words import gettext, mark

# As many words and fields as a table of reasons names one by one.
ROWS_NAMED = 5
# What adds less would be shown as adding nothing: it is told among the rest.
LEAST_NAMED = 0.005
# The longest bar of the table, in log-odds; longer ones are cut.
BAR_FULL = 4.0

# What the model measures beside words.
FIELDS = {
    "another starting point": mark("another starting point than that of the comment"),
    "author": mark("name and link of the author"),
    "author URL": mark("the author has a link"),
    "author e-mail has digits": mark("an e-mail address with digits"),
    "author is a phrase": mark("a phrase for a name"),
    "capitals": mark("words in capitals"),
    "digits": mark("digits"),
    "emoji": mark("emoji"),
    "exclamations": mark("exclamation marks"),
    "link only": mark("a link and little else"),
    "links": mark("links"),
    "long": mark("its length"),
    "money": mark("sums of money"),
    "no words": mark("no words"),
    "not read in context": mark("not read in context: the fast model decided alone"),
    "paragraphs": mark("paragraphs"),
    "sentence as a whole": mark("the sentence as a whole"),
    "short": mark("its length"),
    "this site": mark("what the site decides otherwise, for all comments alike"),
    "telephone or e-mail": mark("a telephone number or e-mail address"),
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
    parts: tuple[Part, ...]
    unmarked_score: float | None
    # How much of that this site's own correction is: the strongest words, and all the rest.
    of_site: tuple[Row, ...]


def sums(item: Item) -> list[Sum]:
    """Return a table for each label that was explained, the suggested one first."""
    first = showing.suggested(item)
    limits = {r.code: r.threshold for r in item.judgement.reasons}
    ordered = sorted(item.explanations, key=lambda e: (e.label != first, LABELS.index(e.label)))
    return [_sum(item.comment.text, e, limits.get(f"score:{e.label}")) for e in ordered]


def _sum(text: str, e: Explanation, threshold: float | None) -> Sum:
    painted = parts(text, e)
    segments = [s for part in painted if part.quote is None for s in part.segments]
    words = _strongest(_by_words(segments))
    signs = _signs(e)
    left = e.log_odds - e.bias - math.fsum(r.value for r in [*words, *signs])
    rows = [*words, Row(gettext("all other words") if words else gettext("all words"), left), *signs]
    raising = math.fsum(s.contribution for s in segments if s.strength and s.contribution > 0)
    return Sum(
        explanation=e,
        threshold=threshold,
        rows=(*rows, Row(gettext("base"), e.bias)),
        parts=tuple(painted),
        unmarked_score=_sigmoid(e.log_odds - raising) if raising else None,
        of_site=_of_site(text, e),
    )


def _signs(e: Explanation) -> list[Row]:
    values: dict[str, float] = {}
    for name, value in e.fields:
        said = gettext(FIELDS.get(name, name))
        values[said] = values.get(said, 0.0) + value
    named = _strongest(Row(name, value) for name, value in values.items())
    rest = math.fsum(value for _, value in e.fields) - math.fsum(r.value for r in named)
    return [*named, Row(gettext("other signs"), rest)] if abs(rest) >= LEAST_NAMED else named


def _of_site(text: str, e: Explanation) -> tuple[Row, ...]:
    if not e.by_site:
        return ()
    words = _strongest(Row(text[start:end], value, of_text=True) for start, end, value in e.by_site)
    whole = math.fsum([*(value for *_, value in e.by_site), dict(e.fields).get("this site", 0.0)])
    return (*words, Row(gettext("all else"), whole - math.fsum(row.value for row in words)))


def _by_words(segments: Iterable[Segment]) -> list[Row]:
    rows: dict[str, Row] = {}
    for s in segments:
        if s.strength:
            key = " ".join(s.text.split()).casefold()
            row = rows.get(key, Row(s.text.strip(), 0.0, of_text=True, times=0))
            rows[key] = replace(row, value=row.value + s.contribution, times=row.times + 1)
    return list(rows.values())


def _strongest(rows: Iterable[Row]) -> list[Row]:
    named = [r for r in rows if abs(r.value) >= LEAST_NAMED]
    ordered = sorted(named, key=lambda r: -abs(r.value))[:ROWS_NAMED]
    return sorted(ordered, key=lambda r: -r.value)


def _sigmoid(log_odds: float) -> float:
    return 0.5 * (1.0 + math.tanh(0.5 * log_odds))
