"""What the API gives, as types: they write the answers, and make the OpenAPI description."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from pydantic import AwareDatetime, BaseModel, Field

from service.domain import Item, Lane, ReasonCode, Ruling, Verdict
from service.errors import Conflict, ModqueueError
from service.store import LaneSummary, Page
from service.web.responses import STATUS

REASON_CODES = (
    "`score:LABEL`, `rule:NAME`, `author:NEW`, `language` (one that the model has not learnt), `campaign`, "
    "`scorer_error`, `audit` or `flood`"
)


class Author(BaseModel):
    """Who wrote a comment, as the blog said."""

    name: str
    url: str


class Post(BaseModel):
    """What a comment is about."""

    id: str
    title: str
    permalink: str


class Parent(BaseModel):
    """What a comment answers to."""

    comment_ID: str  # noqa: N815  # the blog's own name for it
    text: str


class ReasonDetail(BaseModel):
    """One true cause of a verdict; of `language`, the detail is its code, or that of its script."""

    code: str = Field(description=REASON_CODES)
    score: float | None
    threshold: float | None
    detail: str


class DecisionShown(BaseModel):
    """The moderator's answer."""

    decision: Ruling
    reason: ReasonCode | None
    note: str
    by: str
    at: AwareDatetime


class LeaseShown(BaseModel):
    """Who has claimed a comment, and until when."""

    by: str
    expires_at: AwareDatetime


class DeliveryShown(BaseModel):
    """What became of the latest callback about a comment."""

    id: str
    state: str
    attempts: int
    at: AwareDatetime
    next_at: AwareDatetime | None
    error: str


class Span(BaseModel):
    """Characters of the text, and what they add to the log-odds of a score."""

    start: int
    end: int
    contribution: float


class FieldShare(BaseModel):
    """A field beside the text, and what it adds to the log-odds of a score."""

    name: str
    contribution: float


class QuoteShown(BaseModel):
    """What the author quotes, with its own score; it counts neither in the other score nor in its spans."""

    start: int
    end: int
    score: float
    log_odds: float
    spans: list[Span]
    fields: list[FieldShare]


class ExplanationShown(BaseModel):
    """Why a label scored as it did: bias + spans + fields add up, quotes aside; `by_site` is in spans."""

    label: str
    score: float
    log_odds: float
    bias: float
    spans: list[Span]
    fields: list[FieldShare]
    by_site: list[Span]
    quotes: list[QuoteShown]


class CommentShown(BaseModel):
    """A comment with its verdict, and all that happened to it since."""

    id: str
    site: str
    comment_ID: str  # noqa: N815  # the blog's own name for it
    revision: int
    text: str
    author: Author
    post: Post
    parent: Parent | None
    verdict: Verdict
    scores: dict[str, float]
    reasons: list[str]
    reason_details: list[ReasonDetail]
    model: str
    policy: int
    lane: Lane | None
    severity: float
    received_at: AwareDatetime
    pending: bool
    outcome: Verdict
    decision: DecisionShown | None
    lease: LeaseShown | None
    delivery: DeliveryShown | None
    explanations: list[ExplanationShown]


class CommentsPage(BaseModel):
    """Some comments in order: most severe first in a lane, latest first elsewhere."""

    comments: list[CommentShown]
    next_cursor: str | None


class LeaseGiven(BaseModel):
    """The exclusive right that a claim gives."""

    lease_token: str
    expires_at: AwareDatetime


class AppealLink(BaseModel):
    """A link that the blog may give to the author of a rejected comment."""

    url: str
    expires_at: AwareDatetime


class Problem(BaseModel):
    """Why a request was refused."""

    status: int
    error: str
    field: str | None = None
    by: str | None = None
    at: AwareDatetime | None = None


class BulkResult(BaseModel):
    """What became of one comment of several: decided where the status is 200, else the problem."""

    id: str
    status: int
    outcome: Verdict | None = None
    error: str | None = None
    by: str | None = None
    at: AwareDatetime | None = None


class BulkResults(BaseModel):
    """What became of each comment, in the order asked for."""

    results: list[BulkResult]


class LaneShown(BaseModel):
    """How many comments wait in a lane, and since when the oldest does."""

    count: int
    oldest_at: AwareDatetime | None


class Stats(BaseModel):
    """What waits now, and what was done since the first start."""

    pending: int
    lanes: dict[Lane, LaneShown]
    verdicts: dict[Verdict, int]
    decisions: dict[Ruling, int]
    undone: int


def comment(item: Item, now: float) -> CommentShown:
    """Show a comment; a lease without its token, and only while it lives."""
    c, j, lease = item.comment, item.judgement, item.lease
    parent = {"comment_ID": c.parent_id, "text": c.parent_text}
    return CommentShown.model_validate({
        **asdict(j),
        "id": item.id,
        "site": c.site,
        "comment_ID": c.comment_id,
        "revision": item.revision,
        "text": c.text,
        "author": {"name": c.author, "url": c.author_url},
        "post": {"id": c.post_id, "title": c.post_title, "permalink": c.permalink},
        "parent": parent if c.parent_id or c.parent_text else None,
        "reasons": [r.code for r in j.reasons],
        "reason_details": [asdict(r) for r in j.reasons],
        "received_at": item.received_at,
        "pending": item.pending,
        # What is audited says no more than anything else that waits.
        "outcome": j.verdict if item.hidden else item.outcome,
        "decision": _decision(item),
        "lease": {"by": lease.by, "expires_at": lease.until} if lease and lease.until > now else None,
        "delivery": asdict(item.delivery) if item.delivery else None,
        "explanations": [_explanation(asdict(e)) for e in item.explanations],
    })  # fmt: skip


def page(found: Page, now: float) -> CommentsPage:
    """Show a page of comments."""
    return CommentsPage(comments=[comment(i, now) for i in found.items], next_cursor=found.cursor or None)


def bulk(results: Iterable[tuple[str, Item | ModqueueError]]) -> BulkResults:
    """Show what became of several comments."""
    return BulkResults(results=[_bulk_result(item_id, found) for item_id, found in results])


def stats(lanes: Mapping[Lane, LaneSummary], totals: Mapping[str, int]) -> Stats:
    """Show counts."""
    return Stats.model_validate({
        "pending": sum(s.count for s in lanes.values()),
        "lanes": {lane: {"count": s.count, "oldest_at": s.oldest} for lane, s in lanes.items()},
        "verdicts": {v: totals.get(f"verdict:{v}", 0) for v in Verdict},
        "decisions": {r: totals.get(f"decision:{r}", 0) for r in Ruling},
        "undone": totals.get("undo", 0),
    })  # fmt: skip


def problem(status: int, error: ModqueueError) -> Problem:
    """Show a refusal; of a conflict also who was faster, and when."""
    who = {"by": error.by or None, "at": error.at} if isinstance(error, Conflict) else {}
    return Problem.model_validate({"status": status, "error": str(error), **who})


def _bulk_result(item_id: str, found: Item | ModqueueError) -> BulkResult:
    if isinstance(found, Item):
        return BulkResult(id=item_id, status=200, outcome=Verdict(found.outcome))
    refused = problem(STATUS.get(type(found), 400), found)
    return BulkResult(id=item_id, **refused.model_dump(include={"status", "error", "by", "at"}))


def _decision(item: Item) -> dict[str, Any] | None:
    if item.decision is None:
        return None
    shown = asdict(item.decision)
    return {"decision": shown.pop("ruling"), **shown}


def _explanation(raw: dict[str, Any]) -> dict[str, Any]:
    by_site = _shares({"spans": raw["by_site"], "fields": ()})["spans"]
    return {**_shares(raw), "by_site": by_site, "quotes": [_shares(quote) for quote in raw["quotes"]]}


def _shares(raw: dict[str, Any]) -> dict[str, Any]:
    spans = [{"start": s, "end": e, "contribution": c} for s, e, c in raw["spans"]]
    return {**raw, "spans": spans, "fields": [{"name": n, "contribution": c} for n, c in raw["fields"]]}
