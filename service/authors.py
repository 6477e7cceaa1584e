"""What is kept of one author: exported, or erased wherever it lies."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from service import archive, identity
from service.akismet import text_digest
from service.domain import Comment, History, Item
from service.errors import Invalid
from service.moderation import Moderation
from service.store import Store, appeals, codec, keys
from service.store.appeals import Appeal


@dataclass(slots=True)
class Erased:
    """How much was erased, and what could not be."""

    comments: int = 0
    replies: int = 0
    examples: int = 0
    log: int = 0
    # Comments whose last decision the blog had not confirmed: it will not be told any more.
    untold: list[str] = field(default_factory=list)


def key_of(email: str, secret_key: str) -> str:
    """Return the key of the comments that came with an e-mail address."""
    if not identity.is_email(email):
        raise Invalid("email", "must be an e-mail address")
    return identity.author_key(email.strip().casefold(), "", identity.hash_key(secret_key))


def keys_of(ip: str, secret_key: str) -> list[str]:
    """Return the keys of the comments that came from an IP address: earlier ones are by its spelling."""
    try:
        spellings = dict.fromkeys((identity.address(ip), ip.strip()))
    except ValueError:
        raise Invalid("ip", "must be an IP address") from None
    return [identity.author_key("", spelling, identity.hash_key(secret_key)) for spelling in spellings]


def erase(m: Moderation, site: str, author_key: str, by: str) -> Erased:
    """Erase the comments of an author of a site, and whatever says anything of them."""
    done, erasing, own = Erased(), m.store.erasing, list(_found(m, site, author_key))
    ids = {item.id for item in own}
    erasing.remember(site, author_key, ids, by)
    for item in own:
        untold, guid = erasing.erase(item.id)
        for comment in _revisions(item):
            erasing.forget_text(site, text_digest(comment.text), guid)
        done.untold += [item.comment.comment_id] if untold else []
    done.comments = len(ids)
    erasing.forget_author(site, author_key)
    purge(m.store, site, author_key, ids, done)
    if ids:
        entry = {"at": m.clock(), "kind": "erased", "site": site, "by": by, "comments": done.comments}
        m.store.registry.log(entry)
    return done


def purge(store: Store, site: str, author_key: str, ids: Collection[str], done: Erased) -> None:
    """Leave nothing in the store that tells of erased comments: in the log, examples, answers, replies."""

    def told(entry: dict[str, Any]) -> bool:
        return entry.get("item") in ids or str(entry.get("delivery", ""))[3:29] in ids

    def answers(said: Mapping[str, Any]) -> bool:
        parent = keys.item_id(site, said.get("parent_id", ""), store.partitions)
        return bool(said.get("parent_text")) and parent in ids

    def learnt(example: dict[str, Any]) -> bool:
        said = example.get("comment", {})
        here = example.get("site") == site and (said.get("author_key") == author_key or answers(said))
        return here or example.get("item") in ids

    erasing = store.erasing
    erasing.forget_answers(ids)
    done.log += erasing.purge(site, "log", "entry", told) + erasing.purge_service_log(told)
    done.examples += erasing.purge(site, "examples", "example", learnt)
    for item in erasing.items(site):
        if any(answers({"parent_id": c.parent_id, "parent_text": c.parent_text}) for c in _revisions(item)):
            erasing.forget_parent(item.id)
            done.replies += 1


def export(
    m: Moderation, site: str, author_key: str, archives: Iterable[Path] = ()
) -> Iterator[dict[str, Any]]:
    """Give all that is kept of an author on a site: each comment with what became of it, and the counts."""
    for item in list(_found(m, site, author_key)):
        yield _kept(item, m.store.appeals.of(item.id))
    for path in archives:
        for item, appeal in _archived(path, site, author_key):
            yield _kept(item, appeal) | {"archive": str(path)}
    counts = m.store.views.history(site, author_key)
    if counts != History():
        yield {"site": site, "author": asdict(counts)}


def _kept(item: Item, appeal: Appeal | None) -> dict[str, Any]:
    return {
        **asdict(item),
        "delivery": asdict(item.delivery) if item.delivery else None,
        "lease": None,
        "appeal": asdict(appeal) if appeal else None,
    }


def _archived(path: Path, site: str, author_key: str) -> Iterator[tuple[Item, Appeal | None]]:
    for line in archive.read(path):
        if line["kind"] == "comment" and line["fields"]["site"] == site:
            item = codec.item(line["id"], line["fields"], {})
            if any(c.author_key == author_key for c in _revisions(item)):
                yield item, appeals.read(item.id, line["fields"])


def _found(m: Moderation, site: str, author_key: str) -> Iterator[Item]:
    # Also by an earlier revision: an edit may have changed the address.
    for item in m.store.erasing.items(site):
        if any(c.author_key == author_key for c in _revisions(item)):
            yield item


def _revisions(item: Item) -> Sequence[Comment]:
    return (item.comment, *(comment for _, comment in item.earlier))
