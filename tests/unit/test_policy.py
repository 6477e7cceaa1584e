"""The policy: monotone, true reasons, one lane, and rules that say what they found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain import LABELS, Comment, History, Judgement, Lane, Policy, Thresholds, Verdict
from service.errors import Invalid, ScorerError
from service.policy import check, effective, judge
from service.store import codec

RECOMMENDED = {
    "dehumanising": Thresholds(0.5),
    "hateful": Thresholds(0.6),
    "spam": Thresholds(0.5, 0.95),
}
COMMENT = Comment("blog", "1", "See https://shop.example/a and http://other.example today")
KNOWN = History(approved=3)
DEFAULT = Policy()

probability = st.floats(0, 1)
scores_of_all = st.fixed_dictionaries(dict.fromkeys(LABELS, probability))
pairs = st.lists(probability, min_size=2, max_size=2).map(sorted)
thresholds = st.builds(lambda p: Thresholds(p[0], p[1]), pairs)
policies = st.builds(
    Policy,
    thresholds=st.dictionaries(st.sampled_from(LABELS), thresholds),
    reject_labels=st.sets(st.sampled_from(LABELS)).map(tuple),
    blocked_words=st.sampled_from([(), ("today",)]),
    max_links=st.sampled_from([None, 0, 5]),
    hold_new_authors=st.booleans(),
)


def judged(
    scores: dict[str, float] | ScorerError,
    policy: Policy = DEFAULT,
    comment: Comment = COMMENT,
    history: History = KNOWN,
) -> Judgement:
    return judge(comment, scores, history, policy, model="m", recommended=RECOMMENDED)


def low(**higher: float) -> dict[str, float]:
    return dict.fromkeys(LABELS, 0.01) | higher


@given(scores_of_all, scores_of_all, policies)
def test_it_never_answers_a_higher_score_more_mildly(
    one: dict[str, float], two: dict[str, float], policy: Policy
) -> None:
    upper = {k: max(one[k], two[k]) for k in LABELS}
    order = list(Verdict).index
    assert order(judged(upper, policy).verdict) >= order(judged(one, policy).verdict)


@pytest.mark.parametrize(("passes", "verdict"), [(False, Verdict.HOLD), (True, Verdict.APPROVE)])
@pytest.mark.parametrize("label", ["dehumanising", "hateful"])
def test_it_never_judges_an_unlearnt_language_by_its_score(
    passes: bool, verdict: Verdict, label: str
) -> None:
    policy = Policy(pass_other_languages=passes, reject_labels=LABELS)
    found = judge(
        COMMENT, low(**{label: 0.99}), KNOWN, policy, model="m", recommended=RECOMMENDED, language="de"
    )
    assert found.verdict is verdict
    assert [(r.code, r.detail) for r in found.reasons] == [("language", "de")]
    assert found.lane == (None if passes else Lane.UNCERTAIN)
    assert found.scores[label] == 0.99


@pytest.mark.parametrize("passes", [False, True])
def test_it_holds_what_looks_like_spam_in_an_unlearnt_language_but_never_rejects_it(passes: bool) -> None:
    policy = Policy(pass_other_languages=passes)
    found = judge(COMMENT, low(spam=0.99), KNOWN, policy, model="m", recommended=RECOMMENDED, language="de")
    assert (found.verdict, found.lane) == (Verdict.HOLD, Lane.SPAM)
    assert "score:spam" in {r.code for r in found.reasons}


def test_it_keeps_rules_and_failures_in_any_language() -> None:
    policy = Policy(pass_other_languages=True, blocked_words=("today",))
    for scores in (low(), ScorerError("no model")):
        found = judge(COMMENT, scores, KNOWN, policy, model="m", recommended=RECOMMENDED, language="de")
        assert found.verdict is Verdict.HOLD
        assert "rule:blocked_word" in {r.code for r in found.reasons}


@given(scores_of_all, policies)
def test_it_gives_a_reason_for_whatever_is_not_approved(scores: dict[str, float], policy: Policy) -> None:
    j = judged(scores, policy)
    assert bool(j.reasons) == (j.verdict is not Verdict.APPROVE)
    assert (j.lane is not None) == (j.verdict is Verdict.HOLD)
    for reason in j.reasons:
        if reason.code.startswith("score:"):
            assert reason.score is not None
            assert reason.threshold is not None
            assert reason.score >= reason.threshold


@given(scores_of_all)
def test_it_never_rejects_on_dehumanising_or_hateful_by_default(scores: dict[str, float]) -> None:
    j = judged(scores)
    assert (j.verdict is Verdict.REJECT) == (scores["spam"] >= 0.95)


@pytest.mark.parametrize("label", LABELS)
def test_it_holds_from_the_threshold_on(label: str) -> None:
    at = RECOMMENDED[label].hold or 0
    assert judged(low(**{label: at})).verdict is Verdict.HOLD
    assert judged(low(**{label: at - 1e-9})).verdict is Verdict.APPROVE


def test_it_prefers_the_policy_to_the_recommendation() -> None:
    strict = Policy(thresholds={"hateful": Thresholds(hold=0.2)})
    assert judged(low(hateful=0.3), strict).reasons[0].threshold == 0.2
    assert effective(strict, RECOMMENDED)["spam"] == Thresholds(0.5, 0.95)


@given(policies)
def test_it_holds_whatever_the_scorer_failed_on(policy: Policy) -> None:
    j = judged(ScorerError("the model failed"), policy)
    assert j.verdict is Verdict.HOLD
    assert "scorer_error" in [r.code for r in j.reasons]
    assert j.lane is Lane.ERRORS
    assert not j.scores


@pytest.mark.parametrize(
    ("policy", "code", "detail"),
    [
        (Policy(blocked_words=("TODAY",)), "rule:blocked_word", "TODAY"),
        (Policy(blocked_domains=("shop.example",)), "rule:blocked_domain", "shop.example"),
        (Policy(blocked_domains=("example",)), "rule:blocked_domain", "example"),
        (Policy(max_links=1), "rule:links", "2 links, 1 allowed"),
    ],
)
def test_it_holds_by_rule_and_says_what_it_found(policy: Policy, code: str, detail: str) -> None:
    j = judged(low(), policy)
    assert (j.verdict, j.reasons[0].code, j.reasons[0].detail) == (Verdict.HOLD, code, detail)


@pytest.mark.parametrize(
    "policy",
    [Policy(blocked_words=("toda", "ay")), Policy(blocked_domains=("hop.example",)), Policy(max_links=2)],
)
def test_it_does_not_hold_by_half_a_word_or_domain(policy: Policy) -> None:
    assert judged(low(), policy).verdict is Verdict.APPROVE


def test_it_looks_at_the_authors_link_too() -> None:
    comment = replace(COMMENT, text="hi", author_url="https://www.shop.example/x")
    policy = Policy(blocked_domains=("shop.example",))
    assert judged(low(), policy, comment).reasons[0].code == "rule:blocked_domain"
    broken = replace(comment, author_url="http://[half")
    assert judged(low(), policy, broken).verdict is Verdict.APPROVE


def test_it_holds_new_authors_only_where_asked() -> None:
    policy = Policy(hold_new_authors=True)
    assert judged(low(), policy, history=History()).reasons[0].code == "author:NEW"
    assert judged(low(), policy, history=KNOWN).verdict is Verdict.APPROVE
    assert judged(low(), history=History()).verdict is Verdict.APPROVE


def test_it_holds_an_edit_of_what_was_rejected() -> None:
    j = judged(low(), history=History(edited_after_rejection=True))
    assert [r.code for r in j.reasons] == ["rule:edited_after_rejection"]


@pytest.mark.parametrize(
    ("scores", "lane"),
    [
        (low(dehumanising=0.9), Lane.DEHUMANISING),
        (low(dehumanising=0.9, spam=0.9), Lane.DEHUMANISING),
        (low(hateful=0.9, spam=0.9), Lane.HATEFUL),
        (low(spam=0.8), Lane.SPAM),
        (low(dehumanising=0.52), Lane.UNCERTAIN),
    ],
)
def test_it_puts_an_item_in_the_lane_of_its_gravest_sure_label(scores: dict[str, float], lane: Lane) -> None:
    assert judged(scores).lane is lane


def test_it_gathers_copies_in_a_lane_of_their_own() -> None:
    assert judged(low(spam=0.9), history=History(campaign=True)).lane is Lane.CAMPAIGNS


def test_it_says_all_that_led_to_a_verdict() -> None:
    found = judged(low(spam=0.8, hateful=0.7), Policy(version=7))
    assert (found.model, found.policy, found.severity) == ("m", 7, 0.8)
    assert (found.anyway, found.foreign, found.shadow) == (False, False, None)
    by_rule = judged(low(), Policy(blocked_words=("today",)))
    assert (by_rule.severity, by_rule.anyway) == (0.0, True)
    assert judged(ScorerError("it broke")).reasons[0].detail == "it broke"


def test_it_only_tells_in_shadow_what_it_would_have_done() -> None:
    found = judged(low(spam=0.8), Policy(shadow=True))
    assert (found.verdict, found.shadow, found.lane) == (Verdict.APPROVE, Verdict.HOLD, None)
    assert judged(low(), Policy(shadow=True)).shadow is None


LABEL = "no such label; one of dehumanising, hateful, spam"
SCORE, SHARE = "a score is between 0 and 1", "a share is between 0 and 1"


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (Policy(thresholds={"rude": Thresholds(0.5)}), f"thresholds.rude: {LABEL}"),
        (Policy(thresholds={"spam": Thresholds(1.5)}), f"thresholds.spam.hold: {SCORE}"),
        (Policy(thresholds={"spam": Thresholds(0.5, -0.1)}), f"thresholds.spam.reject: {SCORE}"),
        (
            Policy(thresholds={"spam": Thresholds(0.9, 0.5)}),
            "thresholds.spam: hold must not lie above reject",
        ),
        (Policy(thresholds={"spam": Thresholds(float("nan"))}), f"thresholds.spam.hold: {SCORE}"),
        (Policy(reject_labels=("rude",)), "reject_labels: no such label: rude"),
        (Policy(max_links=-1), "max_links: must be 0 or more"),
        (Policy(audit=1.5), f"audit: {SHARE}"),
        (Policy(attributes={"TOXICITY": "rude"}), f"attributes.TOXICITY: {LABEL}"),
        (Policy(blocked_words=(" ",)), "blocked_words, blocked_domains: an entry is empty"),
    ],
)
def test_it_refuses_a_policy_that_cannot_be_meant(policy: Policy, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        check(policy)
    assert str(refused.value) == said


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"max_links": "3"}, "max_links: Input should be a valid integer"),
        ({"max_links": True}, "max_links: Input should be a valid integer"),
        ({"max_links": 1.5}, "max_links: Input should be a valid integer"),
        ({"max_links": float("inf")}, "max_links: Input should be a valid integer"),
        ({"version": "2"}, "version: Input should be a valid integer"),
        ({"shadow": 1}, "shadow: Input should be a valid boolean"),
        ({"audit": True}, "audit: Input should be a valid number"),
        ({"audit": "0.1"}, "audit: Input should be a valid number"),
        ({"thresholds": None}, "thresholds: Input should be an object"),
        ({"thresholds": {"spam": {"hold": True}}}, "thresholds.spam.hold: Input should be a valid number"),
        ({"trial": 3}, "trial: Input should be an object"),
        ({"trial": {"spam": 3}}, "trial.spam: Input should be an object"),
        ({"attributes": []}, "attributes: Input should be an object"),
        ({"reject_labels": "spam"}, "reject_labels: Input should be a valid array"),
        ({"blocked_words": "abc"}, "blocked_words: Input should be a valid array"),
        ({"blocked_domains": [1]}, "blocked_domains.0: Input should be a valid string"),
    ],
)
def test_it_refuses_what_is_of_another_type(fields: dict[str, Any], said: str) -> None:
    # It can be read all the same: once it was stored.
    policy = codec.policy(fields)
    with pytest.raises(Invalid) as refused:
        check(policy)
    assert str(refused.value) == said


@pytest.mark.parametrize(
    "policy",
    [
        Policy(),
        Policy(max_links=0, audit=1.0, reject_labels=LABELS),
        Policy(thresholds={"spam": Thresholds(0.0, 1.0), "hateful": Thresholds(0.5, 0.5)}),
        Policy(thresholds={"spam": Thresholds(None, 0.9), "hateful": Thresholds(0.9)}),
    ],
)
def test_it_takes_a_policy_at_the_edge_of_what_can_be_meant(policy: Policy) -> None:
    assert check(policy) == policy
