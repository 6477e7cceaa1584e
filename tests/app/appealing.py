"""A rejected comment, and its author who appeals."""

from __future__ import annotations

from service.domain import ReasonCode, Ruling
from service.moderation import Wish

KEY = b"k" * 32
REJECT = Wish(Ruling.REJECT, ReasonCode.HATEFUL)
