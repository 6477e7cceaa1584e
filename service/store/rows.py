"""What a replay needs of each comment, in seventeen bytes: its scores, verdict and what moderators said."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import cast

from service.domain import LABELS, Judgement, Lane, ReasonCode, Ruling, Verdict
from service.store import keys
from service.store.connection import Connection

# Scores in millionths, the share that the audit draws in ten-thousandths, verdict, flags, ruling.
_ROW = struct.Struct("<3IHBBB")
MILLION, TEN_THOUSAND = 1_000_000, 10_000
# The ruling comes last (`RULING` in figures.lua): none, approved, or rejected for a reason.
APPROVED, REJECTED = 1, 2
REASONS = tuple(ReasonCode)
# Added to a ruling that the blog itself reported: whoever made it knew what was in force.
REPORTED = 128
# The first flags say for which labels a comment was held or rejected.
ANYWAY, FOREIGN, DRAWN = 1 << len(LABELS), 2 << len(LABELS), 4 << len(LABELS)


class Rows:
    """Reads only; rows are written by the transitions that they tell of."""

    def __init__(self, db: Connection, partitions: int) -> None:
        self._db = db
        self._partitions = partitions

    def days(self, site: str, first: int, last: int) -> list[bytes]:
        """Return the rows of each day, counted from 1970 in UTC, both ends included."""
        prefix = keys.prefix(keys.partition_of(site, self._partitions))
        with self._db.guard() as client:
            found = client.mget([f"{prefix}rows:{site}:{day}" for day in range(first, last + 1)])
        texts = cast(Sequence[str | None], found)
        return [(text or "").encode("utf-8", "surrogateescape") for text in texts]


def row(judgement: Judgement) -> bytes:
    """Write what is kept of a judgement, on which nobody has ruled yet."""
    crossed = {r.code.removeprefix("score:") for r in judgement.reasons}
    flags = sum(1 << n for n, label in enumerate(LABELS) if label in crossed)
    marks = ((judgement.anyway, ANYWAY), (judgement.foreign, FOREIGN), (judgement.lane is Lane.AUDIT, DRAWN))
    flags |= sum(bit for is_so, bit in marks if is_so)
    scores = (round(judgement.scores.get(label, 0.0) * MILLION) for label in LABELS)
    share = round(judgement.audit * TEN_THOUSAND)
    return _ROW.pack(*scores, share, list(Verdict).index(judgement.verdict), flags, 0)


def ruling(said: str, reason: str, *, reported: bool = False) -> bytes:
    """Write a ruling as a row has it; a rejection without a reason is one for another reason."""
    by = REPORTED if reported else 0
    if said == Ruling.APPROVE:
        return bytes([by + APPROVED])
    return bytes([by + REJECTED + REASONS.index(ReasonCode(reason or ReasonCode.OTHER))])
