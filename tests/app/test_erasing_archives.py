"""Erasing and exporting what lies in archives: in every directory, and beside what is damaged."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from service import archive, archive_erasing, authors, config
from service.errors import Conflict
from service.moderation import Moderation
from tests.app.conftest import Run
from tests.app.erased import EMAIL, REJECT, SECRET_KEY, ZOE, comment, holding
from tests.conftest import ANA, Clock, Sender

DAY_S = 86400.0
Archive = Callable[..., Path]


@pytest.fixture
def archived(
    moderation: Moderation, sender: Sender, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Archive:
    """Archive a comment of Zoe into a directory; give the file."""
    monkeypatch.setenv("MODQUEUE_SECRET_KEY", SECRET_KEY)

    def archived(directory: Path, comment_id: str = "3") -> Path:
        comment(sender, comment_id, "kumquat three")
        clock.move(40 * DAY_S)
        path, _ = archive.write(moderation.store, directory, archive.ages(config.load(), clock()), clock())
        return path

    return archived


def words(path: Path) -> str:
    return "".join(map(json.dumps, archive.read(path)))


def test_a_blogs_erasure_reaches_every_directory(
    run: Run, moderation: Moderation, archived: Archive, tmp_path: Path
) -> None:
    path = archived(tmp_path / "archive")
    authors.erase(moderation, "blog", ZOE, "the blog")
    assert run("archive", "--output", str(tmp_path / "else")).exit_code == 0
    assert "kumquat" not in words(path)
    assert moderation.store.erasing.erased() == {}


def test_the_command_reaches_every_directory(
    run: Run, moderation: Moderation, archived: Archive, tmp_path: Path
) -> None:
    path = archived(tmp_path / "else")
    assert json.loads(run("erase", "--email", EMAIL, "--json").stdout)["archived"] == 1
    assert "kumquat" not in words(path)
    assert moderation.store.erasing.erased() == {}


def test_a_directory_that_is_gone_is_named_once(
    run: Run, moderation: Moderation, archived: Archive, tmp_path: Path
) -> None:
    archived(tmp_path / "else")
    shutil.rmtree(tmp_path / "else")
    result = run("erase", "--email", EMAIL)
    assert (result.exit_code, f"{tmp_path / 'else'} is gone" in result.stderr) == (1, True)
    assert run("archive").exit_code == 0
    assert moderation.store.erasing.erased() == {}


def test_what_is_damaged_hides_nothing_of_what_was_done(
    run: Run, moderation: Moderation, sender: Sender, archived: Archive, tmp_path: Path
) -> None:
    path, damaged = (archived(tmp_path / "archive", comment_id) for comment_id in "34")
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:-20])
    moderation.decide(ANA, comment(sender, "5", "kumquat [hateful=0.7]"), REJECT)
    result = run("erase", "--email", EMAIL, "--json")
    done = json.loads(result.stdout)
    assert (result.exit_code, done["comments"], done["untold"]) == (1, 1, ["blog/5"])
    assert f"{damaged} is not a whole archive" in result.stderr
    assert "kumquat" not in words(path)
    # What is old is archived all the same, and what is mended is cleaned with the next one.
    result = run("archive")
    assert (result.exit_code, str(damaged) in result.stderr) == (1, True)
    damaged.write_bytes(whole)
    assert run("archive").exit_code == 0
    assert "kumquat" not in words(damaged)
    assert moderation.store.erasing.erased() == {}


def test_bytes_that_changed_are_damage(archived: Archive, moderation: Moderation, tmp_path: Path) -> None:
    path = archived(tmp_path)
    raw = path.read_bytes()
    path.write_bytes(raw[:80] + b"\xff" * 40 + raw[120:])
    whole, wrong = archive.found(moderation.store, tmp_path)
    assert (whole, list(wrong)) == ([], [path])


def test_what_cannot_be_written_stays_to_be_done(
    moderation: Moderation, archived: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = archived(tmp_path)

    def full(_path: Path, _lines: object) -> None:
        raise OSError(28, "No space left on device")

    authors.erase(moderation, "blog", ZOE, "test")
    with monkeypatch.context() as patch:
        patch.setattr(archive, "write_lines", full)
        _, left = archive_erasing.clean(moderation.store, tmp_path)
    assert left == {path: "cannot be written: No space left on device"}
    assert archive_erasing.clean(moderation.store, tmp_path) == (1, {})


def test_a_directory_that_cannot_be_read_is_named(moderation: Moderation, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert archive.found(moderation.store, tmp_path / "file") == (
        [], {tmp_path / "file": "cannot be read: Not a directory"}
    )  # fmt: skip
    with pytest.raises(Conflict, match=r"left out: .*file cannot be read: Not a directory"):
        archive.tell({tmp_path / "file": "cannot be read: Not a directory"}, "again")


def test_what_could_not_be_cleaned_is_not_brought_back(
    run: Run, moderation: Moderation, archived: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = archived(tmp_path / "archive")
    authors.erase(moderation, "blog", ZOE, "test")

    def denied(_path: Path, _gone: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(archive_erasing, "_clean", denied)
    result = run("archive", "--bring-back", str(path))
    assert (result.exit_code, "cannot be written: Permission denied" in result.stderr) == (1, True)
    assert holding(moderation.store, "kumquat") == {}


def test_an_author_is_given_what_is_archived(
    run: Run, moderation: Moderation, archived: Archive, tmp_path: Path
) -> None:
    path = archived(tmp_path / "archive")
    item, counts = map(json.loads, run("export", "--author", EMAIL).stdout.splitlines())
    assert (item["comment"]["text"], item["appeal"], item["archive"]) == ("kumquat three", None, str(path))
    assert counts["author"]["approved"] == 1
    path.unlink()
    assert [json.loads(s)["site"] for s in run("export", "--author", EMAIL).stdout.splitlines()] == ["blog"]


def test_an_export_names_what_it_leaves_out(run: Run, archived: Archive, tmp_path: Path) -> None:
    archived(tmp_path / "archive").write_bytes(b"")
    result = run("export", "--author", EMAIL)
    assert (result.exit_code, len(result.stdout.splitlines())) == (1, 1)
    assert "is not a whole archive" in result.stderr or "is damaged" in result.stderr


def test_the_log_tells_of_what_was_archived_once(
    run: Run, moderation: Moderation, archived: Archive, tmp_path: Path
) -> None:
    archived(tmp_path / "archive")
    authors.erase(moderation, "blog", ZOE, "the blog")
    for _ in range(2):
        assert run("archive").exit_code == 0
    entries = [e for _, e in moderation.store.registry._db.client.xrange("mq:{meta}:log")]
    told = [json.loads(e["entry"]) for e in entries]
    assert [(e["by"], e["comments"]) for e in told if e["kind"] == "erased"] == [("the blog", 1)]


def test_of_a_site_that_was_removed_nothing_stays_for_ever(
    run: Run, moderation: Moderation, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODQUEUE_SECRET_KEY", SECRET_KEY)
    comment(sender, "1", "kumquat [hateful=0.7]")
    moderation.store.registry.remove_site("blog")
    assert run("export", "--author", EMAIL, "--site", "nowhere").exit_code == 1
    assert len(run("export", "--author", EMAIL, "--site", "blog").stdout.splitlines()) == 2
    assert "1 comments" in run("erase", "--email", EMAIL).stdout
    assert holding(moderation.store, "kumquat", ZOE) == {}
