"""All that there is to learn from, with weights, and with what is kept from training."""

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier import LABELS, soft_labels, splits, templates
from classifier.examples import NOT_READ, Example
from classifier.reading import Row, digest, read_annotations, read_csv, read_lines
from classifier.spelling import SHIPPED as WORDS
from classifier.swapping import swap_groups
from classifier.text import Document

Floats = NDArray[np.float64]

#: Fillings of each minimal set of templates.
VARIANTS = 8


@dataclass(frozen=True)
class Corpus:
    """All files there are to learn from, read anew at each pass.

    Attributes
    ----------
    ours : Path
        The directory training_data.
    public : Path or None
        Directory of the public sets that ours/sources.toml names; absent ones are left out.
    decisions : sequence of Path
        Exports of moderators' decisions.
    """

    ours: Path
    public: Path | None = None
    decisions: Sequence[Path] = ()

    @cached_property
    def _settings(self) -> dict[str, Any]:
        return tomllib.loads((self.ours / "sources.toml").read_text("utf-8"))

    @cached_property
    def files(self) -> list[tuple[Path, dict[str, Any]]]:
        """The files of comments, each with its entry in sources.toml.

        Returns
        -------
        list of (Path, dict)
            Ours, the decisions, and the public sets that exist.
        """
        own = (*sorted((self.ours / "seed").glob("*.jsonl")), *self.decisions)
        sets = [(path, self._settings["sets"][path.stem]) for path in self.public_files]
        return [(path, self._settings["seed"]) for path in own] + sets

    @property
    def public_files(self) -> list[Path]:
        """The public sets.

        Returns
        -------
        list of Path
            Those that exist.
        """
        named = (self.public / f"{name}.csv" for name in self._settings["sets"]) if self.public else ()
        return [path for path in named if path.exists()]

    @property
    def soft_labels(self) -> Path:
        """Where it is kept how the reader judges the public sets.

        Returns
        -------
        Path
            May be absent.
        """
        return self.ours / "soft_labels"

    @property
    def annotated(self) -> list[Path]:
        """Files of labels by id, which override a set's own.

        Returns
        -------
        list of Path
            The later ones override the earlier.
        """
        return [self.ours / name for name in self._settings["annotations"]["files"]]

    def digests(self) -> dict[str, str]:
        """Compute what tells one state of the data from another.

        Returns
        -------
        dict of str to str
            SHA-256 by name of the file, in the order of reading; further files of one name are told apart.
        """
        templates = sorted((self.ours / "templates").iterdir())
        files = [*(path for path, _ in self.files), *self.annotated, self.ours / "sources.toml", *templates]
        files += [WORDS, *sorted(self.soft_labels.glob("*"))]
        found: dict[str, str] = {}
        for path in files:
            name = path.name
            while name in found:
                name += " (another)"
            found[name] = digest(path)
        return found

    def __iter__(self) -> Iterator[Example]:
        """Read every comment, and make those that are made from others.

        Yields
        ------
        Example
            In the same order each time; one that is made follows the one that it is made from.

        Raises
        ------
        DataError
            If a file is malformed.
        """
        for example in self._read():
            yield from _with_twin(example)
        for example in self._spelt():
            yield from _with_disguise(example)

    def given(self) -> Iterator[Example]:
        """Read every comment that is not made from another one.

        Yields
        ------
        Example
            In the same order each time.

        Raises
        ------
        DataError
            If a file is malformed.
        """
        yield from self._read()
        yield from self._spelt()

    def _read(self) -> Iterator[Example]:
        """Give the comments of all files."""
        annotations = _merged(read_annotations(path) for path in self.annotated)
        for path, entry in self.files:
            weights, dev = _weights(entry), entry.get("dev", 2)
            for row, soft in self._rows(path):
                known = _with_annotations(row, annotations, entry.get("ignore", ()))
                yield Example(known, weights, dev, soft=soft)

    def _spelt(self) -> Iterator[Example]:
        """Spell out the minimal sets of templates."""
        directory, entry = self.ours / "templates", self._settings["contrast"]
        slots, weights = tomllib.loads((directory / "slots.toml").read_text("utf-8")), _weights(entry)
        for path in sorted(directory.glob("*.txt")):
            for number, statement in enumerate(templates.fill(templates.read(path), slots, VARIANTS)):
                template = statement.template
                row = Row(f"{number}", Document(statement.text), template.labels, path.stem, template.block)
                yield Example(row, weights, entry["dev"])

    def _rows(self, path: Path) -> Iterator[tuple[Row, tuple[float, ...]]]:
        """Give the rows of a file, each with how the reader judges it."""
        if path.suffix != ".csv":
            return ((row, NOT_READ) for row in read_lines(path))
        soft = soft_labels.read(self.soft_labels, path)
        if soft is None:
            return ((row, NOT_READ) for row in read_csv(path))
        return zip(read_csv(path), map(tuple, soft.tolist()), strict=True)


def _weights(entry: dict[str, Any]) -> tuple[float, ...]:
    return tuple(np.broadcast_to(entry["weight"], len(LABELS)).astype(float).tolist())


def _with_twin(example: Example) -> Iterator[Example]:
    """Give an example, and if it speaks of a group the same said of another one."""
    row = example.row
    swapped = swap_groups(row.document.text, splits.stamp(row.id))
    if swapped is None:
        yield example
        return
    pair = row.pair or f"{row.source}/{row.id}"
    yield replace(example, row=replace(row, pair=pair))
    document = replace(row.document, text=swapped)
    yield replace(example, row=replace(row, id=f"{row.id}/twin", document=document, pair=pair), made=True)


def _with_disguise(example: Example) -> Iterator[Example]:
    """Give a statement, and of every other one a disguised copy."""
    yield example
    row, number = example.row, int(example.row.id)
    if number % 2:
        document = Document(templates.disguise(row.document.text, np.random.default_rng(number)))
        yield replace(example, row=replace(row, id=f"{number}/disguised", document=document), made=True)


def _merged(files: Iterable[dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    merged: dict[str, dict[str, float]] = {}
    for file in files:
        for name, said in file.items():
            merged[name] = merged.get(name, {}) | said
    return merged


def _with_annotations(row: Row, annotations: dict[str, dict[str, float]], ignored: Sequence[str]) -> Row:
    # As nearly all: to write a row anew takes as long as to read it.
    if not ignored and row.id not in annotations:
        return row
    said = dict.fromkeys(ignored, np.nan) | annotations.get(row.id, {})
    labels = tuple(said.get(name, value) for name, value in zip(LABELS, row.labels, strict=True))
    return replace(row, labels=labels)
