"""Whoever is of one site sees and changes nothing of another: every endpoint, every kind of asker."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from service.domain import Person, Role
from service.moderation import Moderation
from tests.conftest import ADMIN
from tests.pages import give_password
from tests.security.world import CODED, KEYS, MARKS, Asker, World, akismet_key, bearer, build, person, signer

FOREIGNERS: dict[str, Callable[[World], Asker]] = {
    "nobody": person(""),
    "a moderator of another site": person("theirs"),
    "an admin of another site": person("their-admin"),
    "a token of another site": bearer(CODED["other"]),
    "a key of another site": bearer(KEYS["other"]),
    "a key of another site, by Akismet's protocol": akismet_key,
    "a signature of another site": signer("other"),
    "a signature of another site in our name": signer("blog"),
}


@pytest.fixture
def world(app: Flask, moderation: Moderation) -> World:
    for site, token in CODED.items():
        moderation.store.registry.add_token(token, f"of-{site}", (site,))
    return build(app, moderation)


def refused(answer: TestResponse) -> bool:
    led = answer.headers.get("Location", "")
    return answer.status_code in (400, 401, 403, 404, 405, 422) or led.startswith("/sign-in")


@pytest.mark.parametrize("asker", FOREIGNERS.values(), ids=FOREIGNERS.keys())
def test_it_shows_and_changes_nothing_of_another_site(world: World, asker: Callable[[World], Asker]) -> None:
    ask, wrong = asker(world), []
    before = world.of_the_blog()
    for rule, method in world.rules():
        if rule.endpoint == "accounts.sign_out":
            continue
        answer = ask(world, method, world.path(rule))
        said = answer.get_data(as_text=True) + str(answer.headers)
        mine = set(rule.arguments) - {"key", "token"}
        if any(mark in said for mark in MARKS) or (mine and not refused(answer)) or answer.status_code >= 500:
            wrong.append((rule.rule, method, answer.status))
        after = world.of_the_blog()
        if after != before:
            changed = sorted(k for k in before | after if before.get(k) != after.get(k))
            wrong.append((rule.rule, method, f"changed {changed}"))
            before = after
    assert not wrong, "\n".join(map(str, wrong))


def test_an_own_site_opens_no_way_to_things_of_another(world: World) -> None:
    # An address that names two things: one's own site, and a thing of the blog.
    ask = person("their-admin")(world)
    for rule, method in world.rules():
        if "site_id" in rule.arguments and len(rule.arguments) > 1:
            answer = ask(world, method, world.path(rule, site_id="other"))
            assert refused(answer), rule.rule


def test_its_own_people_and_programs_reach_what_the_others_do_not(world: World) -> None:
    # What was refused above was refused for whose it was: the same requests, by those of the blog.
    give_password(world.moderation.store, Person("ours", Role.ADMIN, ("blog",)))
    admin, program = person("ours")(world), bearer(CODED["blog"])(world)
    for rule, method in world.rules():
        # Models judge every site: who may not see them all has no say in them.
        elsewhere = rule.endpoint == "senders.coral" or rule.endpoint.startswith("models.")
        if set(rule.arguments) & {"item_id", "site_id", "campaign_id"} and not elsewhere:
            ask = program if rule.rule.startswith("/api/") else admin
            status = ask(world, method, world.path(rule)).status_code
            assert status not in (401, 403, 404, 500), (rule.rule, status)
    assert person("ana")(world)(world, "GET", f"/selections/{world.named['bulk_id']}").status_code == 200


def test_a_token_that_only_reads_changes_nothing(world: World) -> None:
    world.moderation.store.registry.add_token("r" * 43, "reader", ("blog",), read_only=True)
    ask, before = bearer("r" * 43)(world), world.of_the_blog()
    for rule, method in world.rules():
        answer = ask(world, method, world.path(rule))
        if rule.rule.startswith("/api/") and method != "GET":
            assert answer.status_code == 403, rule.rule
    assert world.of_the_blog() == before


def test_only_admins_of_every_site_see_people_and_the_log(world: World) -> None:
    give_password(world.moderation.store, ADMIN)
    for path in ("/people", "/people/person", "/log"):
        asked = {name: person(name)(world)(world, "GET", path).status_code for name in ("admin", "ana")}
        assert asked == {"admin": 200, "ana": 403}, path
