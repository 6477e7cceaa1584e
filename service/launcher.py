"""One command for everything on one machine: embedded Valkey, gunicorn and delivery worker, supervised."""

from __future__ import annotations

import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import SimpleQueue
from subprocess import DEVNULL, Popen, TimeoutExpired
from urllib.error import URLError
from urllib.request import urlopen

import structlog

from service import data_dir as directory
from service.config import PREFIX, Settings
from service.domain import Person, Role
from service.errors import Conflict, Invalid, Unavailable
from service.process import READY, end_with_parent
from service.store import Store, embedded, schema

READY_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0
STORE_TIMEOUT_S = 10.0
STORE_PAUSE_S = 2.0
RESTART_PAUSE_S = 0.5
THREADS = 8

_log = structlog.get_logger(__name__)


class Child:
    """A process of ours that is started again whenever it ends by itself."""

    def __init__(self, name: str, start: Callable[..., Popen[bytes]]) -> None:
        self.name = name
        self._start = start
        self.process = start()

    def tend(self) -> None:
        """Start the process again if it has ended."""
        if (code := self.process.poll()) is None:
            return
        _log.error("process ended, starting it again", process=self.name, code=code)
        time.sleep(RESTART_PAUSE_S)
        try:
            self.process = self._start()
        except Unavailable as error:
            _log.error("process did not start", process=self.name, error=str(error))

    def renew(self) -> bool:
        """Start it anew, as what is installed by now; tell whether the new one took over."""
        self.stop()
        self.process = self._start()
        return True

    def stop(self) -> None:
        """End the process politely, and for certain."""
        _end(self.process)


class Web(Child):
    """The web processes: started anew, they take over while the old ones go on, and nobody is refused."""

    def renew(self) -> bool:
        """Start what is installed by now, and end the old processes when the new ones are ready."""
        reading, writing = os.pipe()
        new = self._start(writing)
        os.close(writing)
        with os.fdopen(reading, "rb", buffering=0) as told:
            ready = select.select([told], [], [], READY_TIMEOUT_S)[0] and told.read(1)
        if not ready:
            _log.error("the new web processes do not start, the old ones go on")
            new.kill()
            new.wait()
            return False
        old, self.process = self.process, new
        _end(old)
        return True


def _end(process: Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_TIMEOUT_S)
    except TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def running(
    settings: Settings, host: str, port: int, workers: int, stop: threading.Event
) -> Iterator[tuple[str, list[Child]]]:
    """Run everything; yields the address and the children, and ends them all in the right order."""
    with ExitStack() as stack:
        stack.enter_context(directory.locked(settings.data_dir))
        listener = stack.enter_context(_listen(host, port))
        children: list[Child] = []

        def run(name: str, start: Callable[..., Popen[bytes]], kind: type[Child] = Child) -> None:
            children.append(kind(name, start))
            stack.callback(children[-1].stop)

        def web(*ready: int) -> Popen[bytes]:
            more = {READY: str(ready[0])} if ready else {}
            return popen(gunicorn(listener.fileno(), workers), env | more, (listener.fileno(), *ready))

        url = settings.redis_url
        if not url:
            run("store", lambda: embedded.start(settings.data_dir, settings.appendfsync))
            url = embedded.url(settings.data_dir)
        _prepare(url, settings.partitions, stop)
        env = _environment(settings, url)
        run("delivery", lambda: popen([sys.executable, "-m", "service.delivery"], env))
        datasets = {name: os.environ[name] for name in [PREFIX + "DATASETS"] if name in os.environ}
        run("upkeep", lambda: popen([sys.executable, "-m", "service.upkeep"], env | datasets))
        run("web", web, Web)
        address = _address(listener)
        directory.announce(settings.data_dir, settings.public_url.rstrip("/") or address)
        _await_ready(address, children, stop)
        yield address, children


def _prepare(url: str, partitions: int, stop: threading.Event) -> None:
    until = time.monotonic() + STORE_TIMEOUT_S
    while True:
        try:
            # What an earlier version wrote is brought up to date first, however long that takes.
            Store(url, partitions).close()
            return
        except Unavailable as error:
            # A machine that starts, or another primary that is chosen, needs a moment.
            if stop.wait(STORE_PAUSE_S) or time.monotonic() > until:
                raise Unavailable(
                    f"{error}; start the store or mend MODQUEUE_REDIS_URL, and see `modqueue doctor`"
                ) from None


def supervise(children: list[Child], stop: threading.Event, renewals: SimpleQueue[None]) -> None:
    """Tend the children until told to stop, and renew them when asked to."""
    while not stop.wait(0.2):
        if not renewals.empty():
            renewals.get()
            _renew(children)
        for child in children:
            child.tend()


def _renew(children: list[Child]) -> None:
    # Old and new work side by side for a while: not where the new one lays the store out anew.
    command = [sys.executable, "-c", "from service.store.schema import CURRENT; print(CURRENT)"]
    installed = subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()
    if installed != str(schema.CURRENT):
        _log.error("what is installed cannot take over while we run: stop and start", layout=installed)
        return
    ours = [child for child in children if child.name != "store"]
    # The web processes first: they alone show that what is installed works before anything old ends.
    if all(child.renew() for child in sorted(ours, key=lambda child: not isinstance(child, Web))):
        _log.warning("renewed")


def sign_in_link(store: Store, address: str, name: str) -> str:
    """Make a link that signs a person in, once."""
    token = secrets.token_urlsafe(32)
    store.registry.add_link(token, name)
    return f"{address}/sign-in/link/{token}"


def first_admin(store: Store, address: str) -> str:
    """Return a sign-in link for the first admin, or nothing where somebody has a password already."""
    people = store.registry.people()
    if any(p.password_hash for p in people):
        return ""
    if not people:
        store.registry.add_person(Person("admin", Role.ADMIN, created_at=time.time()))
    name = people[0].name if people else "admin"
    return sign_in_link(store, address, name)


@contextmanager
def _listen(host: str, port: int) -> Iterator[socket.socket]:
    # Bound here and inherited by gunicorn: a taken port is told at once, and while gunicorn
    # is started again connections wait instead of being refused.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise Conflict(f"cannot listen on {host} port {port}: {error.strerror}; try --port") from None
        except TypeError:
            raise Invalid("--host", "cannot be the name or address of a machine") from None
        listener.listen(1024)
        listener.set_inheritable(True)
        yield listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104  # shown, not bound
    return f"http://{shown}:{port}"


def _environment(settings: Settings, url: str) -> dict[str, str]:
    # The children have our settings, whatever the variables and files that they were read from say.
    own = settings.model_dump() | {
        "redis_url": url,
        "secret_key": directory.secret_key(settings),
        "data_dir": settings.data_dir.resolve(),
    }
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(PREFIX)},
        **{PREFIX + name.upper(): str(value) for name, value in own.items()},
        # One comment at a time is scored per thread: more threads in BLAS only disturb each other.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def gunicorn(fd: int, workers: int) -> list[str]:
    """Return the command of the web processes, which listen on an inherited socket."""
    shared_memory = Path("/dev/shm")  # noqa: S108  # gunicorn's heartbeat file, made by mkstemp
    options = {
        "--bind": f"fd://{fd}",
        "--workers": str(workers),
        "--worker-class": "service.shedding.Worker",
        "--threads": str(THREADS),
        "--chdir": str(Path(__file__).resolve().parent.parent),
        "--graceful-timeout": "20",
        # What it warns of quotes requests that are none, with addresses and whatever else stands in them.
        "--log-level": "error",
        # Nobody: it would believe loopback, whatever MODQUEUE_TRUSTED_PROXIES says.
        "--forwarded-allow-ips=": "",
        "--no-control-socket": "",
        # Loaded once and shared: a second worker costs neither time nor memory for the model.
        "--preload": "",
        **({"--worker-tmp-dir": str(shared_memory)} if shared_memory.is_dir() else {}),
    }
    return [
        sys.executable,
        "-m",
        "gunicorn",
        *(a for k, v in options.items() for a in (k, v) if a),
        "wsgi:app",
    ]


def popen(command: list[str], env: dict[str, str], fds: tuple[int, ...] = ()) -> Popen[bytes]:
    """Start a child that ends with us."""
    # A session of its own: Ctrl-C reaches only the launcher, which ends its children in order.
    return Popen(
        command, env=env, pass_fds=fds, stdin=DEVNULL, start_new_session=True, preexec_fn=end_with_parent
    )


def _await_ready(address: str, children: list[Child], stop: threading.Event) -> None:
    until = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < until and not stop.is_set():
        for child in children:
            child.tend()
        try:
            with urlopen(f"{address}/readyz", timeout=5):  # noqa: S310  # our own address
                return
        except (URLError, OSError):
            time.sleep(0.1)
    if not stop.is_set():
        raise Unavailable(f"not ready after {READY_TIMEOUT_S:.0f} s; see {address}/readyz and the log above")
