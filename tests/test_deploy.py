"""What lies in deploy/ names what exists: commands, settings, metrics, files."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask.testing import FlaskClient

from service.cli import main
from service.config import PREFIX, Settings
from service.store import embedded
from tests.conftest import Sender

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
NAME = re.compile(r"modqueue_[a-z_]+")


@pytest.fixture
def metrics(client: FlaskClient, sender: Sender) -> str:
    sender.comment("[hateful=0.7]")
    return client.get("/metrics").get_data(as_text=True)


def rules() -> list[dict[str, Any]]:
    known = yaml.safe_load((DEPLOY / "prometheus" / "modqueue.rules.yaml").read_text())
    return [rule for group in known["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((DEPLOY / "grafana" / "modqueue.json").read_text())["panels"]
    return found


def test_alerts_and_dashboard_ask_for_metrics_that_there_are(metrics: str) -> None:
    asked = [rule["expr"] for rule in rules()] + [t["expr"] for p in panels() for t in p["targets"]]
    given = set(NAME.findall(metrics))
    for expression in asked:
        assert set(NAME.findall(expression)) <= given, expression
        assert expression.count("(") == expression.count(")"), expression
        for label in re.findall(r"by \((\w+)\)|\{(\w+)=", expression):
            assert f'{"".join(label)}="' in metrics or "".join(label) == "job", expression
    for lane in re.findall(r'lane="(\w+)"', " ".join(asked)):
        assert f'lane="{lane}"' in metrics


def test_every_alert_says_what_to_do() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    for rule in rules():
        assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
        assert set(rule["annotations"]) == {"summary", "description"}
        assert rule["labels"]["severity"] in ("page", "ticket")
        commands = re.findall(r"`modqueue (\w+)", rule["annotations"]["description"])
        assert set(commands) <= set(main.commands)


def test_the_alert_on_several_models_looks_over_time_and_outwaits_a_promotion() -> None:
    """One scrape reaches one process, which names one model."""
    (rule,) = [rule for rule in rules() if "modqueue_model_info" in rule["expr"]]
    (window,) = re.findall(r"count_over_time\(modqueue_model_info\[(\d+)m\]\)", rule["expr"])
    assert int(window) < int(rule["for"].removesuffix("m"))


def test_the_panels_lie_side_by_side() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
    assert len({panel["id"] for panel in panels()}) == len(panels())


@pytest.mark.parametrize("path", sorted(DEPLOY.rglob("*.*")), ids=lambda p: p.name)
def test_it_names_settings_and_commands_that_exist(path: Path) -> None:
    text = path.read_text()
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    assert set(re.findall(r"MODQUEUE_[A-Z_]+", text)) <= known
    for command in re.findall(r"bin/modqueue (\w+)|exec modqueue modqueue (\w+)", text):
        assert "".join(command) in main.commands
    for named in re.findall(r"(?:docs|deploy)/[\w/.-]+\.(?:md|conf|yaml)", text):
        assert (ROOT / named).exists(), named


def test_the_unit_starts_what_can_be_started() -> None:
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their case
    unit.read(DEPLOY / "modqueue.service")
    program, command, *options = shlex.split(unit["Service"]["ExecStart"])
    assert program == "/opt/modqueue/.venv/bin/modqueue"
    serve = main.commands[command]
    known = {name for parameter in serve.params for name in parameter.opts}
    assert {option for option in options if option.startswith("--")} <= known
    assert unit["Service"]["NoNewPrivileges"] == "yes"
    # It may take as long as gunicorn gives what is in flight, and the store after that.
    assert int(unit["Service"]["TimeoutStopSec"]) > 20


def test_the_containers_are_as_durable_as_the_embedded_store() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    valkey = compose["services"]["valkey"]["command"].split()
    said = dict(zip(valkey[1::2], valkey[2::2], strict=True))
    assert (said["--appendonly"], said["--appendfsync"]) == ("yes", "always")
    assert said["--maxmemory-policy"] == "noeviction"
    packed = {name: value for name, value in said.items() if name.startswith(("--hash", "--set"))}
    assert packed.items() <= {f"--{name}": value for name, value in embedded.PACKED.items()}.items()
    assert len(packed) == len(embedded.PACKED)
    # Nobody but the service reaches the store, and nobody but this machine the service.
    assert compose["networks"]["inside"] == {"internal": True}
    assert "ports" not in compose["services"]["valkey"]
    assert compose["services"]["modqueue"]["ports"] == ["127.0.0.1:8080:8080"]
    image = (DEPLOY / "Dockerfile").read_text()
    assert "--require-hashes -r requirements.lock" in image
    assert re.search(r"^USER modqueue$", image, re.MULTILINE)


def test_the_containers_have_what_they_name() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    built = compose["services"]["modqueue"]["build"]
    assert (DEPLOY / built["context"] / built["dockerfile"]).samefile(DEPLOY / "Dockerfile")
    for service in compose["services"].values():
        assert {volume.partition(":")[0] for volume in service["volumes"]} <= set(compose["volumes"])
        assert set(service["networks"]) <= set(compose["networks"])
        assert set(service.get("depends_on", {})) <= set(compose["services"])


def test_the_image_holds_the_service_and_no_secrets() -> None:
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line.startswith("!")]
    assert all((ROOT / name).exists() for name in kept)
    needed = {
        "pyproject.toml",
        "requirements.lock",
        "README.md",
        "LICENSE",
        "service",
        "classifier",
        "wsgi.py",
    }
    assert needed <= set(kept)
    assert not {"var", ".git", ".venv"} & set(kept)


@pytest.mark.parametrize(("name", "certificate"), [("nginx", "tls"), ("nginx-akismet", "akismet")])
def test_nginx_takes_its_configuration(tmp_path: Path, name: str, certificate: str) -> None:
    written = (DEPLOY / f"{name}.conf").read_text()
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=x"]
    files = ["-keyout", tmp_path / f"{certificate}.key", "-out", tmp_path / f"{certificate}.crt"]
    subprocess.run(["openssl", "req", "-x509", *key, *files], check=True, capture_output=True)
    (tmp_path / "proxy.conf").write_text((DEPLOY / "proxy.conf").read_text())
    server = written.replace("/etc/modqueue/", f"{tmp_path}/")
    server = server.replace("listen 80;", "listen 127.0.0.1:1080;").replace(
        "listen 443", "listen 127.0.0.1:1443"
    )
    paths = "".join(
        f"{name}_temp_path {tmp_path}/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = tmp_path / "nginx.conf"
    outer = f"pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}"
    file.write_text(f"{outer} http {{ access_log off; {paths}\n{server}\n}}")
    done = subprocess.run(["/usr/sbin/nginx", "-t", "-c", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
