"""Commands and their data directory: whose turn it is, and settings that are wrong."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from subprocess import DEVNULL, Popen

import pytest
from click.testing import CliRunner

from service import data_dir
from service.cli import main
from service.config import Settings
from service.errors import Invalid
from tests.app.conftest import Run
from tests.process.cast import MODQUEUE

Hold = Callable[[Path], AbstractContextManager[None]]


@pytest.mark.process
def test_it_starts_a_store_for_a_command_where_none_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODQUEUE_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("MODQUEUE_REDIS_URL", raising=False)
    assert CliRunner().invoke(main, ["site", "add", "b", "--url", "https://b.example"]).exit_code == 0
    assert "https://b.example" in CliRunner().invoke(main, ["site", "list"]).stdout


@pytest.mark.process
def test_commands_that_start_together_work_one_after_the_other(tmp_path: Path) -> None:
    env = os.environ | {"MODQUEUE_DATA_DIR": str(tmp_path), "MODQUEUE_REDIS_URL": ""}
    add = [MODQUEUE, "site", "add", "--url", "https://b.example"]
    adding = [Popen([*add, f"s{n}"], env=env, stdout=DEVNULL) for n in range(3)]
    assert [process.wait(60) for process in adding] == [0, 0, 0]


@pytest.mark.parametrize(
    ("hold", "said"), [(data_dir.turn, ["waiting for", "modqueue:"]), (data_dir.locked, ["modqueue:"])]
)
def test_a_command_waits_for_another_but_for_no_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hold: Hold, said: list[str]
) -> None:
    monkeypatch.setenv("MODQUEUE_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("MODQUEUE_REDIS_URL", raising=False)
    monkeypatch.setattr(data_dir, "SILENT_S", 0.01)
    monkeypatch.setattr(data_dir, "PATIENCE_S", 0.02)
    with hold(tmp_path):
        result = CliRunner().invoke(main, ["site", "list"])
    assert result.exit_code == 1
    assert [line.partition(f" process {os.getpid()}")[0] for line in result.stderr.splitlines()] == said


TIMES = ("LEASE_SECONDS", *(f"KEEP_{what}_DAYS" for what in ("APPROVED", "DECIDED", "LOG", "EXAMPLES")))
ADDRESSES = ("PUBLIC_URL", "OIDC_ISSUER")
NO_ADDRESSES = ("nonsense", "ftp://x", "https://", "http:/x")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MODQUEUE_PARTITIONS", "many"),
        ("MODQUEUE_TRUSTED_PROXIES", "11"),
        *((f"MODQUEUE_{name}", value) for name in TIMES for value in ("inf", "nan", "1e300", "0")),
        *((f"MODQUEUE_{name}", value) for name in ADDRESSES for value in NO_ADDRESSES),
        ("MODQUEUE_APPENDFSYNC", "never"),
        ("MODQUEUE_SECRET_KEY_FILE", "/nowhere"),
    ],
)
def test_it_names_the_setting_that_is_wrong(
    run: Run, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    result = run("site", "list")
    assert (result.exit_code, variable in result.stderr) == (1, True)


@pytest.mark.parametrize("text", ["[]", "7", "nonsense", "{}", '{"secret_key": ""}', '{"secret_key": 7}'])
def test_it_says_what_a_damaged_secret_costs(tmp_path: Path, text: str) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(Invalid, match=r"is damaged.*no earlier author can be found or erased"):
        data_dir.secret_key(Settings(data_dir=tmp_path))


@pytest.mark.parametrize(
    ("given", "missing"),
    [("CLIENT_ID", "ISSUER"), ("CLIENT_SECRET", "ISSUER"), ("ISSUER", "CLIENT_ID")],
)
def test_it_names_what_a_provider_needs_besides(
    run: Run, monkeypatch: pytest.MonkeyPatch, given: str, missing: str
) -> None:
    monkeypatch.setenv(f"MODQUEUE_OIDC_{given}", "https://id.example")
    result = run("site", "list")
    assert (result.exit_code, f"MODQUEUE_OIDC_{missing}: is needed" in result.stderr) == (1, True)
