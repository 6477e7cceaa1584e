"""HTTP connections that go to a checked address and nowhere else, and whose answers end in time."""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPMessage

import certifi

from service.connectors.address import Endpoint, Target
from service.connectors.deadlines import Deadlines

CONNECT_S = 3.0
READ_S = 10.0
# Most answers are of use for their status alone; a longer one is not read to its end.
BODY_LIMIT = 4096
# Idle connections are kept for the next decision on the same blog, but not longer than middleboxes keep them.
IDLE_S = 30.0
IDLE_LIMIT = 64

_deadlines = Deadlines()


@cache
def _trusted() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


class Line(HTTPConnection):
    """One connection, kept alive; Host, SNI and certificate go by name, the connection by checked address."""

    def __init__(self, target: Target, endpoint: Endpoint) -> None:
        super().__init__(target.host, target.port, timeout=READ_S)
        self._tls = target.scheme == "https"
        self.default_port = 443 if self._tls else 80
        self._endpoint = endpoint
        self.key = (target.scheme, target.host, endpoint)
        self.used_at = 0.0
        self.overdue = False
        self._unsent = b""

    def connect(self) -> None:
        """Connect to the checked address; nothing is resolved here."""
        raw = socket.socket(self._endpoint.family, socket.SOCK_STREAM)
        self.sock = raw
        raw.settimeout(CONNECT_S)
        raw.connect(self._endpoint.address)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls:
            self.sock = _trusted().wrap_socket(raw, server_hostname=self.host)
        self.sock.settimeout(READ_S)
        if self.overdue:
            raise TimeoutError

    def send(self, data: bytes) -> None:  # type: ignore[override]  # nothing else is sent here
        """Keep head and body back until both are there: one packet wakes the blog once."""
        self._unsent += data

    def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, *, seconds: float, limit: int
    ) -> tuple[int, HTTPMessage, bytes]:
        """Return status, headers and the beginning of the answer; whatever the blog does, it ends in time."""
        try:
            with _deadlines.within(seconds, self._cut):
                self.request(method, path, body, headers)
                unsent, self._unsent = self._unsent, b""
                super().send(unsent)
                response = self.getresponse()
                if self.overdue:
                    raise TimeoutError
                content = b""
                with suppress(OSError, HTTPException):
                    content = response.read(limit)
            if not response.isclosed():
                self.close()
            return response.status, response.headers, content
        except BaseException:
            self.close()
            raise
        finally:
            self.used_at = time.monotonic()

    def is_usable(self) -> bool:
        """Tell whether another request may be sent on this line."""
        if self.sock is None or self.overdue or time.monotonic() - self.used_at > IDLE_S:
            return False
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        # An idle line that has something to say has been closed at the other end.
        return not poll.poll(0)

    def _cut(self) -> None:
        self.overdue = True
        with suppress(OSError):
            if self.sock is not None:
                self.sock.shutdown(socket.SHUT_RDWR)


class Lines:
    """Idle lines, lent to one attempt at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Line] = []

    def take(self, target: Target, endpoint: Endpoint) -> Line:
        """Lend an idle line to this very address, else a new one."""
        new = Line(target, endpoint)
        with self._lock:
            found = next((line for line in self._idle if line.key == new.key), None)
            if found is not None:
                self._idle.remove(found)
        if found is None or found.is_usable():
            return found or new
        found.close()
        return new

    def give_back(self, line: Line) -> None:
        """Keep a line for the next attempt; the one idle longest goes where there are too many."""
        with self._lock:
            if line.sock is not None:
                self._idle.append(line)
            oldest = self._idle.pop(0) if len(self._idle) > IDLE_LIMIT else None
        if oldest is not None:
            oldest.close()

    def close(self) -> None:
        """Close every idle line."""
        with self._lock:
            idle, self._idle = self._idle, []
        for line in idle:
            line.close()
