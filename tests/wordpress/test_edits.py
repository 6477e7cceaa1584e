"""Comments that are edited, made by REST, or were there before the plugin."""

from __future__ import annotations

import pytest

from tests.process.cast import wait_for
from tests.wordpress.conftest import FINE, HELD, SPAM, Pair

REST = "wp/v2/comments"

pytestmark = pytest.mark.process


def edit(pair: Pair, comment_id: int, text: str) -> None:
    """Edit a comment as plugins let its author do: nobody who moderates is signed in."""
    pair.wordpress.php(
        f"wp_update_comment( array( 'comment_ID' => {comment_id}, 'comment_content' => '{text}' ) );"
    )


def test_it_takes_back_what_its_author_makes_ugly(pair: Pair) -> None:
    posted = pair.wordpress.comment(pair.text(FINE))
    edit(pair, posted.id, pair.text(HELD))
    assert pair.wordpress.status(posted.id) == "unapproved"
    assert (pair.item(posted.id)["verdict"], pair.item(posted.id)["revision"]) == ("hold", 2)


def test_it_publishes_what_its_author_makes_fine(pair: Pair) -> None:
    posted = pair.wordpress.comment(pair.text(HELD))
    edit(pair, posted.id, pair.text(FINE))
    assert pair.wordpress.status(posted.id) == "approved"


def test_it_does_not_send_again_what_readers_see_unchanged(pair: Pair) -> None:
    posted = pair.wordpress.comment(pair.text(FINE))
    pair.wordpress.php(f"wp_update_comment( array( 'comment_ID' => {posted.id}, 'comment_karma' => 7 ) );")
    assert pair.item(posted.id)["revision"] == 1


def test_a_moderator_who_edits_has_the_last_word(pair: Pair) -> None:
    posted = pair.wordpress.comment(pair.text(FINE))
    body = {"content": pair.text(HELD)}
    assert pair.wordpress.rest("POST", f"wp/v2/comments/{posted.id}", body).ok
    item = pair.item(posted.id)
    assert (item["revision"], item["verdict"], item["outcome"]) == (2, "hold", "approve")
    assert item["decision"]["by"] == "wordpress:admin"
    assert pair.wordpress.status(posted.id) == "approved"


def test_an_edit_that_waits_is_not_published_by_a_decision_on_what_it_was(pair: Pair) -> None:
    posted = pair.wordpress.comment(pair.text(HELD))
    pair.wordpress.php("set_transient( 'modqueue_away', 1, 3600 );")
    edit(pair, posted.id, pair.text(SPAM))
    path = f"comments/{pair.answer(posted.id)['id']}"
    assert pair.service.api("POST", f"{path}/decision", {"decision": "approve"}).status_code == 200
    wait_for(lambda: pair.item(posted.id)["delivery"]["state"] == "confirmed")
    assert pair.wordpress.status(posted.id) == "unapproved"
    pair.wordpress.cron_now()
    assert pair.wordpress.status(posted.id) == "spam"


def test_it_asks_about_comments_made_by_rest(pair: Pair) -> None:
    name = pair.reader()
    made = {
        text: pair.wordpress.rest("POST", REST, {"post": 1, "content": pair.text(text)}, user=name).json()
        for text in (FINE, HELD)
    }
    assert [m["status"] for m in made.values()] == ["approved", "hold"]
    assert pair.item(made[HELD]["id"])["verdict"] == "hold"


def test_it_sends_what_the_text_filters_made_of_a_comment(pair: Pair) -> None:
    text = pair.text(FINE) + "<script>nothing</script> a \\\\ b"
    made = pair.wordpress.rest("POST", REST, {"post": 1, "content": text}, user=pair.reader()).json()
    pair.wordpress.cron_now()
    stored = pair.wordpress.php(f"echo json_encode( get_comment( {made['id']} )->comment_content );")
    assert pair.item(made["id"])["text"] == stored


def test_it_does_not_send_moderators_comments_where_told_so(pair: Pair) -> None:
    def write() -> int:
        body = {"post": 1, "content": pair.text(HELD)}
        return int(pair.wordpress.rest("POST", REST, body).json()["id"])

    silent = write()
    assert pair.wordpress.status(silent) == "approved"
    assert not pair.wordpress.meta(silent, "_modqueue_id")
    pair.reset(skip_editors=False)
    assert pair.answer(write())["verdict"] == "hold"


def test_it_leaves_alone_what_wordpress_itself_refuses(pair: Pair) -> None:
    pair.wordpress.option("disallowed_keys", "kumquat")
    posted = pair.wordpress.comment(pair.text("A kumquat"))
    pair.wordpress.option("disallowed_keys", "")
    assert pair.wordpress.status(posted.id) == "trash"
    assert not pair.wordpress.meta(posted.id, "_modqueue_id")


@pytest.mark.parametrize(("publish", "held"), [(False, True), (True, False)])
def test_wordpresss_own_rules_hold_unless_told_otherwise(pair: Pair, publish: bool, held: bool) -> None:
    pair.wordpress.option("comment_moderation", 1)
    pair.reset(publish=publish)
    posted = pair.wordpress.comment(pair.text(FINE))
    pair.wordpress.option("comment_moderation", 0)
    assert posted.held is held


def test_what_the_service_cannot_take_stays_held_and_says_why(pair: Pair) -> None:
    posted = pair.wordpress.comment("x" * 20_001)
    assert posted.held
    assert "comment_content" in pair.wordpress.meta(posted.id, "_modqueue_error")
    assert pair.wordpress.meta(posted.id, "_modqueue_waiting") == ""


def test_it_sends_the_comments_that_were_there_before(pair: Pair) -> None:
    def existing(text: str, status: str) -> int:
        return int(pair.wordpress.php(
            "echo json_encode( wp_insert_comment( array( 'comment_post_ID' => 1, 'comment_author' => 'Old',"
            f" 'comment_content' => '{pair.text(text)}', 'comment_approved' => '{status}' ) ) );"
        ))  # fmt: skip

    old = {name: existing(text, status) for name, text, status in
           (("shown", HELD, "1"), ("held", FINE, "0"), ("held spam", SPAM, "0"))}  # fmt: skip
    pair.wordpress.option("modqueue_existing", 1)
    pair.wordpress.cron_now()
    assert {n: pair.wordpress.status(i) for n, i in old.items()} == {
        "shown": "approved", "held": "unapproved", "held spam": "spam",
    }  # fmt: skip
    assert pair.item(old["shown"])["verdict"] == "hold"
    # The desk may now decide on it.
    pair.decide(old["shown"], "reject", "hateful")
    pair.wordpress.wait_for_status(old["shown"], "spam")
    assert pair.wordpress.php("echo json_encode( get_option( 'modqueue_existing', 'none' ) );") == "none"


def test_an_import_and_the_plugin_bring_a_comment_once(pair: Pair) -> None:
    def bring() -> int:
        arguments = (
            "import",
            "wordpress",
            pair.wordpress.url,
            "--site",
            "wordpress",
            "--user",
            "admin",
            "--json",
        )
        password = pair.wordpress.application_password("admin") + "\n"
        return int(pair.service.command(*arguments, stdin=password)["imported"])

    code = f"wp_insert_comment( array( 'comment_post_ID' => 1, 'comment_content' => '{pair.text(FINE)}' ) )"
    old = int(pair.wordpress.php(f"echo json_encode( {code} );"))
    bring()
    pair.wordpress.option("modqueue_existing", 1)
    pair.wordpress.cron_now()
    item = pair.item(old)
    assert (item["comment_ID"], item["revision"], item["decision"]["by"]) == (str(old), 1, "import")
    # What came through the plugin under another name is known to the import, too.
    pair.wordpress.comment(pair.text(FINE))
    assert bring() == 0
