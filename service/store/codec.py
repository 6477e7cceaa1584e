"""Domain values as stored text, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from service.domain import (
    Comment,
    Decision,
    DeliveryState,
    Escalation,
    Explanation,
    Item,
    Judgement,
    Lane,
    Lease,
    Person,
    Policy,
    Quote,
    Reason,
    ReasonCode,
    Role,
    Ruling,
    Secret,
    Site,
    Thresholds,
    Verdict,
)
from service.store.packing import pack, unpack

# The fields of an item that a list shows.
BRIEF = (
    "comment", "revision", "judgement", "received", "state", "decision", "reason", "by", "decided_at", "note",
    "lease_by", "lease_token", "lease_until", "campaign", "escalated_by", "escalated_at", "escalated_note",
)  # fmt: skip


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def dump(value: Any) -> str:
    """Write a value as compact JSON."""
    return _ENCODER.encode(value)


def log_entry(kind: str, at: float, **facts: Any) -> str:
    """Write an entry of the moderation log; it never holds a comment's text."""
    return dump({"at": at, "kind": kind, **facts})


def summary(judgement: Judgement) -> dict[str, Any]:
    """Return what the log and the sender are told of a judgement."""
    return {
        "verdict": judgement.verdict,
        "scores": {label: round(score, 6) for label, score in judgement.scores.items()},
        "reasons": [r.code for r in judgement.reasons],
        "model": judgement.model,
        "policy": judgement.policy,
        **({"shadow": judgement.shadow} if judgement.shadow else {}),
    }


def answer(item_id: str, judgement: Judgement) -> str:
    """Write what the sender of a comment is answered."""
    return dump({"id": item_id, **summary(judgement)})


def load(text: str) -> Any:
    """Read JSON that `dump` wrote."""
    return json.loads(text)


def dump_comment(comment: Comment) -> str:
    """Write a comment, without the fields that are empty."""
    return dump({name: v for name in _COMMENT if (v := getattr(comment, name))})


def pack_comment(comment: Comment) -> bytes:
    """Write a comment in few bytes."""
    return pack(dump_comment(comment))


def pack_judgement(judgement: Judgement) -> bytes:
    """Write a judgement in few bytes."""
    scores = {label: round(score, 6) for label, score in judgement.scores.items()}
    plain = _shallow(judgement, _JUDGEMENT)
    plain |= {name: True for name in ("anyway", "foreign") if getattr(judgement, name)}
    plain |= {"audit": judgement.audit} if judgement.lane is Lane.AUDIT else {}
    return pack(
        dump(plain | {"scores": scores, "reasons": [_shallow(r, _REASON) for r in judgement.reasons]})
    )


def pack_explanations(explanations: tuple[Explanation, ...]) -> bytes:
    """Write explanations in few bytes: contributions to three decimals, and the bias takes up the rest."""
    return pack(dump([_dump_explanation(e) for e in explanations])) if explanations else b""


def item(item_id: str, raw: Mapping[str, str], delivery: Mapping[str, str]) -> Item:
    """Read an item from its hash and the hash of its latest delivery."""
    judged = _in_campaign(judgement(raw["judgement"]), raw.get("campaign", ""))
    pending = raw["state"] == "pending"
    # Who audits must not know what the machine thought.
    blind = pending and judged.lane is Lane.AUDIT
    explanations = "[]" if blind else unpack(raw.get("explanations") or "[]")
    return Item(
        id=item_id,
        comment=_comment(raw["comment"]),
        revision=int(raw["revision"]),
        judgement=replace(_HIDDEN, audit=judged.audit) if blind else judged,
        received_at=float(raw["received"]),
        pending=pending,
        explanations=tuple(_explanation(e) for e in json.loads(explanations)),
        decision=_decision(raw),
        lease=_lease(raw),
        delivery=delivery_state(raw.get("delivery", ""), delivery),
        campaign=raw.get("campaign", ""),
        escalation=_escalation(raw),
        earlier=_earlier(raw),
        hidden=judged.verdict if blind else None,
    )


def judgement(text: str) -> Judgement:
    """Read a judgement."""
    raw = json.loads(unpack(text))
    return Judgement(
        **{
            **raw,
            "verdict": Verdict(raw["verdict"]),
            "reasons": tuple(Reason(**r) for r in raw["reasons"]),
            "lane": Lane(raw["lane"]) if raw["lane"] else None,
            "shadow": Verdict(raw["shadow"]) if raw.get("shadow") else None,
        }
    )


def delivery_state(delivery_id: str, raw: Mapping[str, str]) -> DeliveryState | None:
    """Read what became of a delivery."""
    if not raw:
        return None
    waits = raw["state"] in ("queued", "retrying")
    return DeliveryState(
        id=delivery_id,
        state=raw["state"],
        attempts=int(raw["attempts"]),
        at=float(raw.get("settled_at") or raw["at"]),
        next_at=float(raw["next_at"]) if waits else None,
        error=raw.get("error", ""),
    )


def policy(raw: Mapping[str, Any]) -> Policy:
    """Read a policy; raises TypeError where it has unknown fields. `policy.check` looks at what they hold."""
    fields = dict(raw)
    for name in ("thresholds", "trial"):
        if isinstance(given := fields.get(name), dict):
            fields[name] = {k: Thresholds(**v) if isinstance(v, dict) else v for k, v in given.items()}
    for name in ("reject_labels", "blocked_words", "blocked_domains"):
        if isinstance(fields.get(name), list):
            fields[name] = tuple(fields[name])
    return Policy(**fields)


def site(text: str) -> Site:
    """Read a site."""
    raw = json.loads(text)
    raw["secrets"] = tuple(Secret(**s) for s in raw["secrets"])
    raw["policy"] = policy(raw["policy"])
    return Site(**raw)


def person(text: str) -> Person:
    """Read a person."""
    raw = json.loads(text)
    return Person(**{**raw, "role": Role(raw["role"]), "sites": tuple(raw["sites"])})


# What `asdict` would do with copies all the way down, at a tenth of its time.
# Of a judgement, these are only written where there is something to say.
_RARE = ("anyway", "foreign", "audit", "by_site")
_HIDDEN = Judgement(Verdict.HOLD, (Reason("audit"),), {}, "", 0, Lane.AUDIT)
_COMMENT, _JUDGEMENT, _REASON, _EXPLANATION, _QUOTE = (
    [f.name for f in fields(kind) if f.name not in _RARE]
    for kind in (Comment, Judgement, Reason, Explanation, Quote)
)


def _shallow(value: object, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(value, name) for name in names}


def _comment(stored: str) -> Comment:
    return Comment(**{"text": "", **json.loads(unpack(stored))})


# A contribution is kept in thousandths.
_UNIT = 1e-3


def _dump_explanation(e: Explanation) -> dict[str, Any]:
    shares, total = _dump_shares(e)
    bias = e.log_odds - total
    quotes = [(q, *_dump_shares(q)) for q in e.quotes]
    said = [_shallow(q, _QUOTE) | shares | {"log_odds": bias + total} for q, shares, total in quotes]
    by_site = {"by_site": list(_gaps(_units(e.by_site)))} if e.by_site else {}
    return _shallow(e, _EXPLANATION) | shares | by_site | {"bias": bias, "quotes": said}


def _dump_shares(e: Explanation | Quote) -> tuple[dict[str, Any], float]:
    units = _units(e.spans)
    parts = [(name, round(c / _UNIT)) for name, c in e.fields]
    total = sum(n for _, _, n in units) + sum(n for _, n in parts)
    return {"spans": list(_gaps(units)), "fields": parts}, total * _UNIT


def _units(spans: Iterable[tuple[int, int, float]]) -> list[tuple[int, int, int]]:
    return [(start, end, round(c / _UNIT)) for start, end, c in spans]


def _gaps(spans: Iterable[tuple[int, int, int]]) -> Iterator[int]:
    # How far from the end of the one before, how long, how much: small numbers, much alike.
    at = 0
    for start, end, units in spans:
        yield from (start - at, end - start, units)
        at = end


def _explanation(raw: Mapping[str, Any]) -> Explanation:
    quotes = tuple(Quote(**{**quote, **_shares(quote)}) for quote in raw.get("quotes", ()))
    by_site = tuple(_spans(raw.get("by_site", ())))
    return Explanation(**{**raw, **_shares(raw), "quotes": quotes, "by_site": by_site})


def _shares(raw: Mapping[str, Any]) -> dict[str, Any]:
    fields = tuple((name, units * _UNIT) for name, units in raw["fields"])
    return {"spans": tuple(_spans(raw["spans"])), "fields": fields}


def _spans(flat: Sequence[int]) -> Iterator[tuple[int, int, float]]:
    at = 0
    for gap, length, units in zip(flat[::3], flat[1::3], flat[2::3], strict=True):
        start, at = at + gap, at + gap + length
        yield start, at, units * _UNIT


def _in_campaign(judged: Judgement, campaign: str) -> Judgement:
    # A campaign is known by its third copy: the first ones were judged without this reason.
    if not campaign or judged.lane in (None, Lane.AUDIT) or any(r.code == "campaign" for r in judged.reasons):
        return judged
    lane = judged.lane if judged.lane is Lane.ERRORS else Lane.CAMPAIGNS
    return replace(judged, reasons=(*judged.reasons, Reason("campaign")), lane=lane)


def _decision(raw: Mapping[str, str]) -> Decision | None:
    if "decision" not in raw:
        return None
    reason = ReasonCode(raw["reason"]) if raw.get("reason") else None
    return Decision(Ruling(raw["decision"]), reason, raw["by"], float(raw["decided_at"]), raw.get("note", ""))


def _escalation(raw: Mapping[str, str]) -> Escalation | None:
    if "escalated_by" not in raw:
        return None
    return Escalation(raw["escalated_by"], float(raw["escalated_at"]), raw["escalated_note"])


def _earlier(raw: Mapping[str, str]) -> tuple[tuple[int, Comment], ...]:
    kept = ((int(name.removeprefix("comment:")), raw[name]) for name in raw if name.startswith("comment:"))
    return tuple((n, _comment(text)) for n, text in sorted(kept))


def _lease(raw: Mapping[str, str]) -> Lease | None:
    if "lease_token" not in raw:
        return None
    return Lease(raw["lease_by"], raw["lease_token"], float(raw["lease_until"]))
