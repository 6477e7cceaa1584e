"""How much longer posting a comment takes with the plugin: `python -m tests.wordpress.posting`."""

from __future__ import annotations

import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path
from socket import create_server

from tests.process.cast import Service
from tests.wordpress.conftest import FINE, PLUGIN, Pair
from tests.wordpress.site import WordPress, running

COMMENTS = 200


def measure(name: str, wordpress: WordPress, posts: int = COMMENTS) -> None:
    """Post comments one after the other and print what each took, as its reader sees it."""
    taken = []
    for n in range(posts):
        started = time.perf_counter()
        wordpress.comment(f"{FINE} {name} {n}", email=f"{n}@reader.example")
        taken.append((time.perf_counter() - started) * 1000)
    cuts = statistics.quantiles(taken, n=20)
    print(f"{name:<40} p50 {cuts[9]:7.1f} ms   p95 {cuts[18]:7.1f} ms   max {max(taken):7.1f} ms", flush=True)


def main() -> None:
    """Measure without the plugin, and with the service up, down and hanging."""
    with tempfile.TemporaryDirectory() as directory, running(Path(directory)) as wordpress:
        measure("without the plugin", wordpress)
        wordpress.plugin(PLUGIN)
        data = Path(directory) / "service"
        data.mkdir()
        service = Service(data / "data")
        pair = Pair(wordpress, service)
        pair.reset(timeout=2)  # as it is installed
        measure("service up", wordpress)
        service.stop()
        measure("service down", wordpress)
        with closing(create_server(("127.0.0.1", 0))) as hole:
            pair.reset(timeout=2, address=f"http://127.0.0.1:{hole.getsockname()[1]}")
            measure("service hanging", wordpress)


if __name__ == "__main__":
    main()
