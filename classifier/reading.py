"""Reading labelled comments: CSV sets, our own JSON lines, exported decisions, annotations by id."""

import csv
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
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

# What stands for bytes that are not UTF-8.
_ESCAPED = re.compile("[\udc80-\udcff]")


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


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Give each line of a file after where it is; Excel puts a mark before the first."""
    with path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
        for number, line in enumerate(file, 1):
            where = f"{path}:{number}"
            if _ESCAPED.search(line):
                msg = f"{where}: not UTF-8; save the file in that encoding"
                raise DataError(msg)
            yield where, line


def _records(path: Path, needed: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Give each record of a CSV after where it ends."""
    reader = csv.DictReader(line for _, line in _lines(path))
    try:
        missing = [name for name in needed if name not in (reader.fieldnames or ())]
        if missing:
            msg = f"{path}:1: no column {', '.join(missing)}; see training_data/schema.md"
            raise DataError(msg)
        for record in reader:
            where = f"{path}:{reader.line_num}"
            if None in record or None in record.values():
                msg = f"{where}: {len(reader.fieldnames or ())} columns expected"
                raise DataError(msg)
            yield where, record
    except csv.Error as error:
        # Where the record begins: a quote that is never closed swallows the lines after it.
        msg = f"{path}:{reader.line_num + 1}: {error}; close its quote, or shorten it"
        raise DataError(msg) from error


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
        If a column is missing, a label is not 0, 1 or empty, or it is no CSV in UTF-8.
    """
    for where, record in _records(path, COLUMNS[:5]):
        labels = tuple(_label(record[name], where, name) for name in LABELS)
        yield Row(record["id"], Document(record["text"]), labels, path.stem)


def read_lines(path: Path) -> Iterator[Row]:
    """Read comments of ours, or exported decisions.

    Parameters
    ----------
    path : Path
        JSON lines with id, text, the labels (0, 1, null or absent); optionally pair, slice, author. Blank
        lines are none.

    Yields
    ------
    Row
        One a line.

    Raises
    ------
    DataError
        If a line is not such an object, or not UTF-8.
    """
    for where, line in _lines(path):
        if line.strip():
            yield _parsed(line, where, path.stem)


def _parsed(line: str, where: str, source: str) -> Row:
    try:
        return _row(json.loads(line), where, source)
    except RecursionError as error:
        msg = f"{where}: nested too deeply; an object with id and text is needed"
        raise DataError(msg) from error
    except ValueError as error:
        msg = f"{where}: not a JSON object: {error}"
        raise DataError(msg) from error


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
        If there is no id, a label is none of these, or it is no CSV in UTF-8.
    """
    return {record["id"]: _said(record, where) for where, record in _records(path, ["id"])}


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
