"""The transitions of an item: accept, claim, renew, release, decide, undo, rescore. Each is one script."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from service.domain import Comment, Explanation, History, Judgement, Lane, Lease, Reason
from service.errors import Conflict, NotFound, TooMany
from service.store import codec, keys, rows, search
from service.store.connection import Connection
from service.store.packing import pack

# A sender may repeat a webhook for this long and is given the same answer.
WEBHOOK_REMEMBERED_S = 3 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Arrival:
    """A comment at the door: which item it is, and what tells a repeat, an edit or a copy."""

    item_id: str
    comment: Comment
    webhook_id: str
    body_digest: bytes
    content_digest: bytes
    at: float
    rate: float
    burst: float
    fingerprint: tuple[bytes, ...] = ()
    # It makes no difference whether comments of the author were approved before.
    any_author: bool = True


class Queue:
    """What happens to an item, one atomic method a transition."""

    def __init__(self, db: Connection, partitions: int) -> None:
        self._db = db
        self._partitions = partitions

    def look_for_room(self, site: str, rate: float, burst: float, now: float) -> None:
        """Refuse where a site has no token left; takes none, and writes nothing."""
        prefix = keys.prefix(keys.partition_of(site, self._partitions))
        seconds = float(self._db.run("room", prefix, site, rate, burst, now))
        if seconds > 0:
            raise _too_many(seconds)

    def accept(
        self, arrival: Arrival, judgement: Judgement, explanations: tuple[Explanation, ...],
        supposed: History,
    ) -> str | History:  # fmt: skip
        """Store a comment and its judgement; return the answer that is in force for it.

        Where the history is another than was supposed, nothing is stored and the true one is returned.
        """
        a, c = arrival, arrival.comment
        entry = codec.log_entry("verdict", a.at, site=c.site, item=a.item_id, **codec.summary(judgement))
        author = "" if a.any_author else _flag(supposed.approved > 0)
        reply = self._db.strings(
            "accept", keys.prefix_of_item(a.item_id), a.item_id, c.site, a.webhook_id, a.body_digest,
            a.content_digest, a.at, codec.pack_comment(c), codec.pack_judgement(judgement),
            codec.pack_explanations(explanations), judgement.verdict, judgement.lane or "",
            round(judgement.severity, 6), c.author_key, WEBHOOK_REMEMBERED_S, pack(entry), a.rate, a.burst,
            b"".join(a.fingerprint), *_found_by(c, judgement), " ".join(_counted(judgement)),
            author, _flag(supposed.edited_after_rejection), _flag(supposed.campaign), rows.row(judgement),
        )  # fmt: skip
        match reply:
            case ["fresh"]:
                return codec.answer(a.item_id, judgement)
            case ["same", stored]:
                return codec.answer(a.item_id, codec.judgement(stored))
            case ["answered", answer]:
                return answer
            case ["other", approved, rejected, first_seen, edited, campaign]:
                seen = float(first_seen) if first_seen else None
                return History(int(approved), int(rejected), seen, edited == "1", campaign == "1")
            case ["wait", seconds]:
                raise _too_many(float(seconds))
            case _:
                raise Conflict("webhook-id: the same id came with another body before")

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
        token: str, entry: str, example: str, body: str, terms: Sequence[str] = (), again: bool = False,
        reported: bool = False,
    ) -> None:  # fmt: skip
        """Write the decision, its log entry, example and delivery; `again` asks for a second reading.

        One that the blog `reported` is no blind reading.
        """
        prefix = keys.prefix_of_item(item_id)
        found = (search.packed(terms), rows.ruling(ruling, reason, reported=reported), _flag(again))
        args = (item_id, revision, by, token, ruling, reason, note, now, entry, pack(example), body, *found)
        _raise(self._db.strings("decide", prefix, *args))

    def undo(
        self, item_id: str, revision: int, *, by: str, now: float, entry: str, retraction: str, body: str,
        decided_at: float | None = None,
    ) -> None:  # fmt: skip
        """Take a decision back, with its log entry, the retraction of its example and a delivery.

        With `decided_at`, the decision that was made then, and no other.
        """
        made = "" if decided_at is None else decided_at
        args = (item_id, revision, by, now, entry, pack(retraction), body, made)
        _raise(self._db.strings("undo", keys.prefix_of_item(item_id), *args))

    def escalate(self, item_id: str, revision: int, *, by: str, now: float, note: str, entry: str) -> None:
        """Hand an item to an admin; whoever had claimed it gives it back."""
        prefix = keys.prefix_of_item(item_id)
        _raise(self._db.strings("escalate", prefix, item_id, revision, by, note, now, entry))

    def rescore(
        self, item_id: str, revision: int, *, now: float, comment: Comment, judgement: Judgement,
        explanations: tuple[Explanation, ...], entry: str, body: str,
    ) -> bool:  # fmt: skip
        """Replace the judgement that a failing scorer left; tells whether it still applied."""
        reply = self._db.strings(
            "rescore", keys.prefix_of_item(item_id), item_id, revision, now, codec.pack_judgement(judgement),
            codec.pack_explanations(explanations), judgement.verdict, judgement.lane or "",
            round(judgement.severity, 6), entry, body, *_found_by(comment, judgement), rows.row(judgement),
        )  # fmt: skip
        return reply[0] == "ok"


def _too_many(seconds: float) -> TooMany:
    return TooMany("this site sends comments faster than its limit", seconds)


def _found_by(comment: Comment, judgement: Judgement) -> tuple[bytes, float | str, str]:
    # Terms, uncertainty and labels. What does not wait is indexed when it is decided.
    if not judgement.lane:
        return b"", "", ""
    if judgement.lane is Lane.AUDIT:
        # Nor may it be found by what the machine had thought.
        return search.packed(search.terms(comment, replace(judgement, reasons=(Reason("audit"),)))), 0.0, ""
    labels = [r.code.removeprefix("score:") for r in judgement.reasons if r.code.startswith("score:")]
    terms = search.packed(search.terms(comment, judgement))
    return terms, round(search.uncertainty(judgement), 6), " ".join(labels)


def _counted(judgement: Judgement) -> list[str]:
    shadow = [f"shadow:{judgement.shadow}"] if judgement.shadow else []
    return [f"verdict:{judgement.verdict}", *(f"reason:{r.code}" for r in judgement.reasons), *shadow]


def _flag(fact: bool) -> str:
    return "1" if fact else "0"


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
            raise Conflict("%(by)s is reading this comment", by=by, at=float(until))
        case ["stale"]:
            raise Conflict("the lease has expired or was given to somebody else")
        case ["edited"]:
            raise Conflict("the comment was edited since; read the new revision")
        case ["closed"]:
            raise Conflict("this comment does not wait for a moderator")
        case _:
            raise Conflict("there is no decision to undo")
