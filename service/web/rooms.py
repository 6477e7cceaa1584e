"""The way between the rooms: the links of the top bar."""

from __future__ import annotations

from flask import Flask, current_app

from service.domain import Person, Role
from service.web.words import gettext, mark

# Words, endpoint, whether for admins alone.
ROOMS = (
    (mark("Queue"), "desk.queue", False),
    (mark("Campaigns"), "campaigns.index", False),
    (mark("Figures"), "figures.index", False),
    (mark("Audit"), "audit.index", False),
    (mark("Thresholds"), "thresholds.index", True),
    (mark("Models"), "models.index", True),
    (mark("Settings"), "settings.index", True),
    (mark("People"), "people.index", True),
    (mark("Log"), "log.index", True),
)


def init_app(app: Flask) -> None:
    """Give templates the links."""
    app.add_template_global(rooms)


def rooms(person: Person) -> list[tuple[str, str]]:
    """Return the words and endpoint of each room that is open to a person."""
    known = current_app.view_functions
    return [
        (gettext(w), e) for w, e, admin in ROOMS if e in known and (person.role is Role.ADMIN or not admin)
    ]
