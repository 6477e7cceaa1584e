"""Commands, run in this process, and visitors of the pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from service import passwords
from service.cli import main
from service.moderation import Moderation
from service.store import Store
from tests.conftest import ANA, BEN, logs_put_back
from tests.pages import FAST, Visitor, give_password

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def put_logs_back() -> Iterator[None]:
    with logs_put_back():
        yield


@pytest.fixture
def run(tmp_path: Path, server_url: str, store: Store, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command against the store of the test."""
    monkeypatch.setenv("MODQUEUE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MODQUEUE_REDIS_URL", server_url)
    monkeypatch.setattr(passwords, "_hasher", FAST)

    def run(*arguments: str, stdin: str = "") -> Result:
        return CliRunner().invoke(main, arguments, input=stdin, catch_exceptions=False)

    return run


@pytest.fixture
def added(run: Run) -> dict[str, str]:
    """Register a site; give what was printed."""
    arguments = ("--url", "https://blog.example", "--callback-url", "https://blog.example/hook", "--json")
    result: dict[str, str] = json.loads(run("site", "add", "blog", *arguments).stdout)
    return result


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hash passwords as tests do."""
    monkeypatch.setattr(passwords, "_hasher", FAST)
    passwords._of_nobody.cache_clear()
    yield
    passwords._of_nobody.cache_clear()


@pytest.fixture
def visitor(app: Flask, moderation: Moderation, fast: None) -> Visitor:
    """Give a visitor to a service where ana and ben have passwords."""
    give_password(moderation.store, ANA, BEN)
    return Visitor(app)
