"""What a search finds."""

from __future__ import annotations

from typing import Any

from service.domain import Ruling
from service.moderation import Moderation, Wish
from service.store import PENDING, Wanted
from tests.conftest import ADMIN

APPROVE = Wish(Ruling.APPROVE)


def found(moderation: Moderation, view: str = PENDING, **wanted: Any) -> list[str]:
    page = moderation.page(ADMIN, view, wanted=Wanted(**wanted))
    return [i.comment.comment_id for i in page.items]
