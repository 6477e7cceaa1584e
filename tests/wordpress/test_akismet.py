"""The Akismet plugin that comes with WordPress, unchanged, asking us instead of Akismet."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.process.cast import Service, wait_for
from tests.wordpress.conftest import FINE, HELD, SPAM
from tests.wordpress.site import WordPress, running

pytestmark = pytest.mark.process

GUIDE = Path(__file__).parents[2] / "docs" / "akismet.md"

# The fates of the tests' comments do not hang on the model of the day.
POLICY = {"thresholds": {"spam": {"hold": 0.4, "reject": 0.5}}, "blocked_words": ["vermin"]}


class Pair:
    """A WordPress whose Akismet plugin asks a service of ours."""

    def __init__(self, wordpress: WordPress, service: Service) -> None:
        self.wordpress, self.service, self.posted = wordpress, service, 0
        added = service.command("site", "add", "wp", "--url", wordpress.url, "--json")
        service.token = service.command("token", "add", "robot", "--site", "wp", "--json")["token"]
        self.key: str = added["api_key"]
        service.command("site", "policy", "wp", "--set", "-", stdin=json.dumps(POLICY))
        wordpress.mu_plugin("divert", _from_the_guide())
        wordpress.option("wordpress_api_key", self.key)
        wordpress.php(
            "require ABSPATH . 'wp-admin/includes/plugin.php'; activate_plugin( 'akismet/akismet.php' );"
        )
        self.point()

    def point(self) -> None:
        self.wordpress.option("modqueue_address", self.service.address)

    def post(self, text: str) -> tuple[int, str]:
        """Post a comment of its own through the form; give its number and text."""
        self.posted += 1
        text = f"{text} ({'abcdefghijklmnopqrstuvwxyz'[self.posted]})"
        return self.wordpress.comment(text).id, text

    def item(self, text: str) -> dict[str, Any]:
        listed = self.service.api("GET", "comments?lane=all").json()["comments"]
        (found,) = [c for c in listed if c["text"] == text]
        return dict(found)

    def decide(self, text: str, decision: str) -> None:
        body = {"decision": decision, "reason": "spam" if decision == "reject" else None}
        answer = self.service.api("POST", f"comments/{self.item(text)['id']}/decision", body)
        assert answer.status_code == 200, answer.text

    def awaits(self, number: int, text: str, status: str) -> None:
        """Wait until WordPress shows a comment as decided."""
        wait_for(lambda: self.wordpress.status(number) == status, told=lambda: self.item(text)["delivery"])

    def ask_again(self) -> None:
        """Let the plugin ask about what it holds, as its cron does every twenty minutes."""
        self.wordpress.php("do_action( 'akismet_schedule_cron_recheck' );")

    def examples(self, text: str) -> list[tuple[str, int]]:
        """Return what is learnt from a comment: from whom, and whether it is spam."""
        lines = self.service.command("export", "--examples", "--site", "wp").splitlines()
        found = [json.loads(line) for line in lines]
        return [(e["by"], e["spam"]) for e in found if e["text"] == text]


def _from_the_guide() -> str:
    found = re.search(r"```php\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert found
    # The service has another port whenever it starts.
    return found.group(1).replace("'https://modqueue.example'", "get_option( 'modqueue_address' )")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, installed: Path) -> Iterator[Pair]:
    service = Service(tmp_path_factory.mktemp("m") / "data")
    try:
        with running(tmp_path_factory.mktemp("w"), installed) as wordpress:
            yield Pair(wordpress, service)
    finally:
        if service.process.poll() is None:
            service.stop()


def test_it_verifies_keys(pair: Pair) -> None:
    for key, answer in ((pair.key, "valid"), ("0" * 12, "invalid")):
        assert pair.wordpress.php(f"echo json_encode( Akismet::verify_key( '{key}' ) );") == answer
    assert pair.wordpress.php("""
        require_once AKISMET__PLUGIN_DIR . 'class.akismet-admin.php';
        echo json_encode( Akismet_Admin::get_akismet_user( Akismet::get_api_key() )->status );
    """) == "active"  # fmt: skip


def test_it_publishes_what_is_fine(pair: Pair) -> None:
    number, text = pair.post(FINE)
    assert pair.wordpress.status(number) == "approved"
    assert pair.wordpress.is_shown(text)


def test_it_puts_spam_in_the_spam_folder(pair: Pair) -> None:
    number, text = pair.post(SPAM)
    assert pair.item(text)["verdict"] == "reject"
    assert pair.wordpress.status(number) == "spam"


@pytest.mark.parametrize(("decision", "status"), [("approve", "approved"), ("reject", "spam")])
def test_it_holds_until_a_moderator_has_decided(pair: Pair, decision: str, status: str) -> None:
    number, text = pair.post(HELD)
    assert pair.wordpress.status(number) == "unapproved"
    pair.ask_again()
    assert pair.wordpress.status(number) == "unapproved"
    pair.decide(text, decision)
    pair.ask_again()
    assert pair.wordpress.status(number) == status


def test_it_learns_once_what_a_moderator_does_in_wordpress(pair: Pair) -> None:
    number, text = pair.post(FINE)
    pair.wordpress.rest("POST", f"wp/v2/comments/{number}", {"status": "spam"}).raise_for_status()
    item = pair.item(text)
    assert (item["outcome"], item["decision"]["by"]) == ("reject", "akismet:admin")
    pair.wordpress.php(f"Akismet::submit_spam_comment( {number} );")
    assert pair.examples(text) == [("akismet:admin", 1)]
    pair.wordpress.rest("POST", f"wp/v2/comments/{number}", {"status": "approved"}).raise_for_status()
    assert pair.item(text)["outcome"] == "approve"
    assert pair.examples(text) == [("akismet:admin", 0)]


def test_it_shows_figures_in_the_plugin(pair: Pair) -> None:
    assert pair.wordpress.php("""
        require_once AKISMET__PLUGIN_DIR . 'class.akismet-admin.php';
        echo json_encode( Akismet_Admin::get_stats( Akismet::get_api_key() )['all']->missed_spam );
    """) >= 1  # fmt: skip


def test_it_reaches_wordpress_at_once_by_its_rest_api(pair: Pair) -> None:
    password = pair.wordpress.application_password("admin")
    pair.service.command("site", "wordpress", "wp", "--user", "admin", stdin=password + "\n")
    number, text = pair.post(HELD + ' It\'s <b>so</b> & "thus" 5 < 6')
    assert pair.wordpress.status(number) == "unapproved"
    pair.decide(text, "approve")
    pair.awaits(number, text, "approved")
    item = pair.item(text)["id"]
    assert pair.service.api("POST", f"comments/{item}/undo").status_code == 200
    pair.awaits(number, text, "unapproved")
    pair.decide(text, "reject")
    pair.awaits(number, text, "spam")
    # The plugin reports what we did; that is no word of anybody else.
    wait_for(lambda: pair.item(text)["delivery"]["state"] == "confirmed")
    assert pair.item(text)["decision"]["by"] == "robot"
    pair.service.command("site", "wordpress", "wp", "--forget")


def test_it_imports_by_rest_what_the_blog_has(pair: Pair) -> None:
    password = pair.wordpress.application_password("admin") + "\n"
    pair.service.command("site", "add", "again", "--url", pair.wordpress.url, "--json")
    arguments = ("import", "wordpress", pair.wordpress.url, "--site", "again", "--user", "admin", "--json")
    counts = pair.service.command(*arguments, stdin=password)
    states = pair.wordpress.php("echo json_encode( wp_count_comments() );")
    assert counts["imported"] == int(states["approved"]) + int(states["spam"]) + int(states["trash"]) > 2
    assert pair.service.command(*arguments, stdin=password)["known"] == counts["imported"]


def test_it_imports_wordpress_s_own_export(pair: Pair, tmp_path: Path) -> None:
    export = tmp_path / "export.xml"
    code = "require ABSPATH . 'wp-admin/includes/export.php'; ob_start(); export_wp();"
    code += "echo json_encode( ob_get_clean() );"
    export.write_text(pair.wordpress.php(code))
    pair.service.command("site", "add", "file", "--url", pair.wordpress.url, "--json")
    counts = pair.service.command("import", "wordpress", str(export), "--site", "file", "--json")
    states = pair.wordpress.php("echo json_encode( wp_count_comments() );")
    assert (counts["imported"] >= int(states["approved"]), counts["refused"]) == (True, 0)


def test_it_holds_while_the_service_is_away_and_asks_when_it_is_back(pair: Pair) -> None:
    pair.service.stop()
    number, text = pair.post(FINE)
    assert pair.wordpress.status(number) == "unapproved"
    pair.service.start()
    pair.point()
    pair.ask_again()
    assert pair.wordpress.status(number) == "approved"
    assert pair.wordpress.is_shown(text)
