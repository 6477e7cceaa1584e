"""`modqueue import`: opens what is named, shows how far it is, and names what is refused."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO
from urllib.parse import urlsplit

from rich.console import Console
from rich.progress import Progress

from service import config, data_dir
from service.commands import open_store
from service.config import Settings
from service.errors import Invalid
from service.identity import hash_key
from service.importing import Found, Import, from_blog, from_export
from service.moderation import Moderation
from service.scoring import Scorer


def run(source: str, site_id: str, user: str, password: str) -> tuple[dict[str, int], int]:
    """Import every comment of a file or a blog; returns what became of them, and how many were refused."""
    settings, counts, refused = config.load(), Counter(imported=0, known=0, waiting=0), 0
    with open_store() as store, _opened(settings, source, user, password) as comments:
        moderation = Moderation(store, Scorer(settings.data_dir / "models"))
        work = Import(moderation, store.registry.site(site_id), hash_key(data_dir.secret_key(settings)))
        with Progress(console=Console(stderr=True)) as bar:
            task = bar.add_task("comments", total=1.0)
            for found in comments:
                try:
                    counts[work.add(found)] += 1
                except Invalid as error:
                    refused += 1
                    print(f"comment {found.fields.get('comment_ID')}: {error}", file=sys.stderr)
                bar.update(task, completed=found.progress, description=f"{counts.total()} comments")
            bar.update(task, completed=1.0)
    return dict(counts), refused


@contextmanager
def _opened(settings: Settings, source: str, user: str, password: str) -> Iterator[Iterator[Found]]:
    scheme = urlsplit(source).scheme
    if scheme not in ("http", "https"):
        with _file(source) as file:
            yield from_export(file, os.fstat(file.fileno()).st_size)
    elif not (user and password):
        raise Invalid("--user", "is needed to read a blog, with an application password on standard input")
    elif scheme != "https" and not settings.allow_private_callbacks:
        raise Invalid("URL", "must begin with https://, or everybody on the way could read the password")
    else:
        yield from_blog(source, user, password)


def _file(source: str) -> BinaryIO:
    try:
        return open(source, "rb")  # the caller closes it
    except OSError as error:
        raise Invalid("FILE", f"cannot be read: {error.strerror}") from None
