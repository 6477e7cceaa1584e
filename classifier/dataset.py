"""Reading labelled comments: our own JSON lines, public CSV sets, moderators' decisions."""

import csv
import hashlib
import json
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from classifier import splits
from classifier.model import LABELS
from classifier.text import Document

COLUMNS = ("id", "text", *LABELS, "target_group", "split", "source")
_VALUES = {"0": 0.0, "1": 1.0, "": np.nan, "0.0": 0.0, "1.0": 1.0}
_AUTHOR_FIELDS = ("comment_author", "comment_author_url", "comment_author_email", "comment_agent")

csv.field_size_limit(1 << 24)


class DataError(Exception):
    """A data file is wrong: says the file, the line and what to change."""


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled comment.

    Parameters
    ----------
    id : str
        Unique in its source.
    document : Document
        What the model may see.
    labels : tuple of float
        1, 0 or NaN for unknown, in the order of LABELS.
    source : str
        Name of the file.
    pair : str
        Name of the minimal set, or empty.
    slice : str
        Kind of statement, or empty.
    """

    id: str
    document: Document
    labels: tuple[float, ...]
    source: str
    pair: str = ""
    slice: str = ""


@dataclass(frozen=True)
class Examples:
    """Labelled comments with weights and folds.

    Parameters
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
        """What the model may see of each."""
        return [row.document for row in self.rows]

    @property
    def labels(self) -> NDArray[np.float64]:
        """Labels, of shape (n, 3)."""
        return np.array([row.labels for row in self.rows], float).reshape(-1, len(LABELS))

    @property
    def sources(self) -> NDArray[np.str_]:
        """Name of the file of each."""
        return np.array([row.source for row in self.rows])

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


def _label(value: str, where: str, name: str) -> float:
    if value not in _VALUES:
        msg = f"{where}: {name} is {value!r}; write 0, 1 or leave it empty"
        raise DataError(msg)
    return _VALUES[value]


def read_csv(path: Path) -> Iterator[Row]:
    """Read a public set.

    Parameters
    ----------
    path : Path
        CSV with COLUMNS.

    Yields
    ------
    Row
        One a record.

    Raises
    ------
    DataError
        If a column is missing, or a label is not 0, 1 or empty.
    """
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        missing = [name for name in COLUMNS[:5] if name not in (reader.fieldnames or ())]
        if missing:
            msg = f"{path}:1: no column {', '.join(missing)}; see training_data/schema.md"
            raise DataError(msg)
        for record in reader:
            where = f"{path}:{reader.line_num}"
            if None in record or None in record.values():
                msg = f"{where}: {len(reader.fieldnames or ())} columns expected"
                raise DataError(msg)
            labels = tuple(_label(record[name], where, name) for name in LABELS)
            yield Row(record["id"], Document(record["text"]), labels, path.stem)


def read_lines(path: Path) -> Iterator[Row]:
    """Read comments of ours, or exported decisions.

    Parameters
    ----------
    path : Path
        JSON lines with id, text, the labels (0, 1, null or absent); optionally pair, slice, author.

    Yields
    ------
    Row
        One a line.

    Raises
    ------
    DataError
        If a line is not such an object.
    """
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            where = f"{path}:{number}"
            try:
                record = json.loads(line)
            except ValueError as error:
                msg = f"{where}: not a JSON object: {error}"
                raise DataError(msg) from error
            yield _row(record, where, path.stem)


def _row(record: Any, where: str, source: str) -> Row:
    if not isinstance(record, dict) or not isinstance(record.get("text"), str) or "id" not in record:
        msg = f"{where}: an object with id and text is needed"
        raise DataError(msg)
    values = ("" if record.get(name) is None else str(record[name]) for name in LABELS)
    labels = tuple(_label(value, where, name) for name, value in zip(LABELS, values, strict=True))
    author = (str(record.get(name) or "") for name in _AUTHOR_FIELDS)
    document = Document(record["text"], *author)
    pair, kind = (str(record.get(name) or "") for name in ("pair", "slice"))
    return Row(str(record["id"]), document, labels, source, pair, kind)


def read_annotations(path: Path) -> dict[str, float]:
    """Read dehumanising labels by id.

    Parameters
    ----------
    path : Path
        CSV with id and dehumanising (1, 0 or u for undecided).

    Returns
    -------
    dict of str to float
        1, 0 or NaN by id.

    Raises
    ------
    DataError
        If a label is none of these.
    """
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        return {
            record["id"]: _label(
                record["dehumanising"].replace("u", ""), f"{path}:{reader.line_num}", LABELS[0]
            )
            for record in reader
        }


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
    annotations_file = ours / settings["annotations"]["file"]
    annotations = read_annotations(annotations_file)
    rows, weights, dev = [], [], []
    for path, entry in files:
        for row in read_csv(path) if path.suffix == ".csv" else read_lines(path):
            rows.append(_annotated(row, annotations, entry.get("ignore", ())))
            weights.append(entry["weight"])
            dev.append(entry.get("dev", 2))
    groups = splits.group([row.document.text for row in rows], [row.pair for row in rows])
    twentieths = splits.folds(groups, [f"{row.source}/{row.id}" for row in rows])
    digests = {path.name: digest(path) for path in [*(path for path, _ in files), annotations_file]}
    table = np.repeat(np.array(weights, float)[:, None], len(LABELS), axis=1)
    return Examples(rows, table, groups, twentieths, twentieths < np.array(dev), digests)


def _annotated(row: Row, annotations: dict[str, float], ignored: Sequence[str]) -> Row:
    labels = [np.nan if name in ignored else value for name, value in zip(LABELS, row.labels, strict=True)]
    labels[0] = annotations.get(row.id, labels[0])
    return Row(row.id, row.document, tuple(labels), row.source, row.pair, row.slice)


def digest(path: Path) -> str:
    """Compute the SHA-256 of a file.

    Parameters
    ----------
    path : Path
        Any file.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
