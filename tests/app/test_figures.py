"""The figures: counted by the transitions, added up over sites and days, drawn and written in tables."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from math import floor, log2

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from service import figures, site_settings
from service.domain import LABELS, Policy, ReasonCode, Ruling
from service.errors import NotFound
from service.figures import Agreement, SiteFigures
from service.moderation import Moderation, Wish
from service.web import charts, showing
from tests.conftest import ADMIN, ANA, Clock, submit
from tests.pages import Visitor, give_password

REJECT = Wish(Ruling.REJECT, ReasonCode.HATEFUL)
APPROVE = Wish(Ruling.APPROVE)


def test_it_counts_verdicts_and_reasons_by_day(moderation: Moderation, clock: Clock) -> None:
    for n, text in enumerate(["fine", "[spam=0.7 hateful=0.9]", "[spam=0.99]", "[broken]"]):
        submit(moderation, text, f"a{n}")
    clock.move(86_400)
    submit(moderation, "fine, too", "b")
    report = figures.report(moderation, ANA, 7)
    assert report.days[-1] == datetime.fromtimestamp(clock(), UTC).date()
    assert report.series("verdict:approve") == [0, 0, 0, 0, 0, 1, 1]
    assert report.series("verdict:hold") == [0, 0, 0, 0, 0, 2, 0]
    assert report.named("verdict:") == {"approve": 2, "hold": 2, "reject": 1}
    assert report.named("reason:") == {"score:spam": 2, "scorer_error": 1, "score:hateful": 1}


def test_it_counts_what_comes_again_once(moderation: Moderation) -> None:
    for _ in range(3):
        submit(moderation, "[spam=0.7]")
    assert figures.report(moderation, ANA, 7).named("verdict:") == {"hold": 1}


def test_it_counts_decisions_agreement_and_waits(moderation: Moderation, clock: Clock) -> None:
    ids = [submit(moderation, "[hateful=0.8]" + "!" * n, str(n))["id"] for n in range(3)]
    fine = submit(moderation, "fine", "fine")["id"]
    clock.move(600)
    for item_id in ids[:2]:
        moderation.decide(ANA, item_id, REJECT)
    moderation.decide(ANA, ids[2], APPROVE)
    moderation.decide(ANA, fine, Wish(Ruling.REJECT, ReasonCode.SPAM))
    report = figures.report(moderation, ANA, 7)
    assert report.named("decision:") == {"reject": 3, "approve": 1}
    assert report.named("rejected:") == {"hateful": 2, "spam": 1}
    assert report.total["after:approve:reject"] == 1
    assert Agreement("hateful", 2, 1) in report.agreement
    assert Agreement("hateful", 2, 1).share == pytest.approx(2 / 3)
    assert Agreement("spam", 0, 0).share is None
    # What was let through did not wait for anybody.
    assert sum(n for name, n in report.total.items() if name.startswith("wait:")) == 3
    assert report.median_wait_s == pytest.approx(600, rel=0.1)


def test_an_undo_takes_back_what_was_counted_on_the_day_of_the_decision(
    moderation: Moderation, clock: Clock
) -> None:
    item_id = submit(moderation, "[hateful=0.8]")["id"]
    moderation.decide(ANA, item_id, REJECT)
    clock.move(2 * 86_400)
    moderation.undo(ANA, item_id)
    report = figures.report(moderation, ANA, 7)
    assert report.named("decision:") == report.named("rejected:") == report.named("held:") == {}
    assert report.median_wait_s is None
    moderation.decide(ANA, item_id, APPROVE)
    report = figures.report(moderation, ANA, 7)
    assert report.series("decision:approve")[-1] == 1
    assert report.median_wait_s == pytest.approx(2 * 86_400, rel=0.1)


def test_it_counts_what_shadow_mode_would_have_held(moderation: Moderation, clock: Clock) -> None:
    site_settings.set_policy(moderation, "blog", Policy(shadow=True), "admin")
    clock.move(2)
    for n, text in enumerate(["[spam=0.7]", "[spam=0.99]", "fine"]):
        submit(moderation, text, str(n))
    report = figures.report(moderation, ADMIN, 7)
    assert report.named("shadow:") == {"hold": 1, "reject": 1}
    assert report.named("verdict:") == {"approve": 3}
    assert report.named("reason:") == {"score:spam": 2}


def test_it_shows_the_age_of_what_waits(moderation: Moderation, clock: Clock) -> None:
    ages = [5 * 86_400, 2 * 86_400, 86_400, 7200, 3600, 1800, 0]
    for n, (seconds, following) in enumerate(zip(ages, [*ages[1:], 0], strict=True)):
        submit(moderation, f"[spam=0.7] {n}", str(n))
        clock.move(seconds - following)
    assert figures.report(moderation, ANA, 7).backlog == (2, 2, 2, 1)


def test_it_keeps_to_the_sites_of_the_person(moderation: Moderation) -> None:
    submit(moderation, "[spam=0.7]")
    submit(moderation, "[spam=0.7]", site="other")
    assert [s.site for s in figures.report(moderation, ANA, 7).sites] == ["blog"]
    assert figures.report(moderation, ANA, 7).named("verdict:") == {"hold": 1}
    assert figures.report(moderation, ADMIN, 7).sites == (
        SiteFigures("blog", 1, 1, 0, None, 1), SiteFigures("other", 1, 1, 0, None, 1),
    )  # fmt: skip
    with pytest.raises(NotFound):
        figures.report(moderation, ANA, 7, "other")


def test_its_counters_are_few_and_expire(moderation: Moderation, clock: Clock) -> None:
    for n in range(30):
        item_id = submit(moderation, f"[hateful=0.8] {n}", str(n))["id"]
        clock.move(n * 100)
        moderation.decide(ANA, item_id, REJECT)
    client = moderation.store._db.client
    (key,) = client.keys("*day:blog:*")
    assert client.hlen(key) < 60
    assert client.ttl(key) > 365 * 86_400


@pytest.fixture
def ana(app: Flask, moderation: Moderation) -> Visitor:
    give_password(moderation.store, ANA)
    visitor = Visitor(app)
    visitor.enter("ana")
    return visitor


def test_the_page_has_a_table_for_each_chart(ana: Visitor, moderation: Moderation) -> None:
    item_id = submit(moderation, "[hateful=0.8]")["id"]
    submit(moderation, "fine", "2")
    moderation.decide(ANA, item_id, REJECT)
    page = ana.get("/figures/?days=7")
    assert page.html.count('<svg class="chart"') == 6
    assert page.html.count("<details><summary>Table</summary><table") == 6
    today = datetime.fromtimestamp(moderation.clock(), UTC).date()
    words = " ".join(re.sub(r"<[^>]+>", " ", page.html).split())
    assert f"{today} 1 1 0" in words
    assert "Hateful 1 0 100 %" in words
    assert "style=" not in page.html


def test_the_page_shows_nothing_kindly(ana: Visitor) -> None:
    page = ana.get("/figures/")
    assert page.status == 200
    assert "Nothing was held or kept out." in page.text
    assert "none decided" in page.text


@pytest.mark.parametrize("days", ["0", "-1", "8", "100000"])
def test_the_page_refuses_other_periods(ana: Visitor, days: str) -> None:
    assert ana.get(f"/figures/?days={days}").status == 422


def test_the_page_hides_the_sites_of_others(ana: Visitor) -> None:
    assert ana.get("/figures/?site=other").status == 404
    assert "other" not in re.findall(r"<option[^>]*>(\w+)</option>", ana.get("/figures/").html)


waits = st.lists(st.floats(0, 1e7), min_size=1, max_size=200)


@given(waits)
def test_the_median_is_true_to_a_tenth(seconds: list[float]) -> None:
    counted = Counter(f"wait:{floor(4 * log2(1 + s))}" for s in seconds)
    found = figures.median_wait(counted)
    assert found is not None
    lower = sorted(seconds)[(len(seconds) - 1) // 2]
    assert abs((found + 1) / (lower + 1) - 1) <= 0.1


values = st.lists(st.integers(0, 10**6), min_size=1, max_size=90)


@given(values, values)
def test_columns_stay_within_the_picture_and_keep_proportions(one: list[int], other: list[int]) -> None:
    size = min(len(one), len(other))
    series = {"a": one[:size], "b": other[:size]}
    drawn = charts.columns([str(n) for n in range(size)], series)
    room = charts.HEIGHT - charts.TOP - charts.BOTTOM
    top = charts.ceiling(max(a + b for a, b in zip(*series.values(), strict=True)))
    for bar in drawn.bars:
        assert bar.x >= charts.LEFT
        assert bar.x + bar.width <= charts.WIDTH
        assert bar.y >= charts.TOP - 0.02
        assert bar.y + bar.height <= charts.HEIGHT - charts.BOTTOM + 0.02
    for kind, numbers in series.items():
        assert sum(b.height for b in drawn.bars if b.kind == kind) == pytest.approx(
            sum(numbers) * room / top, abs=0.01 * len(numbers)
        )


@given(st.dictionaries(st.sampled_from(LABELS), st.integers(0, 1000)))
def test_rows_are_as_long_as_what_they_show(parts: dict[str, int]) -> None:
    drawn = charts.rows({name: {"hold": n} for name, n in parts.items()})
    assert len(drawn.marks) == len(parts)
    assert len(drawn.bars) == sum(n > 0 for n in parts.values())
    if any(parts.values()):
        assert max(b.width for b in drawn.bars) == charts.WIDTH


@given(st.floats(0, 1e9))
def test_the_ceiling_is_round_and_near(highest: float) -> None:
    top = charts.ceiling(highest)
    assert top >= highest
    assert top <= max(1.0, 2 * highest)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, "none"), (0.0, "0 s"), (59.0, "59 s"), (90.0, "1.5 min"), (3600.0, "1.0 h"), (864_000.0, "10 d")],
)
def test_durations_are_short(seconds: float | None, said: str) -> None:
    assert showing.duration(seconds) == said
