"""Reading labelled comments: CSV sets, our own JSON lines, exported decisions, annotations by id."""

import csv
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from classifier import LABELS
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

    Attributes
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


def read_annotations(path: Path) -> dict[str, dict[str, float]]:
    """Read labels by id.

    Parameters
    ----------
    path : Path
        CSV with id and one column or more of LABELS: 1, 0, u for undecided, empty where nothing is said.

    Returns
    -------
    dict of str to dict of str to float
        By id, the labels that it speaks of: 1, 0 or NaN.

    Raises
    ------
    DataError
        If a label is none of these.
    """
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        return {record["id"]: _said(record, f"{path}:{reader.line_num}") for record in reader}


def _said(record: dict[str, str], where: str) -> dict[str, float]:
    said = {name: record[name] for name in LABELS if record.get(name)}
    return {name: _label(value.replace("u", ""), where, name) for name, value in said.items()}


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
