"""Where corrections are kept: beside the models, one file of numbers a site, loaded by its digest alone."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from classifier.correction import Correction
from classifier.reading import digest
from classifier.registry import Champion, RegistryError
from classifier.site import SiteModel

_SHELF = "sites"


@dataclass(frozen=True)
class Kept:
    """What is known of a site's correction.

    Attributes
    ----------
    site : str
        Whose it is.
    champion : str
        Id of the model that it was learnt beside: it fits no other.
    created : str
        ISO date and time.
    sha256 : str
        Of the file of numbers; empty where the decisions told nothing new.
    labels : dict of str to dict
        What became of each label.
    """

    site: str
    champion: str
    created: str
    sha256: str
    labels: Mapping[str, Mapping[str, Any]]


def save(registry: Path, kept: Kept, correction: Correction | None) -> Kept:
    """Write a site's correction in place of the one before.

    Parameters
    ----------
    registry : Path
        Directory of the trained models; made if absent.
    kept : Kept
        What is known of it; its site is a name that a file may have.
    correction : Correction or None
        None where there is nothing to correct.

    Returns
    -------
    Kept
        With the digest.
    """
    shelf = registry / _SHELF
    shelf.mkdir(parents=True, exist_ok=True)
    site, sha256 = kept.site, ""
    if correction:
        fresh = shelf / f"{site}.new.npz"
        np.savez_compressed(fresh, **asdict(correction))
        sha256 = digest(fresh)
        fresh.replace(_numbers(registry, site, sha256))
    kept = replace(kept, sha256=sha256)
    fresh = shelf / f"{site}.json.new"
    fresh.write_text(json.dumps(asdict(kept), indent=1) + "\n", "utf-8")
    fresh.replace(shelf / f"{site}.json")
    for path in shelf.glob(f"{site}@*.npz"):
        if path != _numbers(registry, site, sha256):
            path.unlink(missing_ok=True)
    return kept


def known(registry: Path, site: str) -> Kept | None:
    """Say what is known of a site's correction; cheap enough to ask every second.

    Parameters
    ----------
    registry : Path
        Directory of the trained models.
    site : str
        Any.

    Returns
    -------
    Kept or None
        None where none was learnt.

    Raises
    ------
    RegistryError
        If the file cannot be read.
    """
    path = registry / _SHELF / f"{site}.json"
    try:
        return Kept(**json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        msg = f"{path}: cannot be read ({error}): modqueue retrain --site {site}"
        raise RegistryError(msg) from error


def load(registry: Path, kept: Kept, champion: Champion) -> SiteModel:
    """Load a site's correction beside the model that it was learnt with.

    Parameters
    ----------
    registry : Path
        Directory of the trained models.
    kept : Kept
        With a correction.
    champion : Champion
        In use.

    Returns
    -------
    SiteModel
        Ready to score.

    Raises
    ------
    RegistryError
        If it was learnt beside another model, or its file is not the one that was written.
    """
    path, again = _numbers(registry, kept.site, kept.sha256), f"modqueue retrain --site {kept.site}"
    if kept.champion != champion.id:
        msg = f"{path}: learnt beside {kept.champion}, the champion is {champion.id}: {again}"
        raise RegistryError(msg)
    if not path.is_file() or digest(path) != kept.sha256:
        msg = f"{path}: missing, or its SHA-256 is not {kept.sha256[:12]}…: {again}"
        raise RegistryError(msg)
    with np.load(path, allow_pickle=False) as numbers:
        return SiteModel(champion.model, Correction(**numbers))


def _numbers(registry: Path, site: str, sha256: str) -> Path:
    # No site has an @ in its name: none can name the file of another.
    return registry / _SHELF / f"{site}@{sha256[:12]}.npz"
