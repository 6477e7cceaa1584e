"""The API as its description says: whatever is asked, only documented answers, and never a 5xx."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings

from service.moderation import Moderation
from service.web import openapi
from tests.conftest import submit

if TYPE_CHECKING:
    from schemathesis import Case

TOKEN = "c" * 43
EXAMPLES = 25
OPERATIONS = [
    (method, path)
    for path, item in openapi.document()["paths"].items()
    for method in item
    if method != "parameters"
]


@pytest.fixture
def items(moderation: Moderation) -> list[str]:
    moderation.store.registry.add_token(TOKEN, "bot", ("blog",))
    return [submit(moderation, f"[hateful=0.9] {n}", str(n))["id"] for n in range(EXAMPLES)]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_it_answers_as_its_description_says(app: Flask, items: list[str], method: str, path: str) -> None:
    # Imported here: it takes its time, and one of several test processes needs it.
    import schemathesis

    operation = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)[path][method]

    turn = count()

    @given(operation.as_strategy())
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def ask(case: Case) -> None:
        # Of the comments that are asked for, every other one exists.
        if case.path_parameters and (number := next(turn)) % 2:
            case.path_parameters["id"] = items[number % len(items)]
        case.call_and_validate(headers={"Authorization": f"Bearer {TOKEN}"})

    ask()


def test_it_describes_every_operation(app: Flask) -> None:
    described = {
        (m.upper(), p) for p, item in openapi.document()["paths"].items() for m in item if m != "parameters"
    }
    routes = {
        (method, rule.rule.removeprefix("/api/v1").replace("<item_id>", "{id}"))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.") and rule.endpoint != "api.description"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert described == routes
