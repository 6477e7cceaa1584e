"""Erasing authors from archives: a file that holds anything of one is written anew without it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service import archive, authors
from service.store import Store, keys


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


def clean(store: Store, directory: Path) -> int:
    """Take out of the archives of a directory what was erased since the last time; returns how many lines."""
    erased = store.erasing.erased()
    if not erased:
        return 0
    count, paths = 0, sorted(directory.glob("modqueue-*.jsonl.gz"))
    for path in paths:
        archive.check(path)
    for (site, key), ids in erased.items():
        items = ids.union(*(_own(path, site, key) for path in paths))
        count += sum(_clean(path, Gone(frozenset({(site, key)}), items, store.partitions)) for path in paths)
        # What is still in the store of comments that had gone to an archive.
        authors.purge(store, site, key, items, authors.Erased())
    store.erasing.forget_erased(erased)
    return count


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
