"""Soft labels: how the reader judges comments of public sets whose labels nobody has given.

The fast stage learns from them beside the labels that people gave (distillation, Hinton et al. 2015).
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier import LABELS
from classifier.explaining import sigmoid
from classifier.reading import digest

Floats = NDArray[np.float64]

#: Steps of one log-odd, and what stands for a comment that could not be read.
STEPS, UNREAD = 16, -128
MANIFEST = "manifest.json"


def pack(odds: Floats) -> NDArray[np.int8]:
    """Round log-odds to what is kept of them.

    Parameters
    ----------
    odds : ndarray of shape (n, 3)
        Log-odds; NaN where nothing was read.

    Returns
    -------
    ndarray of shape (n, 3), int8
        Sixteenths between -127 and 127; UNREAD for NaN.
    """
    steps = np.clip(np.round(odds * STEPS), -127, 127)
    return np.where(np.isnan(odds), UNREAD, steps).astype(np.int8)


def unpack(kept: NDArray[np.int8]) -> Floats:
    """Give back what `pack` kept.

    Parameters
    ----------
    kept : ndarray of shape (n, 3), int8
        From `pack`.

    Returns
    -------
    ndarray of shape (n, 3)
        Log-odds, or NaN.
    """
    return np.where(kept == UNREAD, np.nan, kept / STEPS)


def told(directory: Path) -> dict[str, Any]:
    """Read what is said of the soft labels that there are.

    Parameters
    ----------
    directory : Path
        Holds the manifest and one file a set; may be absent.

    Returns
    -------
    dict of str to object
        Id of the reader, SHA-256 of each set, and slope and shift of each label; empty if there is none.
    """
    path = directory / MANIFEST
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}


def read(directory: Path, public: Path) -> Floats | None:
    """Read the soft labels of one public set.

    Parameters
    ----------
    directory : Path
        Of the soft labels.
    public : Path
        The set.

    Returns
    -------
    ndarray of shape (n_records, 3) or None
        Probabilities in the order of its records, NaN for spam and where nothing was read; None if this set,
        as it is, was not read, or not all are through.
    """
    facts = told(directory)
    if "calibration" not in facts or facts["sets"].get(public.stem) != digest(public):
        return None
    slopes, shifts = np.array([facts["calibration"][label] for label in LABELS]).T
    odds = unpack(np.load(directory / f"{public.stem}.npy")) * slopes + shifts
    odds[:, LABELS.index("spam")] = np.nan  # who signs tells it, whom the reader does not see
    return sigmoid(odds)
