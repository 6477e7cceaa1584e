"""Painting a text by what its words added to a score, in both directions. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from service.domain import Explanation, Quote

# Log-odds from which a piece is painted, faintest first: towards the label as d1..d3, away as g1..g3.
STEPS = (0.25, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the text, how strongly it is painted ('' for not at all), and what it added."""

    text: str
    strength: str = ""
    contribution: float = 0.0


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the author's own words, or a quotation, which has a score of its own."""

    segments: tuple[Segment, ...]
    quote: Quote | None = None


def strength(contribution: float) -> str:
    """Return the step that a contribution reaches."""
    step = sum(abs(contribution) >= s for s in STEPS)
    return f"{'d' if contribution > 0 else 'g'}{step}" if step else ""


def paint(text: str, spans: Iterable[tuple[int, int, float]]) -> list[Segment]:
    """Cut a text into segments that join to exactly that text; neighbours of one strength are one."""
    pieces: list[Segment] = []
    at = 0
    for start, end, contribution in spans:
        begin, stop = max(start, at), min(end, len(text))
        if begin < stop:
            pieces += [
                Segment(text[at:begin]),
                Segment(text[begin:stop], strength(contribution), contribution),
            ]
            at = stop
    return _merged([*pieces, Segment(text[at:])])


def parts(text: str, explanation: Explanation) -> list[Part]:
    """Cut a text into own words and quotations that join to exactly that text, each painted by its spans."""
    found, at = [], 0
    for quote in explanation.quotes:
        found.append(Part(_painted(text, at, quote.start, explanation.spans)))
        found.append(Part(_painted(text, quote.start, quote.end, quote.spans), quote))
        at = quote.end
    found.append(Part(_painted(text, at, len(text), explanation.spans)))
    return [part for part in found if part.segments]


def _painted(text: str, start: int, end: int, spans: Iterable[tuple[int, int, float]]) -> tuple[Segment, ...]:
    return tuple(paint(text[start:end], [(a - start, b - start, value) for a, b, value in spans]))


def _merged(pieces: list[Segment]) -> list[Segment]:
    merged: list[Segment] = []
    for piece in pieces:
        if not piece.text:
            continue
        if len(merged) > 1 and _bridged(merged[-2], merged[-1], piece):
            gap, before = merged.pop(), merged.pop()
            merged.append(_joined(_joined(before, gap), piece))
        elif merged and merged[-1].strength == piece.strength:
            merged.append(_joined(merged.pop(), piece))
        else:
            merged.append(piece)
    return merged


def _bridged(before: Segment, gap: Segment, piece: Segment) -> bool:
    alike = before.strength == piece.strength != ""
    return alike and not gap.strength and not gap.contribution and gap.text.isspace()


def _joined(a: Segment, b: Segment) -> Segment:
    return replace(a, text=a.text + b.text, contribution=a.contribution + b.contribution)
