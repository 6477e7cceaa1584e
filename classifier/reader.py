"""The reader: a frozen sentence encoder that sees each word in its context. English only.

The encoder is that of Wang et al. (2020), taught by `classifier.finetune`; one comment is read at a time, so
that its vectors depend on nothing else.
"""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.reading import digest
from classifier.wordpiece import Piece, WordPieces

SHIPPED = Path(__file__).parent / "reader"
#: Pieces read at once, pieces that two windows share, and windows that are read of one comment.
WINDOW, SHARED, MOST_WINDOWS = 126, 26, 3
#: Comments whose vectors are remembered: an explanation follows its score, beside those of other threads.
_REMEMBERED = 8

_loading = Lock()

Vectors = NDArray[np.float32]


class ReaderError(Exception):
    """The reader cannot be used: says what is wrong and what to do."""


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """A passage as the encoder sees it.

    Attributes
    ----------
    vectors : ndarray of shape (n_tokens, n_dimensions), float32
        Of each token in its context; the first and the last stand for the passage as a whole.
    starts : ndarray of shape (n_tokens - 2,)
        Where the other tokens begin in the text, in code points.
    """

    vectors: Vectors
    starts: NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What was read of a text.

    Attributes
    ----------
    means : ndarray of shape (n_windows, n_dimensions), float32
        Mean of the token vectors of each window; none of a text without words.
    whole : bool
        Whether the windows cover all of it.
    """

    means: Vectors
    whole: bool


class Reader:
    """Reads texts with one frozen encoder, in one thread.

    Parameters
    ----------
    directory : Path
        Holds encoder.onnx, vocabulary.txt, heads.npy and manifest.json.

    Raises
    ------
    ReaderError
        If a file is missing, its digest is not that of the manifest, or onnxruntime cannot be imported.
    """

    def __init__(self, directory: Path = SHIPPED) -> None:
        manifest = _manifest(directory)
        self.id = str(manifest["id"])
        #: What the encoder was taught with: weight of each dimension for each label, and the biases last.
        self.taught: NDArray[np.float64] = np.load(directory / "heads.npy")
        self._pieces = WordPieces((directory / "vocabulary.txt").read_text("utf-8").split("\n"))
        self._session = _session(directory / "encoder.onnx")
        self._windows = lru_cache(_REMEMBERED)(self._look)
        self.remember(_REMEMBERED)

    def remember(self, texts: int) -> None:
        """Remember readings, for who asks for the same ones again and again.

        Parameters
        ----------
        texts : int
            How many: some 2 kB each.
        """
        self._readings = lru_cache(texts)(self._mean)

    def read(self, text: str) -> Reading:
        """Read a text, at most MOST_WINDOWS windows of it.

        Parameters
        ----------
        text : str
            Folded to lower case.

        Returns
        -------
        Reading
            The same one for the same text.
        """
        return self._readings(text)

    def windows(self, text: str) -> tuple[Window, ...]:
        """Read a text as `read` does, and tell of each word.

        Parameters
        ----------
        text : str
            Folded to lower case.

        Returns
        -------
        tuple of Window
            In order.
        """
        return self._windows(text)[0]

    def _mean(self, text: str) -> Reading:
        windows, whole = self._windows(text)
        means = np.array([window.vectors.mean(axis=0) for window in windows], np.float32)
        return Reading(means, whole)

    def _look(self, text: str) -> tuple[tuple[Window, ...], bool]:
        passages = list(_passages(self._pieces.split(text)))
        return tuple(self._window(passage) for passage in passages[:MOST_WINDOWS]), len(
            passages
        ) <= MOST_WINDOWS

    def _window(self, passage: Sequence[Piece]) -> Window:
        ids = [self._pieces.begin, *(piece.number for piece in passage), self._pieces.end]
        (vectors,) = self._session.run(None, {"ids": np.array([ids])})
        return Window(vectors, np.array([piece.start for piece in passage], np.intp))


def _passages(pieces: Sequence[Piece]) -> Iterator[Sequence[Piece]]:
    for start in range(0, max(len(pieces) - SHARED, min(len(pieces), 1)), WINDOW - SHARED):
        yield pieces[start : start + WINDOW]


def _manifest(directory: Path) -> dict[str, Any]:
    """Return what is said of the reader, after checking that its files are those that it speaks of."""
    try:
        manifest: dict[str, Any] = json.loads((directory / "manifest.json").read_text("utf-8"))
        for name, expected in manifest["sha256"].items():
            found = digest(directory / name)
            if found != expected:
                msg = f"{directory / name}: SHA-256 is {found[:12]}…, not {expected[:12]}…: reinstall"
                raise ReaderError(msg)
    except OSError as error:
        msg = f"{error.filename}: cannot be read ({error.strerror}): reinstall"
        raise ReaderError(msg) from error
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        msg = f"{directory / 'manifest.json'}: not a manifest ({error}): reinstall"
        raise ReaderError(msg) from error
    return manifest


def _session(path: Path) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        msg = f"onnxruntime cannot be imported ({error}): pip install onnxruntime"
        raise ReaderError(msg) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # Blocks that are kept for the longest text so far would never be given back.
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def shipped() -> Reader | ReaderError:
    """Load the shipped reader, once in each process: a session may not be shared with one that is forked.

    Returns
    -------
    Reader or ReaderError
        The reader, or why there is none.
    """
    # Whoever asks meanwhile waits for the one that is being loaded.
    with _loading:
        return _of_process(os.getpid())


@cache
def _of_process(_pid: int) -> Reader | ReaderError:
    try:
        return Reader()
    except ReaderError as error:
        return error
