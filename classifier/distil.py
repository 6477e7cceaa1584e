"""Reading every comment of the public sets, so that the fast stage learns what the reader thinks of them.

Takes some 5 ms a comment and core, goes on where it was broken off, and writes training_data/soft_labels/.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress
from sklearn.linear_model import LogisticRegression

from classifier import LABELS
from classifier.cascade import read_own_words
from classifier.dataset import Corpus
from classifier.examples import Examples
from classifier.gathering import gather, split
from classifier.lexicon import Lexicon
from classifier.reader import Reader, ReaderError, shipped
from classifier.reading import digest, read_csv
from classifier.retrain import OURS
from classifier.soft_labels import MANIFEST, pack, told, unpack
from classifier.spool import Spool
from classifier.text import Document

Floats = NDArray[np.float64]


def judge(reader: Reader, document: Document) -> Floats:
    """Judge a comment by what the reader itself was taught.

    Parameters
    ----------
    reader : Reader
        Any.
    document : Document
        A comment.

    Returns
    -------
    ndarray of shape (3,)
        Log-odds of the worst window; NaN of what could not be read.
    """
    reading = read_own_words(reader, document)
    if reading is None:
        return np.full(len(LABELS), np.nan)
    odds = reading.means @ reader.taught[:-1] + reader.taught[-1]
    return np.asarray(odds.max(axis=0), np.float64)


def read_sets(reader: Reader, corpus: Corpus, directory: Path) -> None:
    """Read the public sets; those that this reader has read as they are, are not read again.

    Parameters
    ----------
    reader : Reader
        Who reads.
    corpus : Corpus
        Names the sets.
    directory : Path
        Where a file for each, and the manifest, are written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    facts = told(directory)
    done = facts["sets"] if facts.get("reader") == reader.id else {}
    with Progress() as progress:
        for path in corpus.public_files:
            if done.get(path.stem) != (found := digest(path)):
                rows = list(read_csv(path))
                judged = [judge(reader, row.document) for row in progress.track(rows, description=path.stem)]
                np.save(directory / f"{path.stem}.npy", pack(np.array(judged)))
                _keep(directory, {"reader": reader.id, "sets": (done := done | {path.stem: found})})


def calibrate(corpus: Corpus, directory: Path) -> None:
    """Fit what was read to the labels that people gave to comments kept from training (Platt 1999).

    Parameters
    ----------
    corpus : Corpus
        With the sets that were read.
    directory : Path
        Of the soft labels; the manifest is written anew.
    """
    with tempfile.TemporaryDirectory() as name:
        counts = Spool(Path(name))
        gather(corpus, Lexicon.read(corpus.ours / "lexicons"), counts, lambda _: None)
        tuning = Examples.of(e for e, kept in zip(corpus, split(counts).tuning, strict=True) if kept)
    odds = _odds_by_id(corpus, directory)
    read = np.array([odds.get((row.source, row.id), [np.nan] * len(LABELS)) for row in tuning.rows])
    found = {}
    for head, label in enumerate(LABELS):
        known = ~np.isnan(tuning.labels[:, head]) & ~np.isnan(read[:, head])
        platt = LogisticRegression(C=1e6)
        platt.fit(
            read[known, head, None], tuning.labels[known, head], sample_weight=tuning.weights[known, head]
        )
        found[label] = [round(float(platt.coef_[0, 0]), 3), round(float(platt.intercept_[0]), 3)]
    _keep(directory, told(directory) | {"calibration": found})


def _odds_by_id(corpus: Corpus, directory: Path) -> dict[tuple[str, str], Floats]:
    odds: dict[tuple[str, str], Floats] = {}
    for path in corpus.public_files:
        kept = unpack(np.load(directory / f"{path.stem}.npy"))
        odds |= {(path.stem, row.id): of_row for row, of_row in zip(read_csv(path), kept, strict=True)}
    return odds


def _keep(directory: Path, facts: dict[str, object]) -> None:
    unfinished = directory / "unfinished"
    unfinished.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    os.replace(unfinished, directory / MANIFEST)


def main(argv: Sequence[str] | None = None) -> int:
    """Read all public sets.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    int
        0, or 1 with the reason on standard error if there is no reader.
    """
    parser = argparse.ArgumentParser(prog="python -m classifier.distil", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="directory of the public sets")
    arguments = parser.parse_args(argv)
    reader, corpus = shipped(), Corpus(OURS, arguments.data)
    if isinstance(reader, ReaderError):
        print(reader, file=sys.stderr)
        return 1
    read_sets(reader, corpus, corpus.soft_labels)
    calibrate(corpus, corpus.soft_labels)
    return 0


if __name__ == "__main__":
    sys.exit(main())
