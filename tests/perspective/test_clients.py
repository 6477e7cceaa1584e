"""Google's own API clients, unchanged, built from a description of ours and pointed at a running service."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError

from tests.process.cast import Service

pytestmark = pytest.mark.process

HERE = Path(__file__).parent
DESCRIPTION = HERE / "discovery.json"
SPAM = "Cheap pills, no prescription: http://pills.example BUY NOW casino bonus!!!"
ASKED = {"comment": {"text": SPAM}, "requestedAttributes": {"SPAM": {}}, "languages": ["en"]}


class Key:
    """A running service, and the key of a site on it."""

    def __init__(self, service: Service) -> None:
        self.service = service
        added = service.command("site", "add", "blog", "--url", "https://blog.example", "--json")
        self.value: str = added["api_key"]

    def suggested(self) -> int:
        """Count what was learnt from senders."""
        return len(self.service.command("export", "--examples").splitlines())


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Key]:
    service = Service(tmp_path_factory.mktemp("k") / "data")
    try:
        yield Key(service)
    finally:
        service.stop()


@contextmanager
def client(key: Key, value: str) -> Iterator[Any]:
    described = json.loads(DESCRIPTION.read_text()) | {"rootUrl": f"{key.service.address}/"}
    with build_from_document(described, developerKey=value) as built, built.comments() as comments:
        yield comments


@pytest.fixture
def python(key: Key) -> Iterator[Any]:
    with client(key, key.value) as comments:
        yield comments


def test_pythons_asks_and_suggests(key: Key, python: Any) -> None:
    answer = python.analyze(body=ASKED | {"clientToken": "mine", "spanAnnotations": True}).execute()
    score = answer["attributeScores"]["SPAM"]
    assert 0.5 < score["summaryScore"]["value"] <= 1
    assert {SPAM[s["begin"] : s["end"]] for s in score["spanScores"]} & {"casino", "pills", "Cheap"}
    assert (answer["languages"], answer["clientToken"]) == (["en"], "mine")
    before = key.suggested()
    suggestion = {"comment": {"text": SPAM}, "attributeScores": {"SPAM": {"summaryScore": {"value": 1}}}}
    # While others were counted, the service may have closed the connection that the client keeps.
    python.suggestscore(body=suggestion).execute(num_retries=2)
    assert key.suggested() == before + 1
    python.suggestscore(body=suggestion | {"doNotStore": True}).execute(num_retries=2)
    assert key.suggested() == before + 1


def test_pythons_understands_what_is_refused(key: Key, python: Any) -> None:
    with pytest.raises(HttpError) as unknown:
        python.analyze(body=ASKED | {"requestedAttributes": {"OBSCENE": {}}}).execute()
    assert unknown.value.status_code == 400
    assert "requestedAttributes.OBSCENE" in unknown.value.reason
    assert unknown.value.error_details[0]["fieldViolations"][0]["field"] == "requestedAttributes.OBSCENE"
    with client(key, "0" * 12) as nobody, pytest.raises(HttpError) as stranger:
        nobody.analyze(body=ASKED).execute()
    assert (stranger.value.status_code, stranger.value.reason[:21]) == (400, "API key not valid. Pl")


def test_javascripts_asks_suggests_and_understands(key: Key) -> None:
    told = {"address": key.service.address, "key": key.value, "description": str(DESCRIPTION), "text": SPAM}
    run = ["node", "googleapis.mjs", json.dumps(told)]
    done = subprocess.run(run, cwd=HERE / "node", capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["analysed"]["attributeScores"]["SPAM"]["summaryScore"]["value"] > 0.5
    assert said["analysed"]["clientToken"] == "mine"
    assert said["suggested"] == {"requestedLanguages": ["en"]}
    assert said["wrongKey"] == 400
    assert "requestedAttributes.OBSCENE" in said["refused"]
