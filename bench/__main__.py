"""Run every benchmark and print its table: `make bench`, or `python -m bench NAME` for one."""

from __future__ import annotations

import platform
import sys

import numpy
import sklearn
from rich.console import Console

from bench import (
    active,
    adaptation,
    blind,
    campaigns,
    delivery,
    desk,
    fairness,
    hostile,
    overload,
    quality,
    replay,
    scale,
    scoring,
    webhook,
)

BENCHMARKS = {
    "active": active.run,
    "adaptation": adaptation.run,
    "blind": blind.run,
    "campaigns": campaigns.run,
    "delivery": delivery.run,
    "desk": desk.run,
    "fairness": fairness.run,
    "hostile": hostile.run,
    "overload": overload.run,
    "quality": quality.run,
    "replay": replay.run,
    "scale": scale.run,
    "scoring": scoring.run,
    "webhook": webhook.run,
}


def main(names: list[str]) -> None:
    """Run the named benchmarks, or all of them."""
    console = Console(width=100)
    python = (
        f"Python {platform.python_version()}, numpy {numpy.__version__}, scikit-learn {sklearn.__version__}"
    )
    console.print(
        f"{platform.machine()}, {_cores()} cores, {platform.system()} {platform.release()}, {python}"
    )
    for name in names or BENCHMARKS:
        if name not in BENCHMARKS:
            sys.exit(f"no such benchmark: {name}; one of {', '.join(BENCHMARKS)}")
        console.print(BENCHMARKS[name]())


def _cores() -> int:
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


if __name__ == "__main__":
    main(sys.argv[1:])
