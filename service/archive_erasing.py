"""Erasing authors from archives: a file that holds anything of one is written anew without it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service import archive, authors
from service.store import Store, keys

# What to do about archives that were left.
AGAIN = "run `modqueue archive`"


@dataclass(frozen=True, slots=True)
class Gone:
    """What was erased: authors, as (site, key), and the items that were theirs."""

    authors: frozenset[tuple[str, str]]
    items: frozenset[str]
    partitions: int

    def is_own(self, comment: dict[str, Any]) -> bool:
        """Tell whether a comment is of an erased author."""
        return (comment.get("site"), comment.get("author_key")) in self.authors

    def answers(self, comment: dict[str, Any]) -> bool:
        """Tell whether a comment quotes an erased one as what it answers."""
        parent = keys.item_id(comment.get("site", ""), comment.get("parent_id", ""), self.partitions)
        return "parent_text" in comment and parent in self.items


def clean(store: Store, directory: Path) -> tuple[int, dict[Path, str]]:
    """Take what was erased out of the archives of all known directories and this one.

    Returns how many lines, and which archives were left as they are, and why. While there are any, all
    erasures are made again the next time.
    """
    if not (erased := store.erasing.erased()):
        return 0, {}
    count, (paths, left) = 0, archive.found(store, directory)
    for (site, key), ids in erased.items():
        items = erased[site, key] = ids | _found(store, paths, site, key, ids)
        gone = Gone(frozenset({(site, key)}), items, store.partitions)
        count += sum(_clean_or_leave(path, gone, left) for path in paths)
        # What is still in the store of comments that had gone to an archive.
        authors.purge(store, site, key, items, authors.Erased())
    if not left:
        store.erasing.forget_erased(erased)
    for place in (path for path, why in left.items() if why == archive.GONE):
        store.erasing.forget_directory(place)
    return count, left


def _found(store: Store, paths: list[Path], site: str, key: str, ids: frozenset[str]) -> frozenset[str]:
    # Remembered before any archive is cleaned: those that are left tell nothing of what lay in the others.
    items = frozenset[str]().union(*(_own(path, site, key) for path in paths)) - ids
    if items:
        by = store.erasing.eraser(site, key)
        entry = {"at": time.time(), "kind": "erased", "site": site, "by": by, "comments": len(items)}
        store.registry.log(entry)
        store.erasing.remember(site, key, items)
    return items


def _clean_or_leave(path: Path, gone: Gone, left: dict[Path, str]) -> int:
    try:
        return _clean(path, gone)
    except OSError as error:
        left[path] = f"cannot be written: {error.strerror}"
        return 0


def _own(path: Path, site: str, key: str) -> set[str]:
    gone = Gone(frozenset({(site, key)}), frozenset(), 1)
    return {i for line in archive.read(path) if any(map(gone.is_own, _comments(line))) for i in _items(line)}


def _clean(path: Path, gone: Gone) -> int:
    changed = sum(_without(line, gone) != line for line in archive.read(path))
    if changed:
        partial = path.with_name(path.name + ".partial")
        kept = (_without(line, gone) for line in archive.read(path))
        archive.write_lines(partial, (line for line in kept if line))
        partial.replace(path)
    return changed


def _without(line: dict[str, Any], gone: Gone) -> dict[str, Any] | None:
    # None for a line that says anything of an erased comment; without the words that it answers for a reply.
    if gone.items & _items(line):
        return None
    if not any(map(gone.answers, _comments(line))):
        return line
    if line["kind"] == "examples":
        return None
    return line | {"fields": {name: _blank(name, value, gone) for name, value in line["fields"].items()}}


def _blank(name: str, value: str, gone: Gone) -> str:
    if name.partition(":")[0] != "comment" or not gone.answers(said := json.loads(value)):
        return value
    return json.dumps(said | {"parent_text": ""}, ensure_ascii=False)


def _items(line: dict[str, Any]) -> set[str]:
    if line["kind"] == "comment":
        return {line["id"]}
    content = line["content"]
    return {str(content.get("item", "")), str(content.get("delivery", ""))[3:29]} - {""}


def _comments(line: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if line["kind"] == "comment":
        fields = line["fields"].items()
        yield from (json.loads(value) for name, value in fields if name.partition(":")[0] == "comment")
    elif line["kind"] == "examples":
        yield line["content"].get("comment", {})
