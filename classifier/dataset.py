"""All that there is to learn from, with weights, and with what is kept from training."""

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from classifier import LABELS, splits, templates
from classifier.reading import Row, digest, read_annotations, read_csv, read_lines
from classifier.swapping import swap_groups
from classifier.text import Document

Floats = NDArray[np.float64]

#: The set of real news comments that the hold budget is counted on.
NEWS = "civil_comments_toxic_spans"
#: Fillings of each minimal set of templates.
VARIANTS = 8


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled comment with its part in training.

    Attributes
    ----------
    row : Row
        The comment.
    weights : tuple of float
        Of each label.
    dev : int
        Twentieths of its source that are kept from training.
    made : bool
        Made from another one of the same pair: learnt from, never measured with.
    """

    row: Row
    weights: tuple[float, ...]
    dev: int
    made: bool = False


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
            Those that exist.
        """
        own = (*sorted((self.ours / "seed").glob("*.jsonl")), *self.decisions)
        found = [(path, self._settings["seed"]) for path in own]
        if self.public:
            found += [(self.public / f"{name}.csv", entry) for name, entry in self._settings["sets"].items()]
        return [(path, entry) for path, entry in found if path.exists()]

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
            SHA-256 by name of the file.
        """
        templates = sorted((self.ours / "templates").iterdir())
        files = [*(path for path, _ in self.files), *self.annotated, self.ours / "sources.toml", *templates]
        return {path.name: digest(path) for path in files}

    def lines(self) -> int:
        """Count lines, which are a little more than comments.

        Returns
        -------
        int
            Of all files of comments.
        """
        return sum(_lines(path) for path, _ in self.files)

    def __iter__(self) -> Iterator[Example]:
        """Read every comment, and make those that are made from others.

        Yields
        ------
        Example
            In the same order each time.

        Raises
        ------
        DataError
            If a file is malformed.
        """
        annotations = _merged(read_annotations(path) for path in self.annotated)
        for path, entry in self.files:
            weights, dev = _weights(entry), entry.get("dev", 2)
            for row in read_csv(path) if path.suffix == ".csv" else read_lines(path):
                known = _with_annotations(row, annotations, entry.get("ignore", ()))
                yield from _with_twin(Example(known, weights, dev))
        yield from _contrast(self.ours / "templates", self._settings["contrast"])


@dataclass(frozen=True)
class Examples:
    """Labelled comments in memory, to measure with.

    Attributes
    ----------
    rows : list of Row
        The comments, n of them.
    weights : ndarray of shape (n, 3)
        Of each label of each row.
    """

    rows: list[Row]
    weights: Floats

    @classmethod
    def of(cls, found: Iterable[Example]) -> Self:
        """Keep in memory.

        Parameters
        ----------
        found : iterable of Example
            Any.

        Returns
        -------
        Examples
            The same ones.
        """
        kept = list(found)
        weights = np.array([example.weights for example in kept], float).reshape(-1, len(LABELS))
        return cls([example.row for example in kept], weights)

    @property
    def documents(self) -> list[Document]:
        """What the model may see of each.

        Returns
        -------
        list of Document
            n of them.
        """
        return [row.document for row in self.rows]

    @property
    def labels(self) -> Floats:
        """Labels, of shape (n, 3).

        Returns
        -------
        ndarray of shape (n, 3)
            1, 0 or NaN.
        """
        return np.array([row.labels for row in self.rows], float).reshape(-1, len(LABELS))

    @property
    def sources(self) -> NDArray[np.str_]:
        """Name of the file of each.

        Returns
        -------
        ndarray of shape (n,)
            Of str.
        """
        return np.array([row.source for row in self.rows])

    @property
    def clean_news(self) -> NDArray[np.bool_]:
        """Which rows are news comments known to be neither dehumanising nor hateful, nor spam.

        Returns
        -------
        ndarray of shape (n,)
            Of bool.
        """
        harmless = (self.labels[:, :2] == 0).all(axis=1) & (self.labels[:, 2] != 1)
        return np.asarray((self.sources == NEWS) & harmless, bool)

    def __add__(self, other: Self) -> Self:
        """Join."""
        return type(self)([*self.rows, *other.rows], np.concatenate([self.weights, other.weights]))

    def take(self, chosen: NDArray[np.bool_]) -> Self:
        """Select rows.

        Parameters
        ----------
        chosen : ndarray of shape (n,), bool
            Which.

        Returns
        -------
        Examples
            Those rows.
        """
        rows = [row for row, keep in zip(self.rows, chosen, strict=True) if keep]
        return type(self)(rows, self.weights[chosen])


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


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


def _contrast(directory: Path, entry: dict[str, Any]) -> Iterator[Example]:
    """Spell out the minimal sets of templates; of every other statement there is a disguised copy."""
    slots = tomllib.loads((directory / "slots.toml").read_text("utf-8"))
    weights = _weights(entry)
    for path in sorted(directory.glob("*.txt")):
        for number, statement in enumerate(templates.fill(templates.read(path), slots, VARIANTS)):
            template = statement.template
            row = Row(f"{number}", Document(statement.text), template.labels, path.stem, template.block)
            yield Example(row, weights, entry["dev"])
            if number % 2:
                document = Document(templates.disguise(statement.text, np.random.default_rng(number)))
                hidden = replace(row, id=f"{number}/disguised", document=document)
                yield Example(hidden, weights, entry["dev"], made=True)


def _merged(files: Iterable[dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    merged: dict[str, dict[str, float]] = {}
    for file in files:
        for name, said in file.items():
            merged[name] = merged.get(name, {}) | said
    return merged


def _with_annotations(row: Row, annotations: dict[str, dict[str, float]], ignored: Sequence[str]) -> Row:
    said = dict.fromkeys(ignored, np.nan) | annotations.get(row.id, {})
    labels = tuple(said.get(name, value) for name, value in zip(LABELS, row.labels, strict=True))
    return replace(row, labels=labels)
