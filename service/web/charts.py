"""Charts as shapes for an SVG; what they show is also in a table beside them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.web import words

WIDTH, HEIGHT = 400.0, 170.0
LEFT, RIGHT, TOP, BOTTOM = 34.0, 4.0, 8.0, 20.0
ROW = 26.0


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle of one kind."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A word, and where it stands."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that is drawn."""

    height: float
    bars: tuple[Bar, ...]
    lines: tuple[Mark, ...]
    marks: tuple[Mark, ...]


def columns(names: Sequence[str], series: Mapping[str, Sequence[float]]) -> Chart:
    """Draw a column for each name, in which the series lie on each other, with lines at round numbers."""
    top = ceiling(max((sum(values) for values in zip(*series.values(), strict=True)), default=0))
    room, step = HEIGHT - TOP - BOTTOM, (WIDTH - LEFT - RIGHT) / max(1, len(names))
    bars = []
    for n in range(len(names)):
        base = HEIGHT - BOTTOM
        for kind, values in series.items():
            height = room * values[n] / top
            base -= height
            if height:
                bars.append(
                    Bar(kind, _r(LEFT + n * step + step * 0.12), _r(base), _r(step * 0.76), _r(height))
                )
    lines = [Mark(LEFT, _r(HEIGHT - BOTTOM - room * part), number(top * part)) for part in (0, 0.5, 1)]
    shown = sorted({0, len(names) // 2, len(names) - 1}) if names else []
    marks = [Mark(_r(LEFT + (n + 0.5) * step), HEIGHT - 5, names[n]) for n in shown]
    return Chart(HEIGHT, tuple(bars), tuple(lines), tuple(marks))


def rows(parts: Mapping[str, Mapping[str, float]]) -> Chart:
    """Draw a bar across for each name, as long as what its parts add up to."""
    longest = max((sum(p.values()) for p in parts.values()), default=0) or 1
    bars, marks = [], []
    for n, (name, values) in enumerate(parts.items()):
        x = 0.0
        marks.append(Mark(0, _r(n * ROW + 10), f"{name} · {number(sum(values.values()))}"))
        for kind, value in values.items():
            width = WIDTH * value / longest
            if width:
                bars.append(Bar(kind, _r(x), _r(n * ROW + 14), _r(max(width, 1.0)), 7.0))
            x += width
    return Chart(len(parts) * ROW, tuple(bars), (), tuple(marks))


def histogram(counts: Sequence[int], kinds: Sequence[str], limits: Mapping[str, float]) -> Chart:
    """Draw how often values between 0 and 1 fall into equal bins, with a line at each limit.

    Heights go with the square root, so that what is rare is seen beside what is common.
    """
    room, step = HEIGHT - 2 * BOTTOM, WIDTH / len(counts)
    highest = max(1, *counts) ** 0.5
    bars = []
    for n, (count, kind) in enumerate(zip(counts, kinds, strict=True)):
        height = room * count**0.5 / highest
        if count:
            bars.append(Bar(kind, _r(n * step + 1), _r(HEIGHT - BOTTOM - height), _r(step - 2), _r(height)))
    lines = [Mark(_r(WIDTH * at), BOTTOM - 6, kind) for kind, at in limits.items()]
    marks = [Mark(_r(WIDTH * at), HEIGHT - 5, number(at)) for at in (0, 0.5, 1)]
    return Chart(HEIGHT, tuple(bars), tuple(lines), tuple(marks))


def ceiling(highest: float) -> float:
    """Return the least of 1, 2, 4, 6, 8, 10, 20, 40, ... that is not below the highest value."""
    top = 1.0
    while True:
        for factor in (1, 2, 4, 6, 8):
            if top * factor >= highest:
                return top * factor
        top *= 10


def number(value: float) -> str:
    """Write a number of an axis, short."""
    if value >= 10_000:
        return words.decimal(f"{value / 1000:g}k")
    return words.decimal(f"{value:g}")


def _r(value: float) -> float:
    return round(value, 2)
