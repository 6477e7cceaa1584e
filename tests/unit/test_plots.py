"""Shapes of estimates: in order, within the picture, and only of what is known."""

from __future__ import annotations

from flask import Flask

from service.statistics import Interval
from service.web import charts, plots


def test_whiskers_lie_within_the_picture_and_leave_out_what_is_not_known() -> None:
    rows = [("a", Interval(0.1, 0.05, 0.3)), ("b", None), ("c", Interval(None, 0.0, 0.4))]
    plot = plots.whiskers(rows)
    assert [w.name for w in plot.whiskers] == ["a", "c"]
    for w in plot.whiskers:
        assert 0 <= w.low < w.high <= plots.WIDTH
        assert w.y < plot.height
    first, second = plot.whiskers
    assert first.at
    assert first.low < first.at < first.high
    assert second.at is None
    assert [t.text for t in plot.ticks] == ["0 %", "20 %", "40 %"]
    assert plots.whiskers([("a", None)]).whiskers == ()


def test_axes_write_numbers_as_their_reader_does() -> None:
    with Flask(__name__).test_request_context(headers={"Accept-Language": "de"}):
        assert [m.text for m in plots.curve([1], ["x"]).lines] == ["0", "0,5", "1"]
        assert plots.whiskers([("a", Interval(0.01, 0.0, 0.01))]).ticks[1].text == "0,5 %"
        assert [m.text for m in charts.histogram([1], ["hold"], {}).marks] == ["0", "0,5", "1"]


def test_a_curve_rises_with_its_values() -> None:
    shapes = plots.curve([1, 2, 4], ["x", "y", "z"])
    heights = [float(point.partition(",")[2]) for point in shapes.points.split()]
    assert heights == sorted(heights, reverse=True)
    assert [m.text for m in shapes.marks] == ["x", "y", "z"]
    assert [m.text for m in shapes.lines] == ["0", "2", "4"]
    assert plots.curve([], []).points == ""
