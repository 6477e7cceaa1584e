"""The plugin's code without a WordPress: it parses, signs as the service does, can be translated."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from service import signing
from service.domain import Secret
from tests.wordpress.conftest import PLUGIN

pytestmark = pytest.mark.process

SOURCES = sorted(PLUGIN.rglob("*.php"))


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: p.name)
def test_it_parses(source: Path) -> None:
    subprocess.run(["php", "-l", source], check=True, capture_output=True)


def test_it_signs_as_the_service_verifies() -> None:
    secret = signing.new_secret()
    done = subprocess.run(
        ["php", Path(__file__).with_name("unit.php"), secret], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert signing.verify(json.loads(done.stdout), b"body", [Secret(secret)], 1_800_000_000) == "wp-1"


def test_its_words_for_translators_are_those_of_the_code(tmp_path: Path) -> None:
    subprocess.run(["sh", PLUGIN.parent / "make-pot.sh", tmp_path / "new.pot"], check=True)
    assert (PLUGIN / "languages" / "modqueue.pot").read_text() == (tmp_path / "new.pot").read_text()


def test_no_file_answers_when_it_is_asked_for_directly() -> None:
    for source in SOURCES:
        # Classes do nothing by themselves; anything else asks who calls.
        code = source.read_text()
        assert "\nfinal class " in code or re.search(r"defined\( '\w+' \) \|\| exit;", code), source


def test_its_versions_agree() -> None:
    header = (PLUGIN / "modqueue.php").read_text()
    readme = (PLUGIN / "readme.txt").read_text()
    version = re.search(r"\* Version: +(\S+)", header)
    assert version
    assert f"Stable tag: {version.group(1)}\n" in readme
    assert f"= {version.group(1)} =" in readme
