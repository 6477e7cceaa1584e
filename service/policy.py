"""From scores, author history and a site's rules to a verdict with its true reasons. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from service.domain import LABELS, Comment, History, Judgement, Lane, Policy, Reason, Thresholds, Verdict
from service.errors import Invalid, ScorerError

_LINK = re.compile(r"https?://[^\s<>\"')\]]+", re.IGNORECASE)
# An item is uncertain when its score lies this close above the threshold that it crossed.
UNCERTAIN_MARGIN = 0.1
_SHAPE = TypeAdapter(Policy)


def judge(
    comment: Comment,
    scores: Mapping[str, float] | ScorerError,
    history: History,
    policy: Policy,
    *,
    model: str,
    recommended: Mapping[str, Thresholds],
    language: str = "",
) -> Judgement:
    """Judge a comment: the severest of what scores, rules, author history and its language ask for."""
    known: Mapping[str, float] = {} if isinstance(scores, ScorerError) else scores
    thresholds = effective(policy, recommended)
    scored = _by_score(known, thresholds)
    if language:
        scored = _by_language(scored, language, policy)
    findings = [*scored, *_by_rule(comment, policy), *_by_author(history, policy)]
    if history.campaign:
        findings.append((Verdict.HOLD, Reason("campaign")))
    if isinstance(scores, ScorerError):
        findings.append((Verdict.HOLD, Reason("scorer_error", detail=str(scores))))
    verdict = max((v for v, _ in findings), key=list(Verdict).index, default=Verdict.APPROVE)
    reasons = tuple(r for v, r in findings if v is verdict)
    anyway = any(v is Verdict.HOLD and not r.code.startswith("score:") for v, r in findings)
    judged = Judgement(
        verdict, reasons, dict(known), model, policy.version, anyway=anyway, foreign=bool(language)
    )
    if policy.shadow and verdict is not Verdict.APPROVE:
        return replace(judged, verdict=Verdict.APPROVE, shadow=verdict)
    lane = _lane(reasons) if verdict is Verdict.HOLD else None
    return replace(judged, lane=lane, severity=max((r.score or 0.0 for r in reasons), default=0.0))


def effective(policy: Policy, recommended: Mapping[str, Thresholds]) -> dict[str, Thresholds]:
    """Fill in the model's recommended thresholds where the policy names none."""
    result = {}
    for label in LABELS:
        own, model = policy.thresholds.get(label, Thresholds()), recommended.get(label, Thresholds())
        reject = own.reject if own.reject is not None else model.reject
        result[label] = Thresholds(
            own.hold if own.hold is not None else model.hold,
            reject if label in policy.reject_labels else None,
        )
    return result


def check(policy: Policy) -> Policy:
    """Refuse a policy that cannot be meant; return it otherwise."""
    _check_types(policy)
    _check_thresholds("thresholds", policy.thresholds)
    _check_thresholds("trial", policy.trial)
    if not 0.0 <= policy.audit <= 1.0:
        raise Invalid("audit", "a share is between 0 and 1")
    for label in policy.reject_labels:
        if label not in LABELS:
            raise Invalid("reject_labels", "no such label: %(label)s", label=label)
    for name, label in policy.attributes.items():
        if label not in LABELS:
            raise Invalid(f"attributes.{name}", "no such label; one of %(these)s", these=", ".join(LABELS))
    if policy.max_links is not None and policy.max_links < 0:
        raise Invalid("max_links", "must be 0 or more")
    if not all(w.strip() for w in (*policy.blocked_words, *policy.blocked_domains)):
        raise Invalid("blocked_words, blocked_domains", "an entry is empty")
    return policy


def _check_types(policy: Policy) -> None:
    # As JSON, of which it was read or will be written: only so a list there may be a tuple here.
    try:
        _SHAPE.validate_json(json.dumps(asdict(policy)), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        name, said = ".".join(map(str, first["loc"])), first["msg"]
        raise Invalid(name or "policy", said) from None


def _check_thresholds(of: str, thresholds: Mapping[str, Thresholds]) -> None:
    for label, t in thresholds.items():
        if label not in LABELS:
            raise Invalid(f"{of}.{label}", "no such label; one of %(these)s", these=", ".join(LABELS))
        for name, value in (("hold", t.hold), ("reject", t.reject)):
            if value is not None and not 0.0 <= value <= 1.0:
                raise Invalid(f"{of}.{label}.{name}", "a score is between 0 and 1")
        if t.hold is not None and t.reject is not None and t.hold > t.reject:
            raise Invalid(f"{of}.{label}", "hold must not lie above reject")


def _by_score(
    scores: Mapping[str, float], thresholds: Mapping[str, Thresholds]
) -> Iterable[tuple[Verdict, Reason]]:
    for label, score in scores.items():
        hold, reject = thresholds[label].hold, thresholds[label].reject
        if reject is not None and score >= reject:
            yield Verdict.REJECT, Reason(f"score:{label}", score, reject)
        elif hold is not None and score >= hold:
            yield Verdict.HOLD, Reason(f"score:{label}", score, hold)


def _by_language(
    scored: Iterable[tuple[Verdict, Reason]], language: str, policy: Policy
) -> Iterable[tuple[Verdict, Reason]]:
    # Of what the model has not learnt only spam can be told, by links and author; never for certain.
    yield from ((Verdict.HOLD, reason) for _, reason in scored if reason.code == "score:spam")
    verdict = Verdict.APPROVE if policy.pass_other_languages else Verdict.HOLD
    yield verdict, Reason("language", detail=language)


def _by_rule(comment: Comment, policy: Policy) -> Iterable[tuple[Verdict, Reason]]:
    if comment.honeypot:
        yield Verdict.HOLD, Reason("rule:honeypot", detail="a field that people do not see was filled in")
    text = comment.text.casefold()
    for word in policy.blocked_words:
        if re.search(rf"(?<!\w){re.escape(word.casefold())}(?!\w)", text):
            yield Verdict.HOLD, Reason("rule:blocked_word", detail=word)
    links = _LINK.findall(comment.text)
    hosts = {_host(link) for link in [*links, comment.author_url]}
    for domain in policy.blocked_domains:
        if any(_under(host, domain.casefold()) for host in hosts):
            yield Verdict.HOLD, Reason("rule:blocked_domain", detail=domain)
    if policy.max_links is not None and len(links) > policy.max_links:
        yield Verdict.HOLD, Reason("rule:links", detail=f"{len(links)} links, {policy.max_links} allowed")


def _by_author(history: History, policy: Policy) -> Iterable[tuple[Verdict, Reason]]:
    if history.edited_after_rejection:
        yield Verdict.HOLD, Reason("rule:edited_after_rejection", detail="an earlier revision was rejected")
    if policy.hold_new_authors and not history.approved:
        yield Verdict.HOLD, Reason("author:NEW", detail="no approved comment yet")


def _lane(reasons: tuple[Reason, ...]) -> Lane:
    if any(r.code == "scorer_error" for r in reasons):
        return Lane.ERRORS
    if any(r.code == "campaign" for r in reasons):
        return Lane.CAMPAIGNS
    scored = [r for r in reasons if r.score is not None and r.threshold is not None]
    sure = [r for r in scored if (r.score or 0) - (r.threshold or 0) >= _margin(r)]
    if not sure:
        return Lane.UNCERTAIN
    return Lane(max(sure, key=_severity_of_label).code.removeprefix("score:"))


def _margin(reason: Reason) -> float:
    # Thresholds near 1 leave little room above them: a quarter of that room is margin enough.
    return min(UNCERTAIN_MARGIN, (1.0 - (reason.threshold or 0.0)) / 4)


def _severity_of_label(reason: Reason) -> int:
    # A comment that is dehumanising as well as hateful or spam belongs to the gravest lane.
    return -LABELS.index(reason.code.removeprefix("score:"))


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").casefold()
    except ValueError:
        return ""


def _under(host: str, domain: str) -> bool:
    return host == domain or host.endswith("." + domain)
