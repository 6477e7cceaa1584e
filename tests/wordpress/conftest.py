"""A WordPress with the plugin, and the service that it asks."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.process.cast import PASSWORD, Service, csrf_token, wait_for
from tests.wordpress.site import WordPress, install_once, running

PLUGIN = Path(__file__).parents[2] / "integrations" / "wordpress" / "modqueue"
CALLBACK = "/wp-json/modqueue/v1/decisions"
SITE = "wordpress"

FINE = "Thank you, the bread recipe worked well."
HELD = "You are vermin, all of you, and vermin must be exterminated."
SPAM = "Earn $5000 per week from home! Click http://money.example now!!! casino bonus free"


class Pair:
    """A WordPress with the plugin, and its service; a comment's text is made unlike any other."""

    def __init__(self, wordpress: WordPress, service: Service) -> None:
        self.wordpress, self.service, self.posted = wordpress, service, 0
        self.settings: dict[str, Any] = {}
        self.register()

    def register(self) -> None:
        url, callback = self.wordpress.url, self.wordpress.url + CALLBACK
        added = self.service.command("site", "add", SITE, "--url", url, "--callback-url", callback, "--json")
        self.service.secret = added["webhook_secret"]
        self.service.command("site", "policy", SITE, "--set", "-", stdin='{"audit": 0}')
        self.service.token = self.service.command("token", "add", "robot", "--site", SITE, "--json")["token"]
        self.service.command("moderator", "add", "ana", "--site", SITE, "--password-stdin", stdin=PASSWORD)
        self.settings = {"address": self.service.address, "site": SITE, "secret": self.service.secret}
        # A busy machine needs longer than a blog's visitor should wait.
        self.settings["timeout"] = 10
        self.reset()

    def reset(self, **settings: Any) -> None:
        """Set the plugin's settings, and let it try the service at once."""
        self.wordpress.option("modqueue", self.settings | settings, "delete_transient( 'modqueue_away' );")

    def catch_up(self, done: Callable[[], bool]) -> None:
        """Run the plugin's cron until it has sent what waits: a busy machine may outlast its time-outs."""

        def tried() -> bool:
            self.wordpress.cron_now()
            return done()

        wait_for(tried)

    def text(self, beginning: str) -> str:
        self.posted += 1
        return f"{beginning} ({'abcdefghijklmnopqrstuvwxyz'[self.posted % 26] * (1 + self.posted // 26)})"

    def answer(self, comment_id: int) -> Any:
        """Return what the plugin remembers of the service's answer."""
        return self.wordpress.meta(comment_id, "_modqueue_answer")

    def item(self, comment_id: int) -> Any:
        """Return the comment as the service's API shows it."""
        found = self.service.api("GET", f"comments/{self.answer(comment_id)['id']}")
        assert found.status_code == 200, found.text
        return found.json()

    @cached_property
    def desk(self) -> requests.Session:
        """Sign in, once: the service slows down whoever does so too often."""
        return self.service.sign_in("ana")

    def decide(self, comment_id: int, decision: str, reason: str = "") -> None:
        """Decide on the desk, as ana does with the mouse."""
        desk = self.desk
        item = self.answer(comment_id)["id"]
        page = desk.get(f"{self.service.address}/?lane=all&item={item}", timeout=60).text
        chosen = f"{decision}:{reason}" if reason else decision
        form = {"decision": chosen, "csrf_token": csrf_token(page), "lane": "all"}
        url = f"{self.service.address}/items/{item}/decision"
        answer = desk.post(url, form, timeout=60, allow_redirects=False)
        assert answer.status_code == 303, answer.text

    def examples(self, comment_id: int) -> list[dict[str, Any]]:
        """Return what was learnt from a comment."""
        lines = self.service.command("export", "--examples", "--site", SITE).splitlines()
        item = self.answer(comment_id)["id"]
        return [e for e in map(json.loads, lines) if e["id"].startswith(f"{item}.")]

    def decided(self) -> int:
        """Count the decisions that the service has written so far."""
        return sum(self.service.api("GET", "stats").json()["decisions"].values())

    def reader(self) -> str:
        """Register somebody who may comment and no more; returns the name."""
        name = f"reader{self.posted}"
        self.wordpress.php(f"wp_create_user( '{name}', wp_generate_password(), '{name}@blog.example' );")
        return name


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the WordPress that others are copies of, once for all test processes."""
    own = tmp_path_factory.getbasetemp()
    return install_once((own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "wordpress")


@pytest.fixture(scope="module")
def wordpress(tmp_path_factory: pytest.TempPathFactory, installed: Path) -> Iterator[WordPress]:
    """Give a WordPress as it comes."""
    with running(tmp_path_factory.mktemp("w"), installed) as wordpress:
        yield wordpress


@pytest.fixture(scope="session")
def shared_pair(tmp_path_factory: pytest.TempPathFactory, installed: Path) -> Iterator[Pair]:
    service = Service(tmp_path_factory.mktemp("m") / "data")
    try:
        with running(tmp_path_factory.mktemp("w"), installed) as wordpress:
            wordpress.plugin(PLUGIN)
            yield Pair(wordpress, service)
    finally:
        if service.process.poll() is None:
            service.stop()


@pytest.fixture
def pair(shared_pair: Pair) -> Pair:
    """Give the pair with its settings as they were."""
    shared_pair.reset()
    return shared_pair
