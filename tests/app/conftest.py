"""Commands, run in this process, visitors of the pages, programs and blogs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient

from service import passwords
from service.cli import main
from service.domain import Site
from service.moderation import Moderation
from service.store import Store
from service.store.registry import digest
from tests.app import akismet, appealing, desk, erased, programs
from tests.conftest import ADMIN, ANA, BEN, BLOG, Clock, Sender, logs_put_back, submit
from tests.pages import FAST, Visitor, give_password

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def put_logs_back() -> Iterator[None]:
    with logs_put_back():
        yield


@pytest.fixture
def run(tmp_path: Path, server_url: str, store: Store, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command against the store of the test."""
    monkeypatch.setenv("MODQUEUE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MODQUEUE_REDIS_URL", server_url)
    monkeypatch.setattr(passwords, "_hasher", FAST)

    def run(*arguments: str, stdin: str | bytes = "") -> Result:
        return CliRunner().invoke(main, arguments, input=stdin, catch_exceptions=False)

    return run


@pytest.fixture
def added(run: Run) -> dict[str, str]:
    """Register a site; give what was printed."""
    arguments = ("--url", "https://blog.example", "--callback-url", "https://blog.example/hook", "--json")
    result: dict[str, str] = json.loads(run("site", "add", "blog", *arguments).stdout)
    return result


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hash passwords as tests do."""
    monkeypatch.setattr(passwords, "_hasher", FAST)
    passwords._of_nobody.cache_clear()
    yield
    passwords._of_nobody.cache_clear()


@pytest.fixture
def visitor(app: Flask, moderation: Moderation, fast: None) -> Visitor:
    """Give a visitor to a service where ana and ben have passwords."""
    give_password(moderation.store, ANA, BEN)
    return Visitor(app)


@pytest.fixture
def ana(app: Flask, moderation: Moderation) -> Visitor:
    """Give ana at the desk, signed in."""
    give_password(moderation.store, ANA, BEN, ADMIN)
    visitor = Visitor(app)
    visitor.enter("ana")
    return visitor


@pytest.fixture
def ids(moderation: Moderation) -> dict[str, str]:
    """Three comments wait, the most severe first."""
    texts = {"first": desk.DEHUMANISING, "second": desk.HATEFUL, "third": desk.SPAM}
    return {name: submit(moderation, text, name)["id"] for name, text in texts.items()}


@pytest.fixture
def api(client: FlaskClient, moderation: Moderation) -> programs.Api:
    """Give a program that speaks for the blog."""
    moderation.store.registry.add_token(programs.TOKEN, "bot", ("blog",))
    return programs.Api(client, programs.TOKEN)


@pytest.fixture
def others(client: FlaskClient, moderation: Moderation) -> programs.Api:
    """Give a program that speaks for another site."""
    moderation.store.registry.add_token(programs.OTHERS_TOKEN, "theirs", ("other",))
    return programs.Api(client, programs.OTHERS_TOKEN)


@pytest.fixture
def held(moderation: Moderation) -> str:
    """Give the id of a comment that waits."""
    item_id: str = submit(moderation, programs.HATEFUL)["id"]
    return item_id


@pytest.fixture
def site(moderation: Moderation) -> Site:
    """Make the blog one that speaks Akismet's protocol alone."""
    moderation.store.registry.remove_site("blog")
    site = replace(BLOG, api_key_hash=digest(akismet.KEY), callback_url="")
    moderation.store.registry.add_site(site)
    moderation._sites.clear()
    return site


@pytest.fixture
def blog(client: FlaskClient, site: Site) -> akismet.Blog:
    return akismet.Blog(client)


@pytest.fixture
def lives(sender: Sender, moderation: Moderation, clock: Clock) -> dict[str, str]:
    """Give Zoe comments in every state there is, and others theirs."""
    return erased.live(sender, moderation, clock)


@pytest.fixture
def rejected(moderation: Moderation) -> str:
    """Give the id of a comment that ana rejected."""
    item_id: str = submit(moderation, "I hate it when <b>it</b> rains. [hateful=0.8]", author="Ola")["id"]
    moderation.decide(ANA, item_id, appealing.REJECT)
    return item_id


@pytest.fixture
def admin(app: Flask, moderation: Moderation) -> Visitor:
    """Give the admin, signed in."""
    give_password(moderation.store, ANA, ADMIN)
    visitor = Visitor(app)
    visitor.enter("admin")
    return visitor
