"""A store with much to read at its start: it is waited for as long as it says that it reads."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from subprocess import Popen

import pytest
import redis

from service.store import embedded
from tests.store.deployments import VALKEY

pytestmark = pytest.mark.process

#: Clients are heard after each thousand of commands, and each takes a while: some seconds in all.
COMMANDS, DELAY_US = 15_000, 50


def test_it_waits_while_the_store_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = embedded.start(tmp_path, "everysec")
    with closing(redis.Redis.from_url(embedded.url(tmp_path))) as client:
        pipe = client.pipeline(transaction=False)
        for number in range(COMMANDS):
            pipe.set(f"key{number}", number)
        pipe.execute()
    embedded.stop(written)
    options = f"--port 0 --unixsocket {embedded.socket_path(tmp_path)} --appendonly yes --logfile log"
    slow = f"--dir {tmp_path}/store --key-load-delay {DELAY_US}"
    told, loads = list[bool](), embedded._loads
    monkeypatch.setattr(embedded, "_loads", lambda path: told.append(loads(path)) or told[-1])
    with Popen([VALKEY, *options.split(), *slow.split()]) as server:
        try:
            embedded._await(server, tmp_path)
            assert embedded.answers(tmp_path)
            assert True in told
        finally:
            server.terminate()
