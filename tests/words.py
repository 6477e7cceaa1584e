"""Every text of the pages, as templates and code have it; `python -m tests.words` brings catalogues to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
DIRECTORY = ROOT / "service" / "web" / "languages"
# What speaks to machines, or to whoever has a terminal, does so in English.
MACHINES = ("akismet", "api", "fields", "feedback", "idempotency", "intake", "openapi", "ops", "perspective",
            "senders")  # fmt: skip
# Rooms whose refusals a page shows.
BEHIND = ("appeals", "bulk", "campaign_decisions", "connectors/address", "moderation", "passwords",
          "people", "policy", "readings", "second_look", "site_settings", "thresholds", "store/appeals",
          "store/campaigns", "store/connection", "store/log", "store/outbox", "store/policies", "store/queue",
          "store/readings", "store/registry", "store/search", "store/views")  # fmt: skip
# Which argument of a call is a text.
KEYWORDS = {"gettext": None, "_": None, "mark": None, "ngettext": (1, 2),
            "Invalid": (2,), "Conflict": (1,), "NotFound": (1,), "TooMany": (1,), "Unavailable": (1,),
            "ModqueueError": (1,)}  # fmt: skip
OPTIONS = {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}


def sources() -> Iterator[tuple[str, Path]]:
    """Find the files that hold texts, each with the way to read it."""
    web = ROOT / "service" / "web"
    for path in sorted(web.glob("*.py")):
        if not path.stem.startswith(MACHINES):
            yield "python", path
    for path in sorted(web.glob("templates/*.html")):
        yield "jinja2", path
    for name in BEHIND:
        yield "python", ROOT / "service" / f"{name}.py"


def found() -> Catalog:
    """Return every text, in the order of the files."""
    catalogue = Catalog(project="Modqueue", version="", charset="utf-8", fuzzy=False)
    for method, path in sources():
        texts = extract_from_file(method, path, KEYWORDS, options=OPTIONS if method == "jinja2" else None)
        for _, text, _, _ in texts:
            catalogue.add(text, locations=[(str(path.relative_to(ROOT)), 0)])
    return catalogue


def kept(language: str) -> Catalog:
    """Return the catalogue of a language."""
    with (DIRECTORY / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def update(language: str) -> None:
    """Put new texts into the catalogue of a language, and take out what is said no more."""
    catalogue = kept(language)
    catalogue.update(found(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    with (DIRECTORY / f"{language}.po").open("wb") as file:
        write_po(file, catalogue, width=100, include_lineno=False, ignore_obsolete=True, sort_by_file=True)


if __name__ == "__main__":
    for po in DIRECTORY.glob("*.po"):
        update(po.stem)
