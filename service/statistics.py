"""Shares, totals and ratios of samples with their 95 % intervals, and agreement between readers. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt

# Of the normal distribution, for 95 %.
Z = 1.959964


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and its 95 % interval; where nothing was observed, no estimate and all that is possible."""

    at: float | None
    low: float
    high: float


NOTHING = Interval(0.0, 0.0, 0.0)


def share(found: int, read: int, population: int) -> Interval:
    """Estimate a share of a population from a random sample of it: Wilson's score interval.

    Wilson (1927), J. Am. Stat. Assoc. 22, 209-212. A sample that is a large part of its population counts for
    more, by the finite population correction: Cochran (1977), Sampling Techniques, section 2.6.
    """
    if not read:
        return Interval(None, 0.0, 1.0)
    at = found / read
    if read >= population:
        return Interval(at, at, at)
    n = read * (population - 1) / (population - read)
    middle = (at + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * sqrt(at * (1 - at) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    return Interval(at, max(0.0, middle - half), min(1.0, middle + half))


def times(of: Interval, population: int) -> Interval:
    """Make a total of a share."""
    at = None if of.at is None else of.at * population
    return Interval(at, of.low * population, of.high * population)


def plus(one: Interval, other: Interval) -> Interval:
    """Add two independent estimates: Zou and Donner (2008), Statistics in Medicine 27, 1693-1702 (MOVER)."""
    if one.at is None or other.at is None:
        return Interval(None, one.low + other.low, one.high + other.high)
    at = one.at + other.at
    below = _norm(one.at - one.low, other.at - other.low)
    return Interval(at, at - below, at + _norm(one.high - one.at, other.high - other.at))


def part(one: Interval, other: Interval) -> Interval | None:
    """Return what share of two independent totals the first one is; none where both are empty.

    From the ratio of the two: Donner and Zou (2012), Statistical Methods in Medical Research 21, 347-359,
    section 3.3 (MOVER-R).
    """
    if one.high + other.high == 0:
        return None
    if one.at is None or other.at is None or one.at + other.at == 0:
        return Interval(None, _over(one.low, other.high), _over(one.high, other.low))
    at = one.at / (one.at + other.at)
    # Where all is known the three are the same, but for the last digit of what is computed.
    return Interval(at, min(at, _lowest(one, other)), max(at, 1.0 - _lowest(other, one)))


def alpha(pairs: Mapping[tuple[str, str], int]) -> float | None:
    """Return Krippendorff's alpha of two readers' words for the same comments; none where all said one thing.

    Of nominal data, from counts of pairs: Krippendorff (2011), Computing Krippendorff's Alpha-Reliability,
    section C. 1 is perfect agreement, 0 what chance would give.
    """
    said: Counter[str] = Counter()
    for pair, n in pairs.items():
        for word in pair:
            said[word] += n
    total = said.total()
    differing = 2 * sum(n for (one, other), n in pairs.items() if one != other)
    expected = total * total - sum(n * n for n in said.values())
    return 1.0 - (total - 1) * differing / expected if expected else None


def merged(pairs: Mapping[tuple[str, str], int], names: Mapping[str, str]) -> Counter[tuple[str, str]]:
    """Count pairs under coarser names."""
    result: Counter[tuple[str, str]] = Counter()
    for (one, other), n in pairs.items():
        result[names[one], names[other]] += n
    return result


def total(parts: Iterable[Interval]) -> Interval:
    """Add independent estimates up."""
    result = NOTHING
    for one in parts:
        result = plus(result, one)
    return result


def _lowest(one: Interval, other: Interval) -> float:
    # The lower end of one / (one + other), from that of one / other, in a form that divides by no zero.
    a, b = one.at or 0.0, other.at or 0.0
    width = sqrt(max(0.0, (a * b) ** 2 - one.low * other.high * (2 * a - one.low) * (2 * b - other.high)))
    below = other.high * (2 * b - other.high)
    if below <= 0:
        # Where the other total may be twice its estimate, the form above has no end: its ends as they are.
        return _over(one.low, other.high)
    ratio = max(0.0, (a * b - width) / below)
    return ratio / (1 + ratio)


def _over(one: float, other: float) -> float:
    return one / (one + other) if one else 0.0


def _norm(one: float, other: float) -> float:
    return sqrt(one * one + other * other)
