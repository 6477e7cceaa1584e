"""The transitions once more, on what the store may be beside the embedded server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from service.store import Store, schema
from tests.store import deployments, test_search, test_state_machine, test_transitions

pytestmark = pytest.mark.process

FIXTURE = type(test_transitions.held)
SUITES = [test_transitions]
if "MODQUEUE_TORTURE_POINTS" in os.environ:
    # The long form.
    SUITES += [test_search, test_state_machine]
for suite in SUITES:
    found = vars(suite).items()
    globals().update({k: it for k, it in found if k.startswith("test_it_") or isinstance(it, FIXTURE)})


@contextmanager
def address(name: str, directory: Path) -> Iterator[str]:
    if name == "redis 7":
        with deployments.redis_7(directory) as url:
            yield url
    else:
        started = deployments.replicated if name == "sentinel" else deployments.cluster
        with started(directory) as (url, _):
            yield url


@pytest.fixture(scope="module", params=["redis 7", "sentinel", "cluster"])
def deployed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with (
        address(request.param, tmp_path_factory.mktemp("d")) as url,
        closing(Store(url)) as store,
    ):
        yield store


@pytest.fixture
def store(deployed: Store) -> Store:
    """Give an empty store."""
    deployed._db.client.flushall()
    # As at a first start. Some tests change a script.
    deployed._db._scripts.clear()
    deployed.registry.partitions(16)
    schema.prepare(deployed._db)
    return deployed
