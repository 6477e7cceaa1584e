"""`modqueue archive`: what has been kept long enough goes to a file of JSON lines, and can be brought back.

The last line says how many lines came before, and their SHA-256. Once the whole file is on disk, its content
is taken out of the store: what a crash leaves is in both, and is written again the next time.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from service.config import Settings
from service.errors import Conflict, Invalid
from service.store import Store
from service.store.retiring import STREAMS, Ages

DAY_S = 86400.0
GONE = "is gone"


def ages(settings: Settings, now: float) -> Ages:
    """Return what the settings call long enough."""
    days = (settings.keep_approved_days, settings.keep_decided_days, settings.keep_log_days,
            settings.keep_examples_days)  # fmt: skip
    return Ages(*(now - d * DAY_S for d in days))


def write(store: Store, directory: Path, old: Ages, now: float) -> tuple[Path, Counter[str]]:
    """Archive what is old in a new file of a directory; returns it, and how much of each kind."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    store.erasing.add_directory(directory.resolve())
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    target = directory / f"modqueue-{stamp}.jsonl.gz"
    if target.exists():
        raise Conflict("%(path)s exists already", path=target)
    partial = target.with_name(target.name + ".partial")
    counts = write_lines(partial, _old(store, old))
    if not counts:
        partial.unlink()
        return target, counts
    partial.rename(target)
    _sync(directory)
    _take_out(store, target)
    return target, counts


def bring_back(store: Store, source: Path) -> Counter[str]:
    """Store again what an archive holds and the store does not; returns how much of each kind."""
    check(source)
    counts: Counter[str] = Counter()
    entries: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for line in read(source):
        if line["kind"] == "comment":
            counts["comment"] += store.retiring.bring_back(line["id"], line["fields"])
        else:
            entries[line["kind"], line["place"]].append(line["content"])
    for (kind, place), contents in entries.items():
        counts[kind] += store.retiring.append(kind, place, contents)
    return +counts


def check(source: Path) -> None:
    """Refuse an archive that is not whole."""
    digest, count, said = hashlib.sha256(), 0, {}
    try:
        with gzip.open(source, "rb") as lines:
            for line in lines:
                said = json.loads(line)
                if said["kind"] == "end":
                    break
                digest.update(line)
                count += 1
    except (OSError, EOFError, ValueError, KeyError, TypeError, zlib.error) as error:
        raise Invalid(str(source), f"is not a whole archive: {type(error).__name__}") from None
    if (said.get("lines"), said.get("sha256")) != (count, digest.hexdigest()):
        raise Invalid(str(source), "is damaged: its digest is another")


def found(store: Store, directory: Path) -> tuple[list[Path], dict[Path, str]]:
    """Return the archives of a directory and of all archived into before, and what is wrong with others."""
    known, whole, wrong = store.erasing.directories(), list[Path](), dict[Path, str]()
    for place in sorted({*known, directory.resolve()}):
        try:
            paths = sorted(path for path in place.iterdir() if path.match("modqueue-*.jsonl.gz"))
        except FileNotFoundError:
            wrong |= {place: GONE} if place in known else {}
        except OSError as error:
            wrong[place] = f"cannot be read: {error.strerror}"
        else:
            damaged = {path: why for path in paths if (why := _damage(path))}
            whole += [path for path in paths if path not in damaged]
            wrong |= damaged
    return whole, wrong


def tell(wrong: Mapping[Path, str], then: str) -> None:
    """Refuse to call done what some archives were left out of; names them."""
    if wrong:
        named = "; ".join(f"{path} {why}" for path, why in wrong.items())
        raise Conflict(f"left out: {named}. Restore or remove what is named, then {then}")


def read(source: Path) -> Iterator[dict[str, Any]]:
    """Give the lines of an archive."""
    with gzip.open(source, "rb") as lines:
        yield from (found for line in lines if (found := json.loads(line))["kind"] != "end")


def write_lines(path: Path, lines: Iterator[dict[str, Any]]) -> Counter[str]:
    """Write an archive; returns how many lines of each kind."""
    digest, counts = hashlib.sha256(), Counter[str]()
    path.touch(mode=0o600)
    with path.open("wb") as raw, gzip.open(raw, "wb") as out:
        for line in lines:
            text = (json.dumps(line, ensure_ascii=False) + "\n").encode()
            digest.update(text)
            counts[line["kind"]] += 1
            out.write(text)
        end = {"kind": "end", "lines": counts.total(), "sha256": digest.hexdigest()}
        out.write((json.dumps(end) + "\n").encode())
    _sync(path)
    return counts


def _damage(path: Path) -> str:
    try:
        check(path)
    except Invalid as error:
        return error.message
    return ""


def _old(store: Store, old: Ages) -> Iterator[dict[str, Any]]:
    for item_id, fields in store.retiring.items(old):
        yield {"kind": "comment", "id": item_id, "fields": fields}
    for stream, before in (("log", old.log), ("examples", old.examples)):
        for place, entry_id, content in store.retiring.entries(stream, before):
            yield {"kind": stream, "place": place, "id": entry_id, "content": content}


def _take_out(store: Store, source: Path) -> None:
    entries: dict[tuple[str, str], list[str]] = defaultdict(list)
    for line in read(source):
        if line["kind"] in STREAMS:
            entries[line["kind"], line["place"]].append(line["id"])
        else:
            store.retiring.retire(line["id"], line["fields"])
    for (stream, place), ids in entries.items():
        store.retiring.take(stream, place, ids)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
