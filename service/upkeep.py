"""What goes on beside the web processes, `python -m service.upkeep`: judging along, nightly learning."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from subprocess import DEVNULL, Popen

import structlog

from service import adapting, along, logs
from service.config import Settings, load
from service.data_dir import complete
from service.delivery import connect_until
from service.errors import Unavailable
from service.moderation import Moderation
from service.process import end_with_parent
from service.stopping import stop_event

STEP_S = 2.0
NICE = 10
DONE = "nightly"

_log = structlog.get_logger(__name__)


class Upkeep:
    """Does a little of each every two seconds; a training runs in a process of its own."""

    def __init__(self, m: Moderation, retrain_at: str) -> None:
        self._m = m
        self._at = retrain_at
        self._shadow = along.Shadow(m)
        self._training: Popen[bytes] | None = None

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop."""
        while not stop.wait(STEP_S):
            try:
                self.step()
            except Unavailable:
                continue  # The deliveries say that the store is away.
            except Exception as error:
                _log.error("upkeep broke", exc_info=error)
        if self._training:
            self._training.terminate()
            self._training.wait()

    def step(self) -> None:
        """Judge along, and learn where it is time."""
        self._shadow.step()
        if self._training and (code := self._training.poll()) is not None:
            _log.info("retrained", code=code)
            self._training = None
        if self._due():
            self._mark()
            correct_all(self._m)
            self._training = retrain()

    def _due(self) -> bool:
        now = datetime.fromtimestamp(self._m.clock(), UTC)
        if not self._at or self._training or f"{now:%H:%M}" < self._at:
            return False
        try:
            return (self._m.scorer.models / DONE).read_text("utf-8").strip() < f"{now:%Y-%m-%d}"
        except FileNotFoundError:
            return True

    def _mark(self) -> None:
        # Before it begins: what breaks off is tried again the next night, and not at once and for ever.
        self._m.scorer.models.mkdir(parents=True, exist_ok=True)
        today = datetime.fromtimestamp(self._m.clock(), UTC)
        (self._m.scorer.models / DONE).write_text(f"{today:%Y-%m-%d}\n", "utf-8")


def correct_all(m: Moderation) -> None:
    """Learn anew the corrections of all sites that want one."""
    for site in m.store.registry.sites():
        if not site.policy.adapt:
            continue
        try:
            adapting.learn(m.store, m.scorer.models, site.id, m.clock())
            _log.info("correction learnt", site=site.id)
        except Exception as error:
            # What one site's decisions do to the learning is not held against the others.
            _log.error("correction not learnt", site=site.id, exc_info=error)


def retrain() -> Popen[bytes]:
    """Train a challenger from the store; it waits on the page of models."""
    command = [str(Path(sys.executable).with_name("modqueue")), "retrain", "--from-store"]
    return Popen(command, stdin=DEVNULL, stdout=DEVNULL, start_new_session=True, preexec_fn=end_with_parent)


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    settings: Settings = complete(load())
    logs.configure(settings.log_level)
    os.nice(NICE)
    stop = stop_event()
    m = connect_until(settings, stop)
    if m is not None:
        Upkeep(m, settings.retrain_at).run(stop)
        with suppress(Unavailable):
            m.store.close()


if __name__ == "__main__":
    main()
