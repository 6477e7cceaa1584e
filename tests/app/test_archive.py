"""What has been kept long enough leaves the store for a file, whole, and comes back from it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from service import appeals, archive, examples
from service.config import Settings
from service.domain import ReasonCode, Ruling
from service.errors import Conflict, Invalid, NotFound
from service.moderation import Moderation, Wish
from service.store import ALL, DECIDED, PENDING, Wanted
from tests.conftest import ADMIN, ANA, Clock, submit

SETTINGS = Settings(keep_approved_days=30, keep_decided_days=90, keep_log_days=100, keep_examples_days=100)  # type: ignore[call-arg]  # the others have defaults
REJECT = Wish(Ruling.REJECT, ReasonCode.HATEFUL)
DAY_S = 86400.0


def run(m: Moderation, directory: Path) -> Path:
    path, _ = archive.write(m.store, directory, archive.ages(SETTINGS, m.clock()), m.clock())
    return path


def kept(m: Moderation) -> set[str]:
    return {i.comment.comment_id for i in m.page(ADMIN, ALL).items}


def told(m: Moderation) -> None:
    for delivery in m.store.outbox.lease_due(m.clock(), 30, 100):
        m.store.outbox.settle(delivery, "confirmed", m.clock())


@pytest.fixture
def old(moderation: Moderation, clock: Clock) -> dict[str, str]:
    """One comment of each kind, 200 days ago."""
    texts = {"fine": "fine", "waits": "[spam=0.7]", "decided": "[hateful=0.9] vermin", "edited": "one"}
    ids = {name: str(submit(moderation, text, name)["id"]) for name, text in texts.items()}
    submit(moderation, "two", "edited")
    moderation.decide(ANA, ids["decided"], REJECT)
    told(moderation)
    clock.move(200 * DAY_S)
    submit(moderation, "fine, too", "new")
    return ids


def test_it_takes_what_is_old_and_waits_no_more(
    moderation: Moderation, old: dict[str, str], tmp_path: Path
) -> None:
    path = run(moderation, tmp_path)
    assert kept(moderation) == {"waits", "new"}
    assert moderation.page(ADMIN, DECIDED).items == ()
    assert moderation.page(ADMIN, PENDING, wanted=Wanted(words="vermin")).items == ()
    assert {line["kind"] for line in archive.read(path)} == {"comment", "log", "examples"}
    assert [json.loads(e)["item"] for e in moderation.store.views.log("blog")] == [
        moderation.page(ADMIN, ALL).items[0].id
    ]
    assert path.stat().st_mode & 0o077 == 0
    client = moderation.store._db.client
    assert client.keys(f"*{old['decided']}*") == []


def test_it_brings_back_what_it_took(moderation: Moderation, old: dict[str, str], tmp_path: Path) -> None:
    before = {i.id: i for i in moderation.page(ADMIN, ALL).items}
    learnt = list(examples.export(moderation.store))
    log = {str(e) for e in moderation.store.views.log("blog")}
    path = run(moderation, tmp_path)
    assert archive.bring_back(moderation.store, path) == {"comment": 3, "log": 7, "examples": 1}
    after = {i.id: i for i in moderation.page(ADMIN, ALL).items}
    assert after.keys() == before.keys()
    for name in ("fine", "edited"):
        assert after[old[name]] == before[old[name]]
    item = after[old["decided"]]
    assert (item.comment, item.decision, item.explanations) == (
        before[item.id].comment, before[item.id].decision, before[item.id].explanations
    )  # fmt: skip
    assert list(examples.export(moderation.store)) == learnt
    assert {str(e) for e in moderation.store.views.log("blog")} == log
    assert archive.bring_back(moderation.store, path) == {}
    assert moderation.undo(ANA, item.id).pending


def test_it_leaves_what_somebody_waits_for(moderation: Moderation, clock: Clock, tmp_path: Path) -> None:
    untold = submit(moderation, "[hateful=0.9]", "untold")["id"]
    appealed = submit(moderation, "[hateful=0.8]", "appealed")["id"]
    for item_id in (appealed, untold):
        moderation.decide(ANA, item_id, REJECT)
        if item_id == appealed:
            told(moderation)
    key = b"k" * 32
    token, _ = appeals.make_link(moderation, ADMIN, appealed, key)
    appeals.submit(moderation, appeals.read_link(token, key, clock()), "I did not mean it")
    clock.move(200 * DAY_S)
    run(moderation, tmp_path)
    assert kept(moderation) == {"untold", "appealed"}


def test_it_takes_what_waits_for_a_site_that_was_removed(
    moderation: Moderation, clock: Clock, tmp_path: Path
) -> None:
    ids = {name: submit(moderation, "[hateful=0.9]", name)["id"] for name in ("waits", "untold")}
    moderation.decide(ANA, ids["untold"], REJECT)
    before = moderation.item(ADMIN, ids["waits"])
    clock.move(200 * DAY_S)
    site = moderation.store.registry.site("blog")
    moderation.store.registry.remove_site("blog")
    path = run(moderation, tmp_path)
    assert {line["id"] for line in archive.read(path) if line["kind"] == "comment"} == set(ids.values())
    assert moderation.store._db.client.keys(f"*{ids['waits']}*") == []
    assert moderation.store.outbox.depth() == (0, 0)
    # Should the site be registered again, what waited waits again.
    moderation.store.registry.add_site(site)
    archive.bring_back(moderation.store, path)
    assert moderation.item(ADMIN, ids["waits"]) == before
    assert kept(moderation) == {"waits", "untold"}
    assert moderation.decide(ANA, ids["waits"], REJECT).decision


def test_it_leaves_what_was_decided_meanwhile(
    moderation: Moderation, old: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = archive._sync

    def meanwhile(path: Path) -> None:
        sync(path)
        if path.suffix == ".partial":
            moderation.decide(ANA, old["fine"], REJECT)
            submit(moderation, "[spam=0.8] three", "edited")

    monkeypatch.setattr(archive, "_sync", meanwhile)
    run(moderation, tmp_path)
    assert kept(moderation) == {"waits", "new", "fine", "edited"}


def test_it_takes_nothing_out_before_the_file_is_whole(
    moderation: Moderation, old: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path) -> None:
        raise OSError(28, "No space left on device")

    before = kept(moderation)
    monkeypatch.setattr(archive, "_sync", full)
    with pytest.raises(OSError, match="No space"):
        run(moderation, tmp_path)
    assert kept(moderation) == before
    assert list(tmp_path.glob("*.gz")) == []


def test_it_writes_no_file_where_nothing_is_old(moderation: Moderation, tmp_path: Path) -> None:
    submit(moderation, "fine")
    run(moderation, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_it_overwrites_no_archive(moderation: Moderation, old: dict[str, str], tmp_path: Path) -> None:
    run(moderation, tmp_path)
    with pytest.raises(Conflict, match="exists already"):
        run(moderation, tmp_path)


@pytest.mark.parametrize("damage", ["cut", "changed", "none of ours"])
def test_it_refuses_a_damaged_archive(
    moderation: Moderation, old: dict[str, str], tmp_path: Path, damage: str
) -> None:
    path = run(moderation, tmp_path)
    lines = gzip.decompress(path.read_bytes()).decode().splitlines(keepends=True)
    damaged = {
        "cut": lines[:-1],
        "changed": [lines[0].replace("blog", "glob"), *lines[1:]],
        "none of ours": ["[]\n"],
    }[damage]
    path.write_bytes(gzip.compress("".join(damaged).encode()))
    with pytest.raises(Invalid):
        archive.bring_back(moderation.store, path)
    with pytest.raises(NotFound):
        moderation.item(ADMIN, old["fine"])
