"""`modqueue site akismet` and `modqueue site wordpress`."""

from __future__ import annotations

import json

import pytest

from service.store import Store
from tests.app.conftest import Run

pytestmark = pytest.mark.usefixtures("added")


def test_it_sets_how_akismets_clients_are_answered(run: Run, store: Store) -> None:
    assert run("site", "akismet", "blog").stdout == "held comments: spam\nmonthly limit: none\n"
    run("site", "akismet", "blog", "--hold", "publish")
    run("site", "akismet", "blog", "--monthly-limit", "5000")
    assert run("site", "akismet", "blog").stdout == "held comments: publish\nmonthly limit: 5000\n"
    said = json.loads(run("site", "akismet", "blog", "--json").stdout)
    assert said == {"hold": "publish", "monthly_limit": 5000}
    assert run("site", "akismet", "nobody").exit_code == 1
    assert run("site", "akismet", "blog", "--hold", "maybe").exit_code == 2


def test_it_keeps_an_application_password_and_never_shows_it(run: Run, store: Store) -> None:
    shown = run("site", "wordpress", "blog", "--user", "ed", stdin="abcd efgh\n").output
    site = store.registry.site("blog")
    assert (site.wordpress_user, site.wordpress_password) == ("ed", "abcd efgh")
    assert "abcd" not in shown + repr(site) + run("site", "list", "--json").output
    run("site", "wordpress", "blog", "--forget")
    assert store.registry.site("blog").wordpress_password == ""


@pytest.mark.parametrize("arguments", [(), ("--user", "ed", "--forget"), ("--user", "ed")])
def test_it_refuses_half_a_login(run: Run, store: Store, arguments: tuple[str, ...]) -> None:
    assert run("site", "wordpress", "blog", *arguments).exit_code == 1
    assert store.registry.site("blog").wordpress_user == ""


def test_it_sends_no_password_in_the_clear(run: Run, store: Store) -> None:
    run("site", "add", "plain", "--url", "http://blog.example")
    refused = run("site", "wordpress", "plain", "--user", "ed", stdin="abcd\n")
    assert (refused.exit_code, "https://" in refused.output) == (1, True)
    assert store.registry.site("plain").wordpress_user == ""


def test_the_doctor_knows_a_blog_that_is_reached_by_rest(run: Run, store: Store) -> None:
    run("site", "add", "bare", "--url", "https://bare.example")
    run("site", "add", "press", "--url", "https://press.example")
    run("site", "wordpress", "press", "--user", "ed", stdin="abcd\n")
    found = {f["what"]: f["level"] for f in json.loads(run("doctor", "--json").stdout)}
    assert (found["site bare"], found["site press"]) == ("warn", "ok")
