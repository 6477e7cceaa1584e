"""The transitions of an item: accept, claim, renew, release, decide, undo, rescore. Each is one script."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from service.domain import Comment, Explanation, History, Judgement, Lease
from service.errors import Conflict, NotFound, TooMany
from service.store import codec, keys, search
from service.store.connection import Connection

# A sender may repeat a webhook for this long and is given the same answer.
WEBHOOK_REMEMBERED_S = 3 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Arrival:
    """A comment at the door: which item it is, and what tells a repeat, an edit or a copy."""

    item_id: str
    comment: Comment
    webhook_id: str
    body_digest: str
    content_digest: str
    at: float
    rate: float
    burst: float
    fingerprint: tuple[str, ...] = ()
    campaign: bool = False


class Queue:
    """What happens to an item, one atomic method a transition."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def glance(self, arrival: Arrival) -> History | str:
        """Return the answer that was given to this webhook before, else the author's history."""
        a, c = arrival, arrival.comment
        reply = self._db.strings(
            "glance", keys.prefix_of_item(a.item_id), a.item_id, c.site, a.webhook_id, a.body_digest,
            a.content_digest, c.author_key, a.rate, a.burst, a.at, " ".join(a.fingerprint),
        )  # fmt: skip
        match reply:
            case ["same", answer]:
                return answer
            case ["new", approved, rejected, first_seen, decision, campaign]:
                seen = float(first_seen) if first_seen else None
                return History(
                    int(approved), int(rejected), seen,
                    edited_after_rejection=decision == "reject", campaign=campaign != "",
                )  # fmt: skip
            case ["wait", seconds]:
                raise TooMany("this site sends comments faster than its limit", float(seconds))
            case _:
                raise Conflict("webhook-id: the same id came with another body before")

    def accept(
        self, arrival: Arrival, judgement: Judgement, explanations: tuple[Explanation, ...], answer: str
    ) -> str:
        """Store a comment and its judgement; return the answer that is in force for it."""
        a, c = arrival, arrival.comment
        entry = codec.log_entry("verdict", a.at, site=c.site, item=a.item_id, **codec.summary(judgement))
        # What does not wait is indexed when it is decided.
        terms = search.terms(c, judgement) if judgement.lane else ()
        reply = self._db.strings(
            "accept", keys.prefix_of_item(a.item_id), a.item_id, c.site, a.webhook_id, a.body_digest,
            a.content_digest, a.at, codec.dump_comment(c), codec.dump_judgement(judgement),
            codec.dump_explanations(explanations), judgement.verdict, judgement.lane or "",
            judgement.severity, c.author_key, answer, WEBHOOK_REMEMBERED_S, entry, a.rate, a.burst,
            " ".join(a.fingerprint), " ".join(terms), search.uncertainty(judgement),
            "campaign" if a.campaign else "",
        )  # fmt: skip
        if reply[0] == "conflict":
            raise Conflict("webhook-id: the same id came with another body before")
        return reply[1]

    def claim(self, item_id: str, by: str, now: float, lease_s: float, renew: str = "") -> Lease:
        """Take an item for a while, or renew the lease whose token is given."""
        token, until = renew or secrets.token_urlsafe(16), now + lease_s
        prefix = keys.prefix_of_item(item_id)
        _raise(self._db.strings("claim", prefix, item_id, by, token, renew, now, until))
        return Lease(by, token, until)

    def release(self, item_id: str, token: str) -> None:
        """Give a lease back."""
        self._db.run("release", keys.prefix_of_item(item_id), item_id, token)

    def decide(
        self, item_id: str, revision: int, *, by: str, now: float, ruling: str, reason: str, note: str,
        token: str, entry: str, example: str, body: str, terms: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """Write the decision, its log entry, its example and its delivery."""
        prefix = keys.prefix_of_item(item_id)
        words = " ".join(terms)
        args = (item_id, revision, by, token, ruling, reason, note, now, entry, example, body, words)
        _raise(self._db.strings("decide", prefix, *args))

    def undo(
        self, item_id: str, revision: int, *, by: str, now: float, entry: str, retraction: str, body: str,
        decided_at: float | None = None,
    ) -> None:  # fmt: skip
        """Take a decision back, with its log entry, the retraction of its example and a delivery.

        With `decided_at`, the decision that was made then, and no other.
        """
        made = "" if decided_at is None else decided_at
        args = (item_id, revision, by, now, entry, retraction, body, made)
        _raise(self._db.strings("undo", keys.prefix_of_item(item_id), *args))

    def escalate(self, item_id: str, revision: int, *, by: str, now: float, note: str, entry: str) -> None:
        """Hand an item to an admin; whoever had claimed it gives it back."""
        prefix = keys.prefix_of_item(item_id)
        _raise(self._db.strings("escalate", prefix, item_id, revision, by, note, now, entry))

    def rescore(
        self, item_id: str, revision: int, *, now: float, comment: Comment, judgement: Judgement,
        explanations: tuple[Explanation, ...], answer: str, entry: str, body: str,
    ) -> bool:  # fmt: skip
        """Replace the judgement that a failing scorer left; tells whether it still applied."""
        terms = " ".join(search.terms(comment, judgement))
        reply = self._db.strings(
            "rescore", keys.prefix_of_item(item_id), item_id, revision, now, codec.dump_judgement(judgement),
            codec.dump_explanations(explanations), judgement.verdict, judgement.lane or "",
            judgement.severity, answer, entry, body, terms, search.uncertainty(judgement),
        )  # fmt: skip
        return reply[0] == "ok"


def _raise(reply: list[str]) -> None:
    match reply:
        case ["ok"]:
            return
        case ["missing"]:
            raise NotFound("no such comment")
        case ["decided", by, at]:
            raise Conflict("this comment is decided already", by=by, at=float(at))
        case ["changed", by, at]:
            raise Conflict("another decision was made since", by=by, at=float(at))
        case ["taken", by, until]:
            raise Conflict(f"{by} is reading this comment", by=by, at=float(until))
        case ["stale"]:
            raise Conflict("the lease has expired or was given to somebody else")
        case ["edited"]:
            raise Conflict("the comment was edited since; read the new revision")
        case ["closed"]:
            raise Conflict("this comment does not wait for a moderator")
        case _:
            raise Conflict("there is no decision to undo")
