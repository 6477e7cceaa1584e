"""A load of prepared HTTP requests over a few kept connections; counts, and times each answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a load met: answers a second, and the times of the answers in seconds, sorted."""

    rate: float
    latencies: list[float]

    def quantile(self, q: float) -> float:
        """Return a quantile of the answer times, in seconds."""
        return self.latencies[min(int(q * len(self.latencies)), len(self.latencies) - 1)]


Requests = Iterator[bytes]


async def answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Read the head and the body of an answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
    return head, await reader.readexactly(length)


def run(port: int, requests: Requests, seconds: float, connections: int) -> Outcome:
    """Send requests for a while; raises where an answer is not 200."""
    return asyncio.run(_run(port, requests, seconds, connections))


async def _run(port: int, requests: Iterator[bytes], seconds: float, connections: int) -> Outcome:
    latencies: list[float] = []
    start = time.perf_counter()
    until = start + seconds
    await asyncio.gather(*(_connection(port, requests, until, latencies) for _ in range(connections)))
    return Outcome(len(latencies) / (time.perf_counter() - start), sorted(latencies))


async def _connection(port: int, requests: Iterator[bytes], until: float, latencies: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.perf_counter() < until:
        sent = time.perf_counter()
        writer.write(next(requests))
        head, body = await answer(reader)
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"answered {head.splitlines()[0]!r}: {body[:200]!r}")
        latencies.append(time.perf_counter() - sent)
    writer.close()
    await writer.wait_closed()
