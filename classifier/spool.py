"""Encoded comments on disk, a piece at a time: memory stays bounded however many there are."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

#: Comments of one piece.
PIECE = 2_048

Column = NDArray[Any]
#: Told of each piece that was dealt with.
Step = Callable[[], None]


class UnreadableError(Exception):
    """A file that a run wrote is damaged: says which; it is to be made anew."""


@contextmanager
def undamaged(path: Path) -> Iterator[None]:
    """Name the file if what is read within turns out to be damaged.

    Parameters
    ----------
    path : Path
        What is read.

    Yields
    ------
    None
        Once.

    Raises
    ------
    UnreadableError
        If it cannot be read.
    """
    try:
        yield
    except (BadZipFile, EOFError, KeyError, OSError, UnpicklingError, ValueError) as error:
        msg = f"{path}: cannot be read ({error})"
        raise UnreadableError(msg) from error


@dataclass(frozen=True, slots=True)
class Piece:
    """Some comments: a sparse row and one value of each column for every one of them.

    Attributes
    ----------
    matrix : csr_matrix of shape (n, n_features), float32
        The comments.
    columns : dict of str to ndarray of shape (n, ...)
        What else is known of them.
    """

    matrix: sparse.csr_matrix
    columns: dict[str, Column]


class Spool:
    """Pieces in files of their own, each written whole or not at all.

    Parameters
    ----------
    directory : Path
        Made if absent; pieces that a former run left are there again.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self._count = sum(1 for _ in directory.glob("*.npz"))

    def __len__(self) -> int:
        return self._count

    def append(self, piece: Piece) -> None:
        """Write a piece.

        Parameters
        ----------
        piece : Piece
            Its values are kept in the dtype that they have.
        """
        matrix = piece.matrix
        parts: dict[str, Any] = {"data": matrix.data, "indices": matrix.indices, "indptr": matrix.indptr}
        parts |= {"shape": np.array(matrix.shape), **piece.columns}
        unfinished = self.directory / "unfinished"
        with unfinished.open("wb") as file:
            np.savez(file, **parts)
        os.replace(unfinished, self._path(self._count))
        self._count += 1

    def __iter__(self) -> Iterator[Piece]:
        return map(self.read, range(self._count))

    def read(self, number: int) -> Piece:
        """Read a piece.

        Parameters
        ----------
        number : int
            Of the piece, from 0 in the order of writing.

        Returns
        -------
        Piece
            With values in single precision.

        Raises
        ------
        UnreadableError
            If it is damaged.
        """
        path = self._path(number)
        with undamaged(path), path.open("rb") as opened, np.load(opened) as file:
            parts = {name: file[name] for name in file.files}
        data, indices, indptr = (parts.pop(name) for name in ("data", "indices", "indptr"))
        shape = tuple(parts.pop("shape").tolist())
        return Piece(sparse.csr_matrix((data.astype(np.float32), indices, indptr), shape), parts)

    def sizes(self) -> list[int]:
        """Count the comments of each piece.

        Returns
        -------
        list of int
            One a piece.
        """
        return [len(self._column("indptr", number)) - 1 for number in range(self._count)]

    def column(self, name: str) -> Column:
        """Read one column of all pieces.

        Parameters
        ----------
        name : str
            Of the column.

        Returns
        -------
        ndarray of shape (n, ...)
            In the order of writing.

        Raises
        ------
        UnreadableError
            If a piece is damaged.
        ValueError
            If nothing was written.
        """
        return np.concatenate([self._column(name, number) for number in range(self._count)])

    def _column(self, name: str, number: int) -> Column:
        path = self._path(number)
        with undamaged(path), path.open("rb") as opened, np.load(opened) as file:
            column: Column = file[name]
        return column

    def _path(self, number: int) -> Path:
        return self.directory / f"{number:06}.npz"
