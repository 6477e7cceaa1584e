import json
import shutil
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from classifier import reader
from classifier.reader import MOST_WINDOWS, SHARED, SHIPPED, WINDOW, Reader, ReaderError


@pytest.fixture(scope="module")
def shipped():
    found = reader.shipped()
    assert isinstance(found, Reader), found
    return found


def test_it_reads_words_in_their_context(shipped):
    (alone,) = shipped.windows("rats")
    (among,) = shipped.windows("these people are not rats")
    assert alone.vectors.shape[1] == among.vectors.shape[1] == len(shipped.taught) - 1
    assert among.starts.tolist() == [0, 6, 13, 17, 21]
    assert not np.allclose(alone.vectors[1], among.vectors[5], atol=0.1)


def test_it_means_what_its_windows_show(shipped):
    text = "a cup of tea"
    (window,) = shipped.windows(text)
    reading = shipped.read(text)
    assert reading.whole
    np.testing.assert_allclose(reading.means[0], window.vectors.mean(axis=0), rtol=1e-6)


def test_it_reads_nothing_where_nothing_is_said(shipped):
    assert len(shipped.read(" \n").means) == 0
    assert shipped.read("").whole


@pytest.mark.parametrize(
    ("pieces", "windows"),
    [(1, 1), (WINDOW, 1), (WINDOW + 1, 2), (2 * WINDOW - SHARED, 2), (2 * WINDOW - SHARED + 1, 3)],
)
def test_it_reads_long_texts_in_windows_that_overlap(shipped, pieces, windows):
    found = shipped.windows("tea " * pieces)
    assert len(found) == windows
    assert len({start for window in found for start in window.starts.tolist()}) == pieces


def test_it_says_when_it_has_not_read_all(shipped):
    reading = shipped.read("tea " * 1_000)
    assert not reading.whole
    assert len(reading.means) == MOST_WINDOWS


@pytest.fixture
def copied(tmp_path):
    directory = tmp_path / "reader"
    directory.mkdir()
    for name in ("vocabulary.txt", "heads.npy", "manifest.json"):
        shutil.copy(SHIPPED / name, directory)
    (directory / "encoder.onnx").symlink_to(SHIPPED / "encoder.onnx")
    return directory


def test_it_refuses_changed_weights(copied):
    (copied / "heads.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(ReaderError, match=r"heads\.npy: SHA-256 is"):
        Reader(copied)


@pytest.mark.parametrize("name", ["manifest.json", "vocabulary.txt", "encoder.onnx"])
def test_it_says_which_file_is_missing(copied, name):
    (copied / name).unlink()
    with pytest.raises(ReaderError, match=f"{name}: cannot be read"):
        Reader(copied)


@pytest.mark.parametrize("content", ["{", "[]", json.dumps({"sha256": []})])
def test_it_refuses_what_is_no_manifest(copied, content):
    (copied / "manifest.json").write_text(content)
    with pytest.raises(ReaderError, match="not a manifest"):
        Reader(copied)


def test_it_says_when_onnxruntime_is_missing(copied, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ReaderError, match="onnxruntime cannot be imported"):
        Reader(copied)


def test_it_reports_to_nobody():
    """From 1.29 on the Linux builds of onnxruntime carry their makers' telemetry."""
    libraries = list(Path(onnxruntime.__file__).parent.glob("capi/*onnxruntime*.so*"))
    assert libraries
    for library in libraries:
        assert b"OneDsTelemetry" not in library.read_bytes()


def test_it_is_loaded_once_however_many_threads_ask(monkeypatch):
    loads, goes_on = [], threading.Event()

    @cache
    def load(*_):
        loads.append(1)
        assert goes_on.wait(60)
        return "the reader"

    monkeypatch.setattr(reader, "_of_process", load)
    with ThreadPoolExecutor(4) as pool:
        found = [pool.submit(reader.shipped) for _ in range(4)]
        while not (loads and all(one.running() for one in found)):
            time.sleep(0.001)
        goes_on.set()
    assert len(loads) == 1
    assert [one.result() for one in found] == ["the reader"] * 4
