"""Estimates with their intervals as shapes for an SVG; the numbers are in a table beside them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.statistics import Interval
from service.web.charts import HEIGHT, Mark, ceiling, number

WIDTH, ROW, BOTTOM = 400.0, 40.0, 22.0
LEFT, TOP = 34.0, 8.0


@dataclass(frozen=True, slots=True)
class Whisker:
    """An interval, its ends in pixels, and where its estimate lies, if there is one."""

    name: str
    y: float
    low: float
    high: float
    at: float | None


@dataclass(frozen=True, slots=True)
class Plot:
    """Everything that is drawn."""

    height: float
    whiskers: tuple[Whisker, ...]
    ticks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """A line through points, as SVG writes it, with round numbers beside and names below."""

    points: str
    lines: tuple[Mark, ...]
    marks: tuple[Mark, ...]


def whiskers(rows: Sequence[tuple[str, Interval | None]]) -> Plot:
    """Draw shares with their intervals, one below the other, as far as the longest reaches."""
    known = [(name, i) for name, i in rows if i]
    top = _top(max((i.high for _, i in known), default=1.0))
    drawn = []
    for n, (name, i) in enumerate(known):
        low, at = _x(i.low, top), None if i.at is None else _x(i.at, top)
        drawn.append(Whisker(name, n * ROW + 28, low, max(_x(i.high, top), low + 1), at))
    height = len(known) * ROW + BOTTOM
    ticks = (
        Mark(_x(top * part, top), height - 5, f"{number(top * part * 100)} %") for part in (0.0, 0.5, 1.0)
    )
    return Plot(height, tuple(drawn), tuple(ticks))


def curve(values: Sequence[float], names: Sequence[str]) -> Curve:
    """Draw a line from left to right, with lines at round numbers."""
    top = ceiling(max(values, default=0))
    room, step = HEIGHT - TOP - 20, (WIDTH - LEFT - 4) / max(1, len(values) - 1)
    points = [(LEFT + n * step, HEIGHT - 20 - room * value / top) for n, value in enumerate(values)]
    lines = [Mark(LEFT, round(HEIGHT - 20 - room * part, 2), number(top * part)) for part in (0, 0.5, 1)]
    shown = sorted({0, len(names) // 2, len(names) - 1}) if names else []
    marks = [Mark(round(points[n][0], 2), HEIGHT - 5, names[n]) for n in shown]
    return Curve(" ".join(f"{x:.2f},{y:.2f}" for x, y in points), tuple(lines), tuple(marks))


def _top(highest: float) -> float:
    return min(1.0, ceiling(highest * 1000) / 1000) if highest > 0 else 1.0


def _x(value: float, top: float) -> float:
    return round(4 + (WIDTH - 8) * value / top, 2)
