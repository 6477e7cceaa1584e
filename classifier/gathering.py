"""Gathering what there is to learn from: counted once onto disk, and split by group."""

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import compress, islice
from multiprocessing import get_context, parent_process

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from classifier import splits
from classifier.counting import chunks, count
from classifier.dataset import Corpus
from classifier.encoding import encode
from classifier.examples import Example, Examples
from classifier.lexicon import Lexicon
from classifier.spool import PIECE, Column, Piece, Spool

#: Comments of either half of the development rows that are measured with at most.
MOST = 30_000

#: Processes that count, and batches that are handed to them ahead.
_PROCESSES, _AHEAD = 2, 4

Mask = NDArray[np.bool_]
_LAST = (1 << 32) - 1
_lexicon: Lexicon | None = None


@dataclass(frozen=True)
class Split:
    """What becomes of each comment of a corpus, n of them.

    Attributes
    ----------
    taught : ndarray of shape (n,), bool
        Learnt from.
    tuning, check : ndarray of shape (n,), bool
        The halves of what is kept from training: one calibrates and sets the thresholds, one measures.
    made : ndarray of shape (n,), bool
        Made from others.
    """

    taught: Mask
    tuning: Mask
    check: Mask
    made: Mask


def gather(corpus: Corpus, lexicon: Lexicon, spool: Spool, step: Callable[[int], None]) -> None:
    """Count every comment of a corpus onto disk; what is there already is not counted again.

    Parameters
    ----------
    corpus : Corpus
        What to read.
    lexicon : Lexicon
        Word classes.
    spool : Spool
        Where to; of the same corpus.
    step : callable
        Told how many comments were dealt with, beside those made from others.

    Raises
    ------
    DataError
        If a file is malformed.
    """
    batches = _batches(corpus)
    for batch in islice(batches, len(spool)):
        step(_size(batch))
    for size, piece in _counted(batches, lexicon):
        spool.append(piece)
        step(size)


def _counted(batches: Iterator[list[Example]], lexicon: Lexicon) -> Iterator[tuple[int, Piece]]:
    """Count batches in processes of their own, a few ahead of what is taken; the only one, here."""
    first = list(islice(batches, _AHEAD))
    if len(first) < 2:
        yield from ((_size(batch), _piece(batch, lexicon)) for batch in first)
        return
    with ProcessPoolExecutor(_PROCESSES, get_context("spawn"), _begin, (lexicon,)) as pool:
        waiting = deque((_size(batch), pool.submit(_piece_here, batch)) for batch in first)
        while waiting:
            size, piece = waiting.popleft()
            yield size, piece.result()
            waiting += [(_size(batch), pool.submit(_piece_here, batch)) for batch in islice(batches, 1)]


def _size(batch: list[Example]) -> int:
    return sum(not example.made for example in batch)


def _batches(corpus: Iterable[Example]) -> Iterator[list[Example]]:
    examples = iter(corpus)
    while batch := list(islice(examples, PIECE)):
        yield batch


def _piece(batch: list[Example], lexicon: Lexicon) -> Piece:
    matrices, keys = [], []
    for chunk in chunks([example.row.document for example in batch]):
        encoding = encode(chunk, lexicon)
        matrices.append(count(encoding))
        keys.append(splits.near_copies([document.text for document in chunk], encoding.words))
    labels, weights = zip(*(example.lesson() for example in batch), strict=True)
    columns: dict[str, Column] = {
        "labels": np.array(labels, np.float32),
        "weights": np.array(weights, np.float32),
        "keys": np.concatenate(keys),
        "pairs": np.array([splits.stamp(example.row.pair) for example in batch], np.uint64),
        "marks": np.array([_mark(example) for example in batch], np.uint64),
        "dev": np.array([example.dev for example in batch], np.int8),
        "made": np.array([example.made for example in batch], bool),
    }
    return Piece(sparse.vstack(matrices, "csr"), columns)


def _begin(lexicon: Lexicon) -> None:
    """Make ready a process that counts; the one that it belongs to is told of Ctrl-C, and ends it."""
    global _lexicon  # noqa: PLW0603  # what is looked up in it is remembered from batch to batch
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _lexicon = lexicon


def _end_with_parent() -> None:
    """End when the process that hands out the work has, whatever ended it: nobody else would tell."""
    parent = parent_process()
    assert parent
    parent.join()
    os._exit(1)


def _piece_here(batch: list[Example]) -> Piece:
    assert _lexicon
    return _piece(batch, _lexicon)


def _mark(example: Example) -> int:
    """Name a comment; what is made from others shall not change which fold they are in."""
    return _LAST if example.made else splits.stamp(f"{example.row.source}/{example.row.id}")


def split(spool: Spool) -> Split:
    """Split a gathered corpus by group, so that an equal corpus is split alike.

    Parameters
    ----------
    spool : Spool
        From `gather`.

    Returns
    -------
    Split
        Groups are never torn; what was made from other comments is not measured with.
    """
    groups = splits.group(spool.column("keys"), spool.column("pairs"))
    folds = splits.folds(groups, spool.column("marks"))
    dev = folds < spool.column("dev")
    made = spool.column("made")
    kept = dev & ~made
    return Split(~dev, kept & (folds % 2 == 0), kept & (folds % 2 == 1), made)


def collect(corpus: Corpus, parts: Split) -> tuple[Examples, Examples]:
    """Read what is kept from training into memory.

    Parameters
    ----------
    corpus : Corpus
        Of n comments.
    parts : Split
        Of the same.

    Returns
    -------
    tuning, check : Examples
        Of more than MOST comments a random sample.
    """
    given = ~parts.made
    tuning, check = _sample(parts.tuning)[given], _sample(parts.check)[given]
    kept = tuning | check
    examples = Examples.of(compress(corpus.given(), kept.tolist()))
    return examples.take(tuning[kept]), examples.take(check[kept])


def _sample(chosen: Mask) -> Mask:
    places = np.flatnonzero(chosen)
    sample = np.zeros(len(chosen), bool)
    sample[np.random.default_rng(0).permutation(places)[:MOST]] = True
    return sample
