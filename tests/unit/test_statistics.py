"""Intervals and agreement against the answers that are in the books."""

from __future__ import annotations

from math import sqrt

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.statistics import Interval, Z, alpha, merged, part, plus, share, times

ENDLESS = 10**12


# Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3.
@pytest.mark.parametrize(
    ("found", "read", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_it_gives_wilsons_interval(found: int, read: int, low: float, high: float) -> None:
    of = share(found, read, ENDLESS)
    assert of.at == pytest.approx(found / read)
    assert (of.low, of.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_an_interval_has_no_width_where_everything_was_read() -> None:
    assert share(3, 12, 12) == Interval(0.25, 0.25, 0.25)
    half = share(6, 24, 48)
    assert half.high - half.low < share(6, 24, ENDLESS).high - share(6, 24, ENDLESS).low


def test_what_was_not_read_is_not_known() -> None:
    assert share(0, 0, 50) == Interval(None, 0.0, 1.0)
    unknown = times(share(0, 0, 50), 50)
    assert plus(unknown, Interval(4.0, 3.0, 6.0)) == Interval(None, 3.0, 56.0)
    assert part(unknown, Interval(50.0, 50.0, 50.0)) == Interval(None, 0.0, 0.5)
    assert part(Interval(0.0, 0.0, 0.0), Interval(0.0, 0.0, 0.0)) is None


def around(at: float, error: float) -> Interval:
    return Interval(at, at - Z * error, at + Z * error)


def test_a_sum_of_normal_estimates_has_the_root_of_their_variances() -> None:
    total = plus(around(10, 3), around(20, 4))
    assert total.at == 30
    assert (total.low, total.high) == (pytest.approx(30 - Z * 5), pytest.approx(30 + Z * 5))


def test_a_part_of_normal_estimates_has_fiellers_interval() -> None:
    # Fieller (1954), J. R. Stat. Soc. B 16, 175-185: of a ratio of two independent normal means.
    a, b, sa, sb = 40.0, 100.0, 5.0, 6.0
    g = (Z * sb / b) ** 2
    half = Z / b * sqrt(sa**2 * (1 - g) + (a / b) ** 2 * sb**2)
    low, high = ((a / b - half) / (1 - g), (a / b + half) / (1 - g))
    found = part(around(a, sa), around(b, sb))
    assert found
    assert found.at == pytest.approx(40 / 140)
    assert found.low == pytest.approx(low / (1 + low), rel=1e-6)
    assert found.high == pytest.approx(high / (1 + high), rel=1e-6)


COUNTS = st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(0, 5000)).map(
    lambda t: times(share(min(t[0], t[1]), t[1], t[1] + t[2]), t[1] + t[2])
)


@given(COUNTS, COUNTS)
@example(Interval(1.0, 1.0, 1.0), Interval(4.0, 4.0, 4.0))
def test_a_part_is_between_0_and_1_and_its_estimate_in_its_interval(one: Interval, other: Interval) -> None:
    found = part(one, other)
    if found is None:
        assert one.high == other.high == 0
        return
    assert 0 <= found.low <= found.high <= 1
    if found.at is not None:
        assert found.low - 1e-9 <= found.at <= found.high + 1e-9


def pairs(one: str, other: str) -> dict[tuple[str, str], int]:
    counted: dict[tuple[str, str], int] = {}
    for pair in zip(one.split(), other.split(), strict=True):
        counted[pair] = counted.get(pair, 0) + 1
    return counted


# Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, sections A and B.
@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0", 0.095),
        ("a a b b d c c c e d d a", "b a b b b c c c e d d d", 0.692),
    ],
)
def test_it_gives_krippendorffs_alpha(one: str, other: str, expected: float) -> None:
    assert alpha(pairs(one, other)) == pytest.approx(expected, abs=5e-4)


def test_alpha_knows_its_ends() -> None:
    assert alpha({("a", "a"): 5, ("b", "b"): 2}) == 1.0
    assert alpha({("a", "a"): 5}) is None
    assert alpha({}) is None
    names = {"a": "x", "b": "y", "c": "y"}
    assert merged({("b", "c"): 2, ("a", "b"): 1, ("c", "a"): 3}, names) == {
        ("y", "y"): 2, ("x", "y"): 1, ("y", "x"): 3,
    }  # fmt: skip
