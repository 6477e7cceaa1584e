"""`modqueue import wordpress`: what a blog has, brought once, however often it is begun."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from service import importing
from service.moderation import Moderation
from service.store import Store
from service.store.registry import digest
from tests.app.conftest import Run
from tests.conftest import submit

pytestmark = pytest.mark.usefixtures("added")
Export = Callable[..., str]


@pytest.fixture
def export(tmp_path: Path) -> Export:
    """Write an export with comments as (id, state, text)."""

    def write(*comments: tuple[int, str, str], sent_as: str = "") -> str:
        pair = f"<wp:meta_key>_modqueue_id</wp:meta_key><wp:meta_value>{sent_as}</wp:meta_value>"
        meta = f"<wp:commentmeta>{pair}</wp:commentmeta>" if sent_as else ""
        shown = "".join(
            f"<wp:comment><wp:comment_id>{i}</wp:comment_id><wp:comment_author><![CDATA[Ana]]></wp:comment_author>"
            f"<wp:comment_author_email>ana@example.org</wp:comment_author_email>"
            f"<wp:comment_date_gmt>2020-01-02 03:04:05</wp:comment_date_gmt>"
            f"<wp:comment_content>{escape(text)}</wp:comment_content><wp:comment_approved>{state}</wp:comment_approved>"
            f"<wp:comment_user_id>0</wp:comment_user_id><wp:comment_parent>0</wp:comment_parent>{meta}</wp:comment>"
            for i, state, text in comments
        )
        post = f"<title>News</title><link>https://blog.example/1</link><wp:post_id>3</wp:post_id>{shown}"
        file = tmp_path / "export.xml"
        spaces = 'xmlns:wp="http://wordpress.org/export/1.2/"'
        file.write_text(f'<?xml version="1.0"?><rss {spaces}><channel><item>{post}</item></channel></rss>')
        return str(file)

    return write


def bring(run: Run, file: str) -> dict[str, int]:
    done = run("import", "wordpress", file, "--site", "blog", "--json")
    assert done.exit_code == 0, done.output
    counts: dict[str, int] = json.loads(done.stdout)
    return counts


def test_it_brings_states_examples_and_history(run: Run, store: Store, export: Export) -> None:
    file = export(
        (1, "1", "Wie schön <3"), (2, "spam", "Buy now"), (3, "trash", "Off with you"), (4, "0", "Hm")
    )
    assert bring(run, file) == {"imported": 3, "known": 0, "waiting": 1, "refused": 0}
    items = {i.comment.comment_id: i for i in store.views.page("all", ["blog"]).items}
    assert {k: i.outcome for k, i in items.items()} == {"1": "approve", "2": "reject", "3": "reject"}
    assert not any(i.pending for i in items.values())
    first = items["1"]
    assert (first.comment.text, first.comment.post_title, first.comment.post_id) == (
        "Wie schön <3",
        "News",
        "3",
    )
    assert first.decision
    assert (first.decision.by, first.decision.at) == ("import", 1_577_934_245.0)
    learnt = [json.loads(line) for line in run("export", "--examples").stdout.splitlines()]
    assert sorted((e["text"], e["spam"], e["source"]) for e in learnt) == [
        ("Buy now", 1, "import"),
        ("Wie schön <3", 0, "import"),
    ]
    assert store.outbox.depth() == (0, 0)


def test_it_brings_nothing_twice(run: Run, store: Store, export: Export) -> None:
    file = export((1, "1", "one"), (2, "spam", "two"))
    bring(run, file)
    assert bring(run, file) == {"imported": 0, "known": 2, "waiting": 0, "refused": 0}
    assert len(store.views.examples("blog")) == 2


def test_it_goes_on_where_it_was_broken_off(
    run: Run,
    store: Store,
    export: Export,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = export((1, "1", "one"), (2, "spam", "[two]"))

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(importing.Moderation, "decide", killed)
        assert run("import", "wordpress", file, "--site", "blog").exit_code != 0
    assert store.views.examples("blog") == []
    assert bring(run, file)["imported"] == 2
    assert len(store.views.examples("blog")) == 2


def test_it_leaves_alone_what_came_by_itself(
    run: Run,
    moderation_of_run: Moderation,
    export: Export,
) -> None:
    item = submit(moderation_of_run, "one", "1")["id"]
    assert bring(run, export((1, "spam", "one")))["known"] == 1
    assert moderation_of_run.store.views.item(item).decision is None


def test_what_the_plugin_sends_after_an_import_is_the_same_comment(
    run: Run, moderation_of_run: Moderation, export: Export
) -> None:
    # XML knows one end of a line, browsers send another.
    bring(run, export((17, "1", "one\r\ntwo")))
    submit(moderation_of_run, "one\r\ntwo", "17", author="Ana")
    (item,) = moderation_of_run.store.views.page("all", ["blog"]).items
    assert (item.revision, item.outcome) == (1, "approve")
    key = item.comment.author_key
    history = moderation_of_run.store.views.history("blog", key)
    assert (history.approved, history.rejected) == (1, 0)


def test_what_the_plugin_has_sent_is_known_by_the_name_that_it_had(
    run: Run, moderation_of_run: Moderation, export: Export
) -> None:
    submit(moderation_of_run, "one", "0b0a7a4e-5d0c-4b52-9a3e-3f0a3d9f6f10")
    file = export((17, "1", "one"), sent_as="0b0a7a4e-5d0c-4b52-9a3e-3f0a3d9f6f10")
    assert bring(run, file)["known"] == 1
    assert len(moderation_of_run.store.views.page("all", ["blog"]).items) == 1


def test_it_names_what_it_refuses_and_brings_the_rest(run: Run, store: Store, export: Export) -> None:
    done = run("import", "wordpress", export((1, "1", "x" * 20_001), (2, "1", "fine")), "--site", "blog")
    assert (done.exit_code, done.stdout) == (1, "1 imported, 0 known, 0 waiting, 1 refused\n")
    assert "comment 1: comment_content: " in done.stderr
    assert len(store.views.page("all", ["blog"]).items) == 1


@pytest.mark.parametrize("content", ["", "not XML", "<rss><channel><item>", "<html></html>"])
def test_it_refuses_what_is_no_export(run: Run, tmp_path: Path, content: str) -> None:
    (tmp_path / "x.xml").write_text(content)
    done = run("import", "wordpress", str(tmp_path / "x.xml"), "--site", "blog")
    assert (done.exit_code, "not a WordPress export" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    ("source", "named"),
    [("/nowhere.xml", "FILE"), ("https://blog.example", "--user"), ("http://blog.example", "URL")],
)
def test_it_says_what_is_missing(run: Run, source: str, named: str) -> None:
    user = () if named == "--user" else ("--user", "ed")
    done = run("import", "wordpress", source, "--site", "blog", *user, stdin="secret\n")
    assert (done.exit_code, f"modqueue: {named}: " in done.stderr) == (1, True)
    assert digest("secret") not in done.output


@pytest.fixture
def moderation_of_run(store: Store) -> Moderation:
    from tests.conftest import StubScorer

    return Moderation(store, StubScorer())  # type: ignore[arg-type]  # the stub has its shape
