"""A server whose writes wait for a replica dies: what was acknowledged is there, and work goes on."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from service.config import Settings
from service.doctor import examine
from service.domain import Comment, Site
from service.errors import Unavailable
from service.moderation import Moderation
from service.store import PENDING, Store
from tests.conftest import Clock, StubScorer
from tests.process.cast import wait_for
from tests.store import deployments

pytestmark = pytest.mark.process

#: In different partitions, and so on every primary.
SITES = [Site(f"blog{n}", f"https://blog{n}.example", ()) for n in range(6)]


SYNCED = "appendfsync always"


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with deployments.replicated(tmp_path_factory.mktemp("w")) as (url, _):
        yield url


class Senders:
    """Blogs that repeat each comment until it is acknowledged, as they are told to."""

    def __init__(self, store: Store) -> None:
        self.moderation = Moderation(store, StubScorer(), clock=Clock())  # type: ignore[arg-type]  # of its shape
        for site in SITES:
            store.registry.add_site(site)
        self.acknowledged: dict[str, str] = {}

    def try_one(self, site: Site, name: str) -> bool:
        comment = Comment(site.id, name, f"[hateful=0.9] {name}")
        with suppress(Unavailable):
            answer: Any = self.moderation.submit(site, comment, f"m-{name}", name.encode())
            self.acknowledged[name] = answer
            return True
        return False

    def send(self, name: str) -> None:
        """Have a comment to every site acknowledged."""
        for site in SITES:
            wait_for(lambda s=site: self.try_one(s, f"{name}-{s.id}"), 120)

    def kept(self) -> set[str]:
        found = {i.comment.comment_id for site in SITES for i in self.waiting(site)}
        return {name for name in self.acknowledged if name in found}

    def waiting(self, site: Site) -> tuple[Any, ...]:
        return wait_for(lambda: self._read(site), 120)

    def _read(self, site: Site) -> tuple[Any, ...]:
        with suppress(Unavailable):
            return self.moderation.store.views.page(PENDING, [site.id], limit=1000).items
        return ()


def test_it_acknowledges_only_what_a_replica_has(tmp_path: Path) -> None:
    with (
        deployments.replicated(tmp_path) as (url, (_, replica)),
        closing(Store(f"{url}?replicas=1")) as store,
    ):
        senders = Senders(store)
        senders.send("before")
        os.kill(replica.process.pid, signal.SIGSTOP)
        # The second time nothing is written anew, and the replica still has nothing of it.
        assert not any(senders.try_one(SITES[0], "meanwhile") for _ in range(2))
        assert len(senders.waiting(SITES[0])) == 2
        os.kill(replica.process.pid, signal.SIGCONT)
        wait_for(lambda: senders.try_one(SITES[0], "meanwhile"))


def test_it_acknowledges_only_what_a_replica_has_on_disk(tmp_path: Path) -> None:
    with (
        deployments.replicated(tmp_path, options=SYNCED) as (url, (_, replica)),
        closing(Store(f"{url}?synced=1")) as store,
    ):
        senders = Senders(store)
        senders.send("before")
        replica.client.config_set("appendonly", "no")
        assert not any(senders.try_one(SITES[0], "meanwhile") for _ in range(2))
        replica.client.config_set("appendonly", "yes")
        wait_for(lambda: senders.try_one(SITES[0], "meanwhile"))


@pytest.mark.parametrize(
    ("asked", "level"), [("", "warn"), ("?replicas=1", "ok"), ("?synced=1", "ok"), ("?replicas=2", "fail")]
)
def test_the_doctor_counts_replicas(watched: str, tmp_path: Path, asked: str, level: str) -> None:
    settings = Settings(data_dir=tmp_path, secret_key="a" * 64, redis_url=watched + asked)
    (found,) = [finding for finding in examine(settings, time.time) if finding.what == "replicas"]
    assert found.level == level
    assert found.found.startswith("1 there")


def test_it_loses_nothing_when_sentinels_replace_the_primary(tmp_path: Path) -> None:
    with (
        deployments.replicated(tmp_path, deployments.DEAD_MS, SYNCED) as (url, (primary, replica)),
        closing(Store(f"{url}?synced=1")) as store,
    ):
        senders = Senders(store)
        for n in range(10):
            senders.send(str(n))
        primary.kill()
        wait_for(replica.is_primary)
        # As whatever watches over it would; it comes back as a replica.
        primary.start()
        senders.send("after")
        assert senders.kept() == set(senders.acknowledged)
        wait_for(lambda: not primary.is_primary())


def test_it_loses_nothing_when_a_primary_of_the_cluster_dies(tmp_path: Path) -> None:
    with (
        deployments.cluster(tmp_path, (2, 1, 1), deployments.DEAD_MS) as (url, members),
        closing(Store(f"{url}?replicas=1")) as store,
    ):
        senders = Senders(store)
        for n in range(10):
            senders.send(str(n))
        members[0].kill()
        senders.send("after")
        assert senders.kept() == set(senders.acknowledged)
        assert len(senders.acknowledged) == 11 * len(SITES)
        assert any(node.is_primary() for node in members[3:])
