"""Where models are kept: one directory each, with a digest that is checked before anything is unpickled."""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import sklearn

from classifier.cascade import Cascade
from classifier.encoding import FORMAT
from classifier.reading import digest

SHIPPED = Path(__file__).parent / "champion"

_MODEL = "model.joblib"
_MANIFEST = "manifest.json"
_PROMOTED = "promoted"
_HISTORY = "promotions.txt"
# In the history, for the shipped model: with an upgrade it is another one.
_SHIPPED = "shipped"
_ID = re.compile(r"\d{4}-\d{2}-\d{2}-[0-9a-f]{6}")


class RegistryError(Exception):
    """A model cannot be used: says what is wrong and what to do."""


@dataclass(frozen=True)
class Champion:
    """A model with what is known of it.

    Attributes
    ----------
    id : str
        Date and first digits of the digest, such as 2026-11-22-3fa9c1.
    model : Cascade
        Ready to score.
    manifest : dict
        Digest, versions, data, metrics, thresholds.
    """

    id: str
    model: Cascade
    manifest: dict[str, Any]


def save(model: Cascade, directory: Path, manifest: dict[str, Any], card: str) -> str:
    """Write a model with its manifest and card.

    Parameters
    ----------
    model : Cascade
        Fitted and calibrated.
    directory : Path
        Made if absent. A directory of another name than the id keeps its name.
    manifest : dict
        What is known of the model; created (ISO date) is needed.
    card : str
        The model card, Markdown.

    Returns
    -------
    str
        The id.
    """
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / _MODEL
    joblib.dump(model, path, compress=("zlib", 9))
    sha256 = digest(path)
    name = f"{manifest['created']}-{sha256[:6]}"
    versions = {"scikit-learn": sklearn.__version__, "numpy": np.__version__, "format": FORMAT}
    full = {"id": name, "sha256": sha256, "versions": versions, **manifest}
    (directory / _MANIFEST).write_text(json.dumps(full, indent=1) + "\n", "utf-8")
    (directory / "card.md").write_text(card.replace("{id}", name), "utf-8")
    return name


def _manifest(directory: Path) -> dict[str, Any]:
    path = directory / _MANIFEST
    try:
        manifest = json.loads(path.read_text("utf-8"))
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}): promote another model or reinstall"
        raise RegistryError(msg) from error
    except ValueError as error:
        msg = f"{path}: not JSON ({error}): promote another model or reinstall"
        raise RegistryError(msg) from error
    needed = ("id", "sha256", "versions")
    if not isinstance(manifest, dict) or any(name not in manifest for name in needed):
        msg = f"{path}: {', '.join(needed)} are needed: promote another model or reinstall"
        raise RegistryError(msg)
    return manifest


def load(directory: Path) -> Champion:
    """Load a model after checking that it is the one that its manifest describes.

    Parameters
    ----------
    directory : Path
        Holds model.joblib and manifest.json.

    Returns
    -------
    Champion
        Ready to score.

    Raises
    ------
    RegistryError
        If a file is missing, the digest differs or another scikit-learn minor version wrote it.
    """
    manifest = _manifest(directory)
    _check(directory, manifest)
    path = directory / _MODEL
    model = joblib.load(path)
    if not isinstance(model, Cascade):
        msg = f"{path}: holds no Cascade: promote another model or reinstall"
        raise RegistryError(msg)
    return Champion(manifest["id"], model, manifest)


def _check(directory: Path, manifest: dict[str, Any]) -> None:
    """Refuse a model that is not the one that its manifest describes, or not of these versions."""
    path = directory / _MODEL
    if not path.is_file():
        msg = f"{path}: no such file: promote another model or reinstall"
        raise RegistryError(msg)
    found = digest(path)
    if found != manifest["sha256"]:
        expected = str(manifest["sha256"])
        msg = f"{path}: SHA-256 is {found[:12]}…, not {expected[:12]}… as in the manifest: reinstall"
        raise RegistryError(msg)
    written = str(manifest["versions"].get("scikit-learn"))
    if written.split(".")[:2] != sklearn.__version__.split(".")[:2]:
        msg = f"{path}: written by scikit-learn {written}, here is {sklearn.__version__}: retrain"
        raise RegistryError(msg)
    if manifest["versions"].get("format") != FORMAT:
        msg = f"{path}: made for features of another format than {FORMAT}: promote another model or retrain"
        raise RegistryError(msg)


def champion_directory(registry: Path) -> Path:
    """Say which directory holds the model in use; cheap enough to ask every second.

    Parameters
    ----------
    registry : Path
        Directory of the trained models; need not exist.

    Returns
    -------
    Path
        That of the promoted model, else SHIPPED.
    """
    try:
        return registry / os.readlink(registry / _PROMOTED)
    except OSError:
        return SHIPPED


def models(registry: Path) -> list[dict[str, Any]]:
    """List the trained models, oldest first, and the promoted one even if it is gone.

    Parameters
    ----------
    registry : Path
        Directory of the trained models; need not exist.

    Returns
    -------
    list of dict
        Their manifests, each with promoted (bool), and error (str) if it cannot be used: then there may be
        nothing else but the id.
    """
    current = champion_directory(registry)
    found = {path for path in registry.glob("*") if _ID.fullmatch(path.name)} | ({current} - {SHIPPED})
    return [_described(directory) | {"promoted": directory == current} for directory in sorted(found)]


def _described(directory: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = {"id": directory.name}
    try:
        manifest = _manifest(directory)
        _check(directory, manifest)
    except RegistryError as error:
        return manifest | {"error": str(error)}
    return manifest


def find(registry: Path, model_id: str) -> Path:
    """Say which directory holds a model.

    Parameters
    ----------
    registry : Path
        Directory of the trained models; need not exist.
    model_id : str
        One of theirs, or that of the shipped model.

    Returns
    -------
    Path
        Among the trained models, or SHIPPED.

    Raises
    ------
    RegistryError
        If there is none of that id.
    """
    if _ID.fullmatch(model_id) and (registry / model_id).is_dir():
        return registry / model_id
    if model_id == _manifest(SHIPPED)["id"]:
        return SHIPPED
    msg = f"{registry}: no model {model_id}: see `modqueue model list`"
    raise RegistryError(msg)


def promote(registry: Path, model_id: str) -> None:
    """Put a model in use; the services see it within seconds.

    Parameters
    ----------
    registry : Path
        Directory of the trained models; made if absent.
    model_id : str
        One of theirs, or that of the shipped model.

    Raises
    ------
    RegistryError
        If there is none of that id, or it cannot be loaded.
    """
    directory = find(registry, model_id)
    load(directory)
    name = _SHIPPED if directory == SHIPPED else model_id
    history = _history(registry)
    registry.mkdir(parents=True, exist_ok=True)
    # To promote the champion is nothing to roll back.
    _write_history(registry, history if name == _last(history) else [*history, name])


def rollback(registry: Path) -> str:
    """Go back to the model that was in use before the last promotion.

    Parameters
    ----------
    registry : Path
        Directory of the trained models.

    Returns
    -------
    str
        The id of the model that is in use now.

    Raises
    ------
    RegistryError
        If no model was promoted, or the one before cannot be loaded; nothing is changed then.
    """
    history = _history(registry)
    if not history:
        msg = f"{registry}: nothing to roll back: the shipped model is in use"
        raise RegistryError(msg)
    name = _last(history[:-1])
    before = load(SHIPPED if name == _SHIPPED else registry / name)
    _write_history(registry, history[:-1])
    return before.id


def _history(registry: Path) -> list[str]:
    path = registry / _HISTORY
    return path.read_text("utf-8").split() if path.exists() else []


def _last(history: list[str]) -> str:
    return history[-1] if history else _SHIPPED


def _write_history(registry: Path, history: list[str]) -> None:
    """Write who was promoted, then switch the link in one step: readers see the old model or the new one."""
    fresh = registry / f"{_HISTORY}.new"
    fresh.write_text("".join(f"{name}\n" for name in history), "utf-8")
    fresh.replace(registry / _HISTORY)
    link = registry / _PROMOTED
    if _last(history) == _SHIPPED:
        link.unlink(missing_ok=True)
        return
    fresh_link = registry / f"{_PROMOTED}.new"
    fresh_link.unlink(missing_ok=True)
    fresh_link.symlink_to(_last(history))
    fresh_link.replace(link)
