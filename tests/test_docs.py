"""The documents name what exists: settings, commands, screenshots, and nothing of ours is hidden."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from service.cli import main
from service.config import PREFIX, Settings

ROOT = Path(__file__).parent.parent
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_it_documents_every_setting(name: str) -> None:
    assert f"`{PREFIX}{name.upper()}`" in (ROOT / "docs" / "configuration.md").read_text()


def test_it_documents_no_setting_that_does_not_exist() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {
        "MODQUEUE_SECRET",
        "MODQUEUE_DATASETS",
    }
    for path in DOCS:
        assert set(re.findall(r"MODQUEUE_[A-Z_]+", path.read_text())) <= known, path


def test_it_documents_only_commands_that_exist() -> None:
    for path in DOCS:
        for words in re.findall(r"modqueue ([a-z]+)(?: ([a-z]+))?", path.read_text()):
            command = main.commands.get(words[0])
            assert command, f"{path}: modqueue {words[0]}"
            if hasattr(command, "commands") and words[1]:
                assert words[1] in command.commands, f"{path}: modqueue {' '.join(words)}"


@pytest.mark.parametrize("path", DOCS, ids=lambda p: p.name)
def test_its_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", path.read_text()):
        assert (path.parent / target).exists(), target


def test_every_command_has_help() -> None:
    for name, command in main.commands.items():
        assert command.help, name


def test_the_signed_curl_of_the_readme_is_signed_right(tmp_path: Path) -> None:
    from service import signing

    block = re.search(r"```sh\n(SECRET=.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block
    secret = signing.new_secret()
    script = block.group(1).replace("whsec_…", secret).replace("curl -s", "printf '%s\\n'")
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)
    said = dict(re.findall(r"^(webhook-[a-z]+): (.*)$", done.stdout, re.MULTILINE))
    body = done.stdout.splitlines()[-1].encode()
    expected = signing.sign(secret, said["webhook-id"], int(said["webhook-timestamp"]), body)
    assert said["webhook-signature"] == expected
