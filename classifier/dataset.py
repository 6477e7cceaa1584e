"""All that there is to learn from, with weights, and with what is kept from training."""

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from classifier import splits, templates
from classifier.model import LABELS
from classifier.reading import Row, digest, read_annotations, read_csv, read_lines
from classifier.text import Document

#: The set of real news comments that the hold budget is counted on.
NEWS = "civil_comments_toxic_spans"
#: Fillings of each minimal set of templates.
VARIANTS = 8


@dataclass(frozen=True)
class Examples:
    """Labelled comments with weights and folds.

    Attributes
    ----------
    rows : list of Row
        The comments, n of them.
    weights : ndarray of shape (n, 3)
        Of each label of each row.
    groups, folds : ndarray of shape (n,)
        What must stay together, and the twentieth that it belongs to.
    dev : ndarray of shape (n,), bool
        Kept from training.
    digests : dict of str to str
        SHA-256 of each file read.
    """

    rows: list[Row]
    weights: NDArray[np.float64]
    groups: NDArray[np.int64]
    folds: NDArray[np.int64]
    dev: NDArray[np.bool_]
    digests: dict[str, str] = field(default_factory=dict)

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
    def labels(self) -> NDArray[np.float64]:
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
        weights, groups, folds = self.weights[chosen], self.groups[chosen], self.folds[chosen]
        return type(self)(rows, weights, groups, folds, self.dev[chosen], self.digests)


def load(ours: Path, public: Path | None = None, decisions: Sequence[Path] = ()) -> Examples:
    """Load everything there is to learn from.

    Parameters
    ----------
    ours : Path
        The directory training_data.
    public : Path, optional
        Directory of the public sets that ours/sources.toml names; absent ones are left out.
    decisions : sequence of Path
        Exports of moderators' decisions.

    Returns
    -------
    Examples
        With the twentieths that are kept from training.

    Raises
    ------
    DataError
        If a file is malformed.
    """
    settings = tomllib.loads((ours / "sources.toml").read_text("utf-8"))
    files = [(path, settings["seed"]) for path in (*sorted((ours / "seed").glob("*.jsonl")), *decisions)]
    if public:
        files += [(public / f"{name}.csv", entry) for name, entry in settings["sets"].items()]
    files = [(path, entry) for path, entry in files if path.exists()]
    read_by_us = [ours / name for name in settings["annotations"]["files"]]
    annotations = _merged(read_annotations(path) for path in read_by_us)
    rows, weights, dev = [], [], []
    for path, entry in files:
        for row in read_csv(path) if path.suffix == ".csv" else read_lines(path):
            rows.append(_annotated(row, annotations, entry.get("ignore", ())))
            weights.append(entry["weight"])
            dev.append(entry.get("dev", 2))
    for row in _contrast(ours / "templates"):
        rows.append(row)
        weights.append(settings["contrast"]["weight"])
        dev.append(settings["contrast"]["dev"])
    groups = splits.group([row.document.text for row in rows], [row.pair for row in rows])
    twentieths = splits.folds(groups, [f"{row.source}/{row.id}" for row in rows])
    digests = {path.name: digest(path) for path in [*(path for path, _ in files), *read_by_us]}
    table = np.array([np.broadcast_to(weight, len(LABELS)) for weight in weights], float)
    return Examples(rows, table, groups, twentieths, twentieths < np.array(dev), digests)


def _contrast(directory: Path) -> Iterator[Row]:
    """Spell out the minimal sets of templates; every fourth statement is disguised."""
    slots = tomllib.loads((directory / "slots.toml").read_text("utf-8"))
    for path in sorted(directory.glob("*.txt")):
        for number, statement in enumerate(templates.fill(templates.read(path), slots, VARIANTS)):
            rng = np.random.default_rng(number)
            text = statement.text if number % 4 else templates.disguise(statement.text, rng)
            template = statement.template
            yield Row(f"{number}", Document(text), template.labels, path.stem, template.block)


def _merged(files: Iterable[dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    merged: dict[str, dict[str, float]] = {}
    for file in files:
        for name, said in file.items():
            merged[name] = merged.get(name, {}) | said
    return merged


def _annotated(row: Row, annotations: dict[str, dict[str, float]], ignored: Sequence[str]) -> Row:
    said = dict.fromkeys(ignored, np.nan) | annotations.get(row.id, {})
    labels = tuple(said.get(name, value) for name, value in zip(LABELS, row.labels, strict=True))
    return Row(row.id, row.document, labels, row.source, row.pair, row.slice)
