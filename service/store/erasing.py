"""Finding everything that is stored of some comments, and leaving nothing of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, cast

from service.domain import Item, Lane
from service.store import codec, keys
from service.store.connection import Connection
from service.store.keys import META
from service.store.packing import pack, unpack
from service.store.views import Views

BATCH = 200


class Erasing:
    """Looks through all of a site, which nothing but an erasure or an export has to."""

    def __init__(self, db: Connection, partitions: int) -> None:
        self._db, self._partitions = db, partitions
        self._views = Views(db, partitions)

    def items(self, site: str) -> Iterator[Item]:
        """Give every item of a site."""
        names = [*(f"age:{site}:{lane}" for lane in Lane), f"closed:{site}"]
        ids = iter(dict.fromkeys(i for name in names for i in self._members(self._key(site, name))))
        while batch := list(islice(ids, BATCH)):
            yield from self._views.items(batch)

    def erase(self, item_id: str) -> tuple[bool, str]:
        """Leave nothing of an item; tells whether the blog has yet to be told of it, and its guid."""
        reply = self._db.run("erase", keys.prefix_of_item(item_id), item_id)
        return (bool(reply[0]), str(reply[1])) if reply else (False, "")

    def forget_author(self, site: str, author_key: str) -> None:
        """Forget what became of an author's comments."""
        with self._db.guard() as client:
            client.delete(self._key(site, f"author:{site}:{author_key}"))

    def forget_text(self, site: str, digest: str, guid: str) -> None:
        """Forget under which guid a text came, unless another comment has it by now."""
        key = self._key(site, f"akismet-text:{site}:{digest}")
        with self._db.guard() as client:
            if client.get(key) == guid:
                client.delete(key)

    def forget_parent(self, item_id: str) -> None:
        """Take out of a reply the text that it answered, in every revision that is kept."""
        key = f"c:{item_id}"
        prefix = keys.prefix_of_item(item_id)
        with self._db.guard() as client:
            raw = cast(dict[str, str], client.hgetall(prefix + key))
        for name, old in raw.items():
            if name == "comment" or name.startswith("comment:"):
                said = codec.load(unpack(old))
                if said.pop("parent_text", ""):
                    self._db.run("swap", prefix, key, name, old, pack(codec.dump(said)))

    def purge(self, site: str, name: str, field: str, of_it: Callable[[dict[str, Any]], bool]) -> int:
        """Take the entries of a stream of a site's partition that are of it; returns how many."""
        return self._purge(self._key(site, name), field, of_it)

    def purge_service_log(self, of_it: Callable[[dict[str, Any]], bool]) -> int:
        """Take the entries of the service's own log that are of it; returns how many."""
        return self._purge(META + "log", "entry", of_it)

    def remember(self, site: str, author_key: str, item_ids: Collection[str], by: str = "") -> None:
        """Remember who was erased, and by whom, until the archives are cleaned, too."""
        name, done = f"{site} {author_key}", False
        while not done:
            old = self._erased(name)
            ids, _, earlier = old.partition("\n")
            new = " ".join(sorted({*ids.split(), *item_ids})) + "\n" + (by or earlier)
            done = bool(self._db.run("swap", META, "erased", name, old, new))

    def erased(self) -> dict[tuple[str, str], frozenset[str]]:
        """Return whose comments, by site and key, are still to be erased from the archives."""
        with self._db.guard() as client:
            raw = cast(dict[str, str], client.hgetall(META + "erased"))
        return {(name.split()[0], name.split()[1]): _ids(text) for name, text in raw.items()}

    def eraser(self, site: str, author_key: str) -> str:
        """Return who erased an author whose comments are still to be erased from the archives."""
        return self._erased(f"{site} {author_key}").partition("\n")[2]

    def forget_erased(self, erased: Mapping[tuple[str, str], frozenset[str]]) -> None:
        """Forget who was erased, unless more was erased meanwhile."""
        for (site, key), ids in erased.items():
            name = f"{site} {key}"
            if _ids(old := self._erased(name)) == ids:
                self._db.run("drop", META, "erased", name, old)

    def add_directory(self, directory: Path) -> None:
        """Remember that archives lie in a directory."""
        with self._db.guard() as client:
            client.sadd(META + "archives", os.fsencode(directory))

    def directories(self) -> set[Path]:
        """Return where archives lie."""
        with self._db.guard() as client:
            return {Path(name) for name in cast(set[str], client.smembers(META + "archives"))}

    def forget_directory(self, directory: Path) -> None:
        """Forget a directory in which no archives lie any more."""
        with self._db.guard() as client:
            client.srem(META + "archives", os.fsencode(directory))

    def sites(self) -> set[str]:
        """Return the sites that have sent anything, also those that were removed since."""
        with self._db.guard() as client:
            return {name.split(":")[3] for name in client.scan_iter(match="mq:{p*}:count:*", count=1000)}

    def forget_answers(self, item_ids: Collection[str]) -> None:
        """Forget what programs were answered about some items."""
        with self._db.guard() as client:
            for key in client.scan_iter(match=f"{META}request:*", count=1000):
                answer = cast(str | None, client.get(key)) or ""
                if any(i in answer for i in item_ids):
                    client.delete(key)

    def _erased(self, name: str) -> str:
        with self._db.guard() as client:
            return cast(str | None, client.hget(META + "erased", name)) or ""

    def _purge(self, key: str, field: str, of_it: Callable[[dict[str, Any]], bool]) -> int:
        after, count = "-", 0
        while True:
            with self._db.guard() as client:
                entries = cast(list[Any], client.xrange(key, after, count=BATCH))
                gone = [i for i, fields in entries if of_it(codec.load(unpack(fields[field])))]
                count += client.xdel(key, *gone) if gone else 0
            if len(entries) < BATCH:
                return count
            after = f"({entries[-1][0]}"

    def _members(self, key: str) -> list[str]:
        with self._db.guard() as client:
            return [str(member) for member, _ in client.zscan_iter(key, count=1000)]

    def _key(self, site: str, name: str) -> str:
        return keys.prefix(keys.partition_of(site, self._partitions)) + name


def _ids(text: str) -> frozenset[str]:
    # Ids, and in a second line who erased them.
    return frozenset(text.partition("\n")[0].split())
