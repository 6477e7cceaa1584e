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

HERE = Path(__file__).parent
SOURCES = sorted(PLUGIN.rglob("*.php"))


# The system's own, and those that the plugin is for beside it, as WebAssembly.
VERSIONS = ("own", "7.4", "8.3", "8.4")


def php(version: str, script: Path, directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script about the PHP files of a directory."""
    run = ["php"] if version == "own" else ["node", HERE / "php" / "run.mjs", version, directory]
    return subprocess.run([*run, script, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("version", VERSIONS)
def test_it_compiles(version: str) -> None:
    done = php(version, HERE / "compile.php", PLUGIN, str(PLUGIN))
    assert done.returncode == 0, done.stderr
    used, files = json.loads(done.stdout)
    assert files == len(SOURCES)
    assert version in ("own", used)


def test_what_its_oldest_php_cannot_compile_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "new.php").write_text("<?php\n$a = match ( 1 ) { 1 => 2 };\n")
    assert php("8.3", HERE / "compile.php", tmp_path, str(tmp_path)).returncode == 0
    done = php("7.4", HERE / "compile.php", tmp_path, str(tmp_path))
    assert done.returncode == 1
    assert "new.php:2 syntax error" in done.stderr


@pytest.mark.parametrize("version", VERSIONS)
def test_it_signs_as_the_service_verifies(version: str) -> None:
    secret = signing.new_secret()
    done = php(version, HERE / "unit.php", PLUGIN, secret)
    assert done.returncode == 0, done.stderr
    assert signing.verify(json.loads(done.stdout), b"body", [Secret(secret)], 1_800_000_000) == "wp-1"


def test_it_keeps_to_the_coding_standard() -> None:
    done = subprocess.run(["phpcs"], cwd=PLUGIN.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert standards(*SOURCES) == []


def standards(*sources: Path) -> list[str]:
    """Return what of WordPress's standards a source breaks that PHP_CodeSniffer's own sniffs do not see."""
    command = ["php", HERE / "standards.php", *sources]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("if ( $a === 'b' ) { echo 'c'; }", ":2: the constant comes first"),
        ("$aB = 1;", ":2: $aB is no snake_case"),
        ("function doIt() {}", ":2: doIt is no snake_case"),
        ("echo $a;", ":2: shown without being escaped"),
        ("echo 'a' . $b;", ":2: shown without being escaped"),
        ("printf( '%s', $a );", ":2: shown without being escaped"),
        ("_e( 'a', 'b' );", ":2: shown without being escaped"),
        ("$a = $_POST['b'];", ": a request is read without a nonce"),
    ],
)
def test_what_breaks_the_standard_is_noticed(code: str, said: str, tmp_path: Path) -> None:
    source = tmp_path / "a.php"
    source.write_text(f"<?php\n{code}\n")
    assert standards(source) == [f"{source}{said}"]


def test_what_breaks_the_coding_standard_is_noticed(tmp_path: Path) -> None:
    bad = tmp_path / "bad.php"
    bad.write_text("<?php\nfunction f($a)\n{\n    return [json_encode( @$a )];\n}\n")
    run = ["phpcs", "--standard=" + str(PLUGIN.parent / "phpcs.xml"), "--report=json", bad]
    found = json.loads(subprocess.run(run, capture_output=True, text=True, check=False).stdout)
    sources = {message["source"] for message in found["files"][str(bad)]["messages"]}
    assert sources >= {
        "Generic.Arrays.DisallowShortArraySyntax.Found",
        "Generic.Functions.OpeningFunctionBraceKernighanRitchie.BraceOnNewLine",
        "Generic.PHP.ForbiddenFunctions.FoundWithAlternative",
        "Generic.PHP.NoSilencedErrors.Discouraged",
        "Generic.WhiteSpace.DisallowSpaceIndent.SpacesUsed",
        "Squiz.Commenting.FileComment.Missing",
        "Squiz.Commenting.FunctionComment.Missing",
        "Squiz.Functions.FunctionDeclarationArgumentSpacing.SpacingAfterOpen",
    }


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
