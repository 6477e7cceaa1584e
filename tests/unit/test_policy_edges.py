"""The policy at its edges: whose threshold counts, where a score lies exactly on it, and what is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.domain import LABELS, Comment, History, Judgement, Lane, Policy, Thresholds, Verdict
from service.errors import Invalid
from service.policy import check, effective, judge

COMMENT = Comment("blog", "1", "hi")
KNOWN = History(approved=1)
# Halves, quarters and eighths: sums of them are exact.
RECOMMENDED = dict.fromkeys(LABELS, Thresholds(0.5, 0.75))


def judged(
    policy: Policy, history: History = KNOWN, comment: Comment = COMMENT, **scores: float
) -> Judgement:
    return judge(comment, scores, history, policy, model="m", recommended=RECOMMENDED)


def test_it_rejects_on_those_labels_alone_that_a_site_names() -> None:
    own = Thresholds(0.25, 0.5)
    policy = Policy(thresholds=dict.fromkeys(LABELS, own), reject_labels=("hateful",))
    assert effective(policy, RECOMMENDED) == {
        "dehumanising": Thresholds(0.25, None),
        "hateful": own,
        "spam": Thresholds(0.25, None),
    }
    verdicts = [judged(policy, **{label: 1.0}).verdict for label in LABELS]
    assert verdicts == [Verdict.HOLD, Verdict.REJECT, Verdict.HOLD]


def test_it_takes_a_sites_own_threshold_for_each_end() -> None:
    policy = Policy(
        thresholds={"spam": Thresholds(reject=1.0), "hateful": Thresholds(hold=0.0)}, reject_labels=LABELS
    )
    found = effective(policy, RECOMMENDED)
    assert (found["spam"], found["hateful"]) == (Thresholds(0.5, 1.0), Thresholds(0.0, 0.75))


def test_it_asks_nothing_of_a_label_that_neither_site_nor_model_has_a_threshold_for() -> None:
    found = judge(COMMENT, {"spam": 1.0}, KNOWN, Policy(), model="m", recommended={})
    assert (found.verdict, found.reasons, found.severity) == (Verdict.APPROVE, (), 0.0)


@pytest.mark.parametrize(("score", "verdict"), [(0.75, Verdict.REJECT), (0.749, Verdict.HOLD)])
def test_it_rejects_from_the_threshold_on(score: float, verdict: Verdict) -> None:
    assert judged(Policy(reject_labels=("spam",)), spam=score).verdict is verdict


def test_it_knows_of_a_judgement_whether_the_language_was_foreign() -> None:
    found = judge(COMMENT, {}, KNOWN, Policy(), model="m", recommended=RECOMMENDED, language="de")
    assert found.foreign
    assert not judged(Policy()).foreign


@pytest.mark.parametrize(
    ("threshold", "score", "lane"),
    [
        # A quarter of what is left above the threshold, a tenth at most.
        (0.75, 0.8125, Lane.SPAM),
        (0.75, 0.81, Lane.UNCERTAIN),
        (0.0, 0.125, Lane.SPAM),
        (0.0, 0.0, Lane.UNCERTAIN),
        (1.0, 1.0, Lane.SPAM),
    ],
)
def test_it_is_sure_from_the_margin_on(threshold: float, score: float, lane: Lane) -> None:
    policy = Policy(thresholds={"spam": Thresholds(threshold)}, reject_labels=())
    assert judged(policy, spam=score).lane is lane


HONEYPOT, NEW, EDITED = "rule:honeypot", "author:NEW", "rule:edited_after_rejection"


@pytest.mark.parametrize(
    ("comment", "history", "code", "detail"),
    [
        (replace(COMMENT, honeypot=True), KNOWN, HONEYPOT, "a field that people do not see was filled in"),
        (COMMENT, History(), NEW, "no approved comment yet"),
        (COMMENT, replace(KNOWN, edited_after_rejection=True), EDITED, "an earlier revision was rejected"),
    ],
)
def test_it_says_what_else_it_holds_for(comment: Comment, history: History, code: str, detail: str) -> None:
    found = judged(Policy(hold_new_authors=True), history, comment)
    assert (found.verdict, found.lane) == (Verdict.HOLD, Lane.UNCERTAIN)
    assert [(r.code, r.detail) for r in found.reasons] == [(code, detail)]


def test_it_blocks_no_author_for_an_address_that_names_no_host() -> None:
    policy = Policy(blocked_domains=("xxxx",))
    for address in ("", "mailto:a", "http://[half"):
        found = judged(policy, comment=Comment("blog", "1", "hi", author_url=address))
        assert found.verdict is Verdict.APPROVE


def test_it_checks_the_thresholds_on_trial_as_those_in_force() -> None:
    with pytest.raises(Invalid, match=r"^trial\.spam\.hold: a score is between 0 and 1$"):
        check(Policy(trial={"spam": Thresholds(2.0)}))
    assert check(Policy(audit=0.0)).audit == 0.0


def test_it_takes_an_attribute_that_stands_for_a_label() -> None:
    policy = Policy(attributes={"TOXICITY": "hateful", "SPAMMY": "spam"})
    assert check(policy) is policy
