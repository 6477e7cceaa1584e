"""A replay judges as the policy does; what is found by cost and budget is what it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import audit, policy, replay, thresholds
from service.domain import LABELS, Comment, History, Judgement, Lane, Policy, Thresholds, Verdict
from service.store import rows

SCORE = st.integers(0, rows.MILLION).map(lambda n: n / rows.MILLION)
LIMIT = st.one_of(st.none(), SCORE, st.integers(0, 10**8).map(lambda n: n / 10**8))
LIMITS = st.tuples(LIMIT, LIMIT).map(lambda t: Thresholds(*t))
OF_ALL = st.fixed_dictionaries(dict.fromkeys(LABELS, LIMITS))


RULES = st.builds(
    Policy, thresholds=OF_ALL, reject_labels=st.just(LABELS), blocked_words=st.just(("bad",)),
    pass_other_languages=st.booleans(), shadow=st.booleans(),
)  # fmt: skip
COMMENTS = st.tuples(
    st.fixed_dictionaries(dict.fromkeys(LABELS, SCORE)),
    st.sampled_from(["", "de"]),
    st.sampled_from(["", "bad"]),
)


@given(comments=st.lists(COMMENTS, min_size=1, max_size=5), rules=RULES, limits=OF_ALL)
def test_a_replay_judges_as_the_policy_would_have(
    comments: list[tuple[dict[str, float], str, str]], rules: Policy, limits: dict[str, Thresholds]
) -> None:
    def judged(rules: Policy, scores: dict[str, float], language: str, text: str) -> Judgement:
        said, history = Comment("blog", "1", text), History(approved=1)
        return policy.judge(said, scores, history, rules, model="m", recommended={}, language=language)

    past = replay.read([b"".join(rows.row(judged(rules, *each)) for each in comments)])
    tried = replace(rules, thresholds=limits, shadow=False)
    expected = [judged(tried, *each).verdict for each in comments]
    assert [list(Verdict)[v] for v in replay.verdicts(past, limits)] == expected


def made(n: int, seed: int = 0) -> replay.Past:
    """Return comments of ten days with scores of every height; each fiftieth is held anyway."""
    chance = np.random.default_rng(seed)
    past = replay.read([b""] * 10)
    scores = (chance.beta(0.3, 3, (n, 3)) * rows.MILLION).astype(np.int64)
    zeros, none = np.zeros(n, np.int64), np.zeros(n, bool)
    return replay.Past(
        scores=scores, share=zeros, verdict=zeros, crossed=zeros, ruling=zeros,
        anyway=np.arange(n) % 50 == 0, foreign=none, drawn=none, day=np.arange(n) % 10, days=past.days,
    )  # fmt: skip


def test_a_cost_is_a_threshold() -> None:
    found = replay.by_cost({"dehumanising": 20.0, "spam": 1.0, "hateful": 0.0})
    assert found == {"dehumanising": pytest.approx(1 / 21), "spam": 0.5, "hateful": 1.0}


@given(
    budget=st.integers(0, 400),
    costs=st.fixed_dictionaries(dict.fromkeys(LABELS, st.sampled_from([0.0, 1.0, 3.0, 20.0]))),
    reject=st.one_of(st.none(), st.just(0.5)),
)
def test_a_budget_is_kept_and_used(budget: int, costs: dict[str, float], reject: float | None) -> None:
    past = made(2_000)
    limits = {label: Thresholds(None, reject if label == "spam" else None) for label in LABELS}
    holds = replay.by_budget(past, limits, costs, budget)
    held = replay.verdicts(past, thresholds.with_holds(limits, holds)) == replay.HOLD
    least = int((replay.verdicts(past, limits) == replay.HOLD).sum())
    assert held.sum() <= max(budget * 10, least)
    if costs["dehumanising"] and costs["hateful"] and costs["spam"] and budget * 10 > least:
        # One more of them, and it would be too many: no two scores are alike, or nothing is left to hold.
        left = int((replay.verdicts(past, limits) == replay.APPROVE).sum())
        assert held.sum() >= min(budget * 10, least + left) - 3


def test_no_comments_are_no_trouble() -> None:
    past = replay.read([b"", b""])
    limits = {label: Thresholds(0.5) for label in LABELS}
    assert len(replay.verdicts(past, limits)) == 0
    assert replay.by_budget(past, limits, dict.fromkeys(LABELS, 1.0), 60) == dict.fromkeys(LABELS, 1.0)
    found = thresholds.outcome(past, past.verdict, 10.0)
    assert (found.held_a_day, found.part("hold").comments) == (0.0, 0)


def test_a_row_says_what_a_judgement_was() -> None:
    scores = {"dehumanising": 0.123456, "hateful": 1.0, "spam": 0.0}
    judged = policy.judge(
        Comment("blog", "1", "x"), scores, History(approved=1), Policy(), model="m", recommended={}
    )
    past = replay.read([b"", rows.row(audit.draw(judged, 0.0123, 0.0)) + b"half a row"])
    assert past.scores.tolist() == [[123_456, 1_000_000, 0]]
    assert (past.share.tolist(), past.drawn.tolist(), past.day.tolist(), past.days) == ([123], [True], [1], 2)
    assert audit.draw(judged, 0.0123, 0.0).lane is Lane.AUDIT
    assert audit.draw(judged, 0.0123, 0.5).lane is None
