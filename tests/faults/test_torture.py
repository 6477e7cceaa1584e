"""Kill -9 at random points while senders and moderators work: nothing acknowledged is lost or done twice."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.faults.torture import Torture, broken_promises
from tests.process.cast import service_and_blog

pytestmark = pytest.mark.process

#: `make torture` asks for 500.
POINTS = int(os.environ.get("MODQUEUE_TORTURE_POINTS", "8"))


def test_it_keeps_every_promise_whatever_is_killed(tmp_path: Path) -> None:
    seed = int(os.environ.get("MODQUEUE_TORTURE_SEED", random.randrange(10**6)))
    print(f"seed {seed}")  # shown if the test fails
    with service_and_blog(tmp_path / "data") as (service, blog):
        torture = Torture(service, blog, seed)
        torture.run(POINTS)
        assert broken_promises(torture, tmp_path / "data") == []
        assert torture.deaths == POINTS
        # That the check can fail: a decision that was never made is missed.
        promised = next(iter(torture.promises.answers.values()))["id"]
        torture.promises.decided(promised, "nobody", "approve")
        assert broken_promises(torture, tmp_path / "data") == [
            f"the decision approve by nobody on {promised} is lost"
        ]
        assert len(torture.promises.answers) > POINTS
        assert torture.promises.decisions
        print(
            f"{len(torture.promises.answers)} comments and {len(torture.promises.decisions)} decisions kept"
        )
