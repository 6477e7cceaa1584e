"""What the owner of a blog sees of the plugin: settings, the test of the connection, the comments screen."""

from __future__ import annotations

import html
import json
import re

import pytest
import requests

from service import signing
from tests.process.cast import wait_for
from tests.wordpress.conftest import FINE, HELD, Pair

pytestmark = pytest.mark.process

PAGE = "/wp-admin/options-general.php?page=modqueue"


@pytest.fixture
def admin(pair: Pair) -> requests.Session:
    return pair.wordpress.sign_in()


def read(pair: Pair, admin: requests.Session, path: str) -> str:
    answer = admin.get(pair.wordpress.url + path, timeout=60)
    assert answer.status_code == 200
    return html.unescape(answer.text)


def fields(page: str, form: str) -> dict[str, str]:
    """Return the fields of a form as a browser would send them."""
    part = page[page.index(form) :].partition("</form>")[0]
    found = {}
    for tag in re.findall(r"<input[^>]*>", part):
        given = dict(re.findall(r"(\w+)=[\"']([^\"']*)[\"']", tag))
        if given.get("type") not in ("radio", "checkbox", "submit") or "checked" in tag.split():
            found[given["name"]] = given.get("value", "")
    return found


def test_it_is_set_up_on_its_page(pair: Pair, admin: requests.Session) -> None:
    pair.wordpress.php("delete_option( 'modqueue' );")
    form = fields(read(pair, admin, PAGE), 'action="options.php"')
    named = {f"modqueue[{name}]": value for name, value in pair.settings.items()}
    saved = admin.post(f"{pair.wordpress.url}/wp-admin/options.php", form | named, timeout=60)
    assert "The connection works, both ways." in html.unescape(saved.text)
    assert pair.service.secret not in saved.text
    assert not pair.wordpress.comment(pair.text(FINE)).held
    # Saved again with the field left empty, the secret stays.
    form = fields(read(pair, admin, PAGE), 'action="options.php"')
    assert form["modqueue[secret]"] == ""
    again = admin.post(f"{pair.wordpress.url}/wp-admin/options.php", form, timeout=60)
    assert "The connection works, both ways." in html.unescape(again.text)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"secret": ""}, "Address, site ID and secret are needed"),
        ({"secret": "whsec_short"}, "The secret is not complete"),
        ({"secret": signing.new_secret()}, "does not know this site ID with this secret"),
        ({"site": "another"}, "does not know this site ID with this secret"),
        ({"address": "http://127.0.0.1:1"}, "Nothing answers at http://127.0.0.1:1"),
        ({"address": "http://nowhere.invalid"}, "There is no server with the name in http://nowhere.invalid"),
        ({"address": "http://198.51.100.7"}, "may not speak to other servers"),
        ({"address": "BLOG"}, "but it is not Modqueue"),
    ],
)
def test_it_says_in_plain_words_what_is_wrong(
    pair: Pair, admin: requests.Session, settings: dict[str, str], said: str
) -> None:
    named = {"BLOG": pair.wordpress.url}
    pair.reset(**{name: named.get(value, value) for name, value in settings.items()})
    assert said in read(pair, admin, PAGE + "&test=1")


def test_it_says_where_the_service_does_not_report_decisions(pair: Pair, admin: requests.Session) -> None:
    elsewhere = f"{pair.wordpress.url}/elsewhere"
    here = f"{pair.wordpress.url}/wp-json/modqueue/v1/decisions"
    pair.service.command("site", "callback", "wordpress", elsewhere)
    page = wait_for(lambda: (p := read(pair, admin, PAGE + "&test=1")) and "does not report" in p and p)
    # What it says to run is what helps.
    command = re.search(r"modqueue (site callback wordpress) '([^']+)'", page)
    assert command
    assert command.group(2) == here
    pair.service.command(*command.group(1).split(), command.group(2))
    wait_for(lambda: "works, both ways" in read(pair, admin, PAGE + "&test=1"))


def test_it_says_where_what_the_service_sends_does_not_arrive(pair: Pair, admin: requests.Session) -> None:
    closed = """<?php add_filter( 'rest_authentication_errors', function ( $result ) {
        return is_user_logged_in() ? $result : new WP_Error( 'closed', 'closed', array( 'status' => 401 ) );
    } );"""
    pair.wordpress.mu_plugin("closed", closed)
    try:
        # A busy machine may say first that the service did not answer in time.
        wait_for(lambda: "that the service sent back did not arrive" in read(pair, admin, PAGE + "&test=1"))
    finally:
        pair.wordpress.mu_plugin("closed", "")


def test_it_warns_of_rules_that_hold_what_is_fine(pair: Pair, admin: requests.Session) -> None:
    pair.wordpress.option("comment_previously_approved", 1)
    page = read(pair, admin, PAGE + "&test=1")
    pair.wordpress.option("comment_previously_approved", 0)
    assert "WordPress itself holds comments that Modqueue approves" in page


def test_the_comments_screen_shows_verdict_scores_reason_and_the_way_to_the_desk(
    pair: Pair, admin: requests.Session
) -> None:
    posted = pair.wordpress.comment(pair.text(HELD))
    desk = f"{pair.service.address}/?lane=all&item={pair.answer(posted.id)['id']}"
    for path in ("edit-comments.php", f"comment.php?action=editcomment&c={posted.id}"):
        page = read(pair, admin, f"/wp-admin/{path}")
        assert "<strong>hold</strong>: score for dehumanising" in page
        assert re.search(r"Dehumanising [01]\.\d\d · ", page)
        assert desk in page
    pair.decide(posted.id, "approve")
    pair.wordpress.wait_for_status(posted.id, "approved")
    assert "approve, decided on the desk by ana" in read(pair, admin, "/wp-admin/edit-comments.php")


def test_what_the_service_says_is_text_and_no_more(pair: Pair, admin: requests.Session) -> None:
    posted = pair.wordpress.comment(pair.text(HELD))
    evil = "<script>alert(1)</script>"
    answer = {"id": evil, "verdict": evil, "scores": {evil: 1}, "reasons": [evil]}
    said = str(answer).replace("'", '"')
    pair.wordpress.php(
        f"update_comment_meta( {posted.id}, '_modqueue_answer', json_decode( '{said}', true ) );"
        f"update_comment_meta( {posted.id}, '_modqueue_error', '{evil}' );"
    )
    page = admin.get(f"{pair.wordpress.url}/wp-admin/edit-comments.php", timeout=60).text
    assert evil not in page
    assert html.escape(evil) in page


def test_it_sends_the_chosen_comments(pair: Pair, admin: requests.Session) -> None:
    old = pair.wordpress.php(
        "$old = array( 'comment_post_ID' => 1, 'comment_content' => 'Old one' );"
        "echo json_encode( wp_insert_comment( $old ) );"
    )
    nonce = fields(read(pair, admin, "/wp-admin/edit-comments.php"), 'id="comments-form"')["_wpnonce"]
    url = f"{pair.wordpress.url}/wp-admin/edit-comments.php"
    chosen = {"action": "modqueue_send", "delete_comments[]": str(old), "_wpnonce": nonce}
    assert (
        "1 comment will be sent to Modqueue"
        in admin.get(url, params=chosen, headers={"Referer": url}, timeout=60).text
    )
    pair.wordpress.cron_now()
    assert pair.answer(old)["verdict"] in ("approve", "hold")


def test_the_button_sends_existing_comments(pair: Pair, admin: requests.Session) -> None:
    form = fields(read(pair, admin, PAGE), "admin-post.php")
    answer = admin.post(f"{pair.wordpress.url}/wp-admin/admin-post.php", form, timeout=60)
    assert "are being sent" in answer.text
    pair.wordpress.cron_now()
    assert "Send existing comments" in read(pair, admin, PAGE)


def test_it_exports_and_erases_what_it_knows_of_an_author(pair: Pair) -> None:
    email = "zoe@reader.example"
    posted = pair.wordpress.comment(pair.text(HELD), email=email)
    exported = pair.wordpress.php(f"echo json_encode( Modqueue_Privacy::export( '{email}' ) );")
    assert exported["done"]
    item = pair.answer(posted.id)["id"]
    assert pair.service.api("GET", f"comments/{item}").status_code == 200
    assert "score:dehumanising" in exported["data"][0]["data"][0]["value"]
    erased = pair.wordpress.php(f"echo json_encode( Modqueue_Privacy::erase( '{email}' ) );")
    assert (erased["items_removed"], erased["items_retained"], erased["messages"]) == (True, False, [])
    assert pair.answer(posted.id) == ""
    assert pair.service.api("GET", f"comments/{item}").status_code == 404
    assert pair.service.command("export", "--author", email) == ""
    assert pair.wordpress.php(f"echo json_encode( Modqueue_Privacy::export( '{email}' ) );")["data"] == []
    erasers = pair.wordpress.php(
        "echo json_encode( array_keys( apply_filters( 'wp_privacy_personal_data_erasers', array() ) ) );"
    )
    assert erasers.index("modqueue") < erasers.index("wordpress-comments")


def test_it_says_so_where_the_service_cannot_be_asked_to_erase(pair: Pair) -> None:
    pair.reset(address="http://127.0.0.1:1")
    erased = pair.wordpress.php("echo json_encode( Modqueue_Privacy::erase( 'nobody@reader.example' ) );")
    assert (erased["items_retained"], erased["done"]) == (True, True)
    assert "Erase again when it can be reached" in erased["messages"][0]


def test_it_suggests_a_paragraph_for_the_privacy_policy(pair: Pair, admin: requests.Session) -> None:
    guide = read(pair, admin, "/wp-admin/options-privacy.php?tab=policyguide")
    assert "Comments are sent to a moderation service that the owner of this site runs" in guide
    # What it promises of addresses is what is stored.
    email = "someone@reader.example"
    pair.wordpress.comment(pair.text(HELD), email=email)
    kept = pair.service.command("export", "--author", email)
    assert json.loads(kept.splitlines()[0])["comment"]["author_shown"] == "s…@reader.example"
    assert email not in kept


def test_php_had_nothing_to_complain_of(pair: Pair) -> None:
    pair.wordpress.comment(pair.text(FINE))
    log = pair.wordpress.log
    said = log.read_text() if log.exists() else ""
    assert not [line for line in said.splitlines() if "plugins/modqueue" in line]


def test_it_leaves_nothing_behind(pair: Pair) -> None:
    pair.wordpress.comment(pair.text(HELD))
    left = pair.wordpress.php("""
        define( 'WP_UNINSTALL_PLUGIN', 'modqueue/modqueue.php' );
        require WP_PLUGIN_DIR . '/modqueue/uninstall.php';
        global $wpdb;
        echo json_encode( array(
            $wpdb->get_var( "SELECT COUNT(*) FROM $wpdb->options WHERE option_name LIKE '%modqueue%'" ),
            $wpdb->get_var( "SELECT COUNT(*) FROM $wpdb->commentmeta WHERE meta_key LIKE '%modqueue%'" ),
            wp_next_scheduled( 'modqueue_send' ),
        ) );
    """)
    assert left == ["0", "0", False]
