"""`modqueue serve` as a process: the whole way round, and what happens when parts of it are killed."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import Mock

import pytest
import requests
from structlog.testing import capture_logs

from service import launcher
from service.config import Settings
from service.errors import Unavailable
from service.store import embedded
from tests.process.cast import (
    MODQUEUE,
    PASSWORD,
    TIMEOUT_S,
    Blog,
    Service,
    csrf_token,
    service_and_blog,
    wait_for,
)

pytestmark = pytest.mark.process

HELD = "You are vermin, all of you, and vermin must be exterminated."


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Blog]]:
    """Give one service for all that leaves it as it was, and its blog."""
    with service_and_blog(tmp_path_factory.mktemp("p") / "data") as pair:
        yield pair


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Start services on a data directory, and stop those that a test left running."""
    started: list[Service] = []

    def start(**env: str) -> Service:
        started.append(Service(tmp_path / "data", **env))
        return started[-1]

    yield start
    for service in started:
        if service.process.poll() is None:
            service.stop()


def test_it_goes_the_whole_way(pair: tuple[Service, Blog]) -> None:
    service, blog = pair
    assert service.send("1", "Thank you, the bread recipe worked well.")["verdict"] == "approve"
    held = service.send("2", HELD)
    other = service.send("3", HELD + " Really.")
    assert (held["verdict"], other["verdict"]) == ("hold", "hold")
    assert "score:dehumanising" in held["reasons"]

    lease = service.api("POST", f"comments/{held['id']}/claim").json()
    wish = {"decision": "reject", "reason": "dehumanising", "lease_token": lease["lease_token"]}
    assert service.api("POST", f"comments/{held['id']}/decision", wish).status_code == 200
    assert service.api("POST", f"comments/{held['id']}/decision", wish).status_code == 409
    wait_for(lambda: blog.told("2") == ["reject"])

    service.command("moderator", "add", "ana", "--site", "blog", "--password-stdin", stdin=PASSWORD)
    session = service.sign_in("ana")
    page = session.get(f"{service.address}/?lane=pending&item={other['id']}", timeout=TIMEOUT_S).text
    form = {"csrf_token": csrf_token(page), "decision": "approve", "revision": "1"}
    done = session.post(f"{service.address}/items/{other['id']}/decision", data=form, timeout=TIMEOUT_S)
    assert done.status_code == 200
    wait_for(lambda: blog.told("3") == ["approve"])

    assert service.api("POST", f"comments/{other['id']}/undo").status_code == 200
    wait_for(lambda: blog.told("3") == ["approve", "hold"])
    assert service.pending() == ["3"]
    assert service.api("POST", f"comments/{other['id']}/decision", {"decision": "approve"}).status_code == 200


def test_it_tells_a_blog_that_was_down(pair: tuple[Service, Blog]) -> None:
    service, blog = pair
    held = service.send("down", HELD)
    blog.down()
    wish = {"decision": "approve"}
    assert service.api("POST", f"comments/{held['id']}/decision", wish).status_code == 200
    state = f"comments/{held['id']}"
    wait_for(lambda: service.api("GET", state).json()["delivery"]["state"] == "retrying")
    blog.up()
    wait_for(lambda: blog.told("down") == ["approve"])
    wait_for(lambda: service.api("GET", state).json()["delivery"]["state"] == "confirmed")


def test_it_loses_nothing_when_a_part_is_killed(pair: tuple[Service, Blog]) -> None:
    service, blog = pair
    for victim in ("gunicorn", "service.delivery", "valkey", "launcher"):
        held = service.send(victim, HELD)
        if victim == "launcher":
            _kill_launcher(service)
        else:
            service.kill(victim)
        wait_for(lambda: _ready(service))
        assert service.pending() == [victim]
        wish = {"decision": "reject", "reason": "hateful"}
        assert service.api("POST", f"comments/{held['id']}/decision", wish).status_code == 200
        wait_for(lambda decided=victim: blog.told(decided) == ["reject"])


def _kill_launcher(service: Service) -> None:
    service.process.kill()
    service.process.wait()
    service.close()
    wait_for(lambda: not service.processes())
    service.start()


def test_it_takes_over_a_store_that_outlived_its_launcher(
    serve: Callable[..., Service], tmp_path: Path
) -> None:
    orphan = embedded.start(tmp_path / "data", "always")
    service = serve()
    assert orphan.wait(60) == 0
    _stops_all_of_it(service, signal.SIGTERM)


def test_it_refuses_a_second_service_on_one_data_directory_or_port(
    pair: tuple[Service, Blog], tmp_path: Path
) -> None:
    service, _ = pair
    second = service.run("serve", "--port", "0")
    assert second.returncode == 1
    assert f"process {service.process.pid} runs on" in second.stderr
    assert "Traceback" not in second.stderr
    port = service.address.rsplit(":", 1)[1]
    env = service.env | {"MODQUEUE_DATA_DIR": str(tmp_path / "second")}
    command = [MODQUEUE, "serve", "--port", port]
    second = subprocess.run(command, check=False, env=env, capture_output=True, text=True, timeout=120)
    assert (second.returncode, "try --port" in second.stderr) == (1, True)
    assert _ready(service)


def test_it_renews_itself_and_refuses_nobody_meanwhile(pair: tuple[Service, Blog]) -> None:
    service, blog = pair
    before, renewed, answers = _ours(service), threading.Event(), list[int]()

    def ask() -> None:
        while not renewed.is_set():
            answers.append(requests.get(f"{service.address}/healthz", timeout=60).status_code)

    asking = threading.Thread(target=ask)
    asking.start()
    held = service.send("renewed", HELD)
    service.process.send_signal(signal.SIGUSR1)
    wait_for(lambda: len(_ours(service) - before) == 3 and not before & _ours(service), told=lambda: answers)
    renewed.set()
    asking.join()
    assert set(answers) == {200}
    wish = {"decision": "reject", "reason": "hateful"}
    assert service.api("POST", f"comments/{held['id']}/decision", wish).status_code == 200
    wait_for(lambda: blog.told("renewed") == ["reject"])


def test_all_the_old_goes_on_where_the_new_does_not_start() -> None:
    def start(*ready: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(["false"] if ready else ["sleep", "600"], pass_fds=ready)

    children = [launcher.Child("delivery", start), launcher.Web("web", start)]
    before = [child.process for child in children]
    try:
        with capture_logs() as said:
            launcher._renew(children)
        assert [child.process for child in children] == before
        assert [process.poll() for process in before] == [None, None]
        assert [entry["event"] for entry in said] == [
            "the new web processes do not start, the old ones go on"
        ]
    finally:
        for child in children:
            child.stop()


def _ours(service: Service) -> set[int]:
    """Return the processes that the launcher starts beside the store."""
    path = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children")
    # Not by how they were started: gunicorn may show another command line.
    own = {pid for pid, command in service.processes() if "valkey" not in command}
    return own & {int(pid) for pid in path.read_text().split()}


def test_it_stops_at_ctrl_c(serve: Callable[..., Service]) -> None:
    _stops_all_of_it(serve(), signal.SIGINT)


def _stops_all_of_it(service: Service, number: signal.Signals) -> None:
    wait_for(lambda: len(service.processes()) >= 5)
    assert any("valkey" in command for _, command in service.processes())
    service.process.send_signal(number)
    assert service.process.wait(60) == 0
    service.close()
    assert service.processes() == []


def test_it_keeps_its_secrets_to_itself(pair: tuple[Service, Blog]) -> None:
    service, _ = pair
    secrets = service.data_dir / "secrets.json"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert stat.S_IMODE(service.data_dir.stat().st_mode) == 0o700
    service.send("secret", HELD)
    log = (service.data_dir.parent / "serve.log").read_text()
    assert service.secret not in log
    assert "vermin" not in log
    os.chmod(secrets, 0o644)
    findings = service.run("doctor", "--json")
    os.chmod(secrets, 0o600)
    assert findings.returncode == 1
    assert "others may read it" in findings.stdout


def test_it_believes_nobody_on_its_own_machine_to_be_a_proxy(pair: tuple[Service, Blog]) -> None:
    service, _ = pair
    answer = requests.get(f"{service.address}/sign-in", headers={"X-Forwarded-Proto": "https"}, timeout=60)
    assert "; HttpOnly" in answer.headers["Set-Cookie"]
    assert "; Secure" not in answer.headers["Set-Cookie"]
    elsewhere = {"SCRIPT_NAME": "/elsewhere"}
    answer = requests.get(f"{service.address}/elsewhere/healthz", headers=elsewhere, timeout=60)
    assert answer.status_code == 404


def test_it_uses_an_outside_store(serve: Callable[..., Service], server_url: str) -> None:
    service = serve(MODQUEUE_REDIS_URL=server_url, MODQUEUE_PUBLIC_URL="http://desk.example:80")
    # A command need not be told what the service was told.
    service.own["MODQUEUE_PUBLIC_URL"] = ""
    assert "http://desk.example:80/sign-in/link/" in service.command("moderator", "add", "zoe")
    service.address = f"http://127.0.0.1:{service.port}"
    assert _ready(service)
    assert not (service.data_dir / "store").exists()
    assert service.stop() == 0


def test_it_starts_nothing_where_its_store_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher, "STORE_TIMEOUT_S", 0.05)
    monkeypatch.setattr(launcher, "STORE_PAUSE_S", 0.02)
    monkeypatch.setattr(launcher, "popen", None)
    settings = Settings(data_dir=tmp_path, redis_url="unix:///nowhere/valkey.sock")
    running = launcher.running(settings, "127.0.0.1", 0, 1, threading.Event())
    with pytest.raises(Unavailable, match="start the store or mend MODQUEUE_REDIS_URL"), running:
        pass


def test_it_waits_for_a_store_that_starts_with_it(tmp_path: Path) -> None:
    started: list[subprocess.Popen[bytes]] = []
    stop = Mock(wait=lambda _: bool(started.append(embedded.start(tmp_path, "everysec"))))
    launcher._prepare(embedded.url(tmp_path), 16, stop)
    embedded.stop(*started)


def _ready(service: Service) -> bool:
    try:
        return requests.get(f"{service.address}/readyz", timeout=30).status_code == 200
    except requests.RequestException:
        return False
