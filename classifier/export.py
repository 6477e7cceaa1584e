"""From a taught reader to what services load: int8 weights for ONNX, checked against what was taught."""

import argparse
import datetime
import json
import shutil
import sys
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch

from classifier import graph
from classifier.finetune import BASE, Taught, taught_in
from classifier.reader import SHIPPED, Reader
from classifier.reading import digest

_FILES = ("encoder.onnx", "vocabulary.txt", "heads.npy")


def export(taught: Taught, directory: Path) -> None:
    """Write what a reader is loaded from, but for its manifest.

    Parameters
    ----------
    taught : Taught
        The encoder with its heads.
    directory : Path
        Made if absent.
    """
    directory.mkdir(parents=True, exist_ok=True)
    weights = {name: weight.numpy() for name, weight in taught.encoder.state_dict().items()}
    graph.write(weights, taught.encoder.config.num_attention_heads, directory / "encoder.onnx")
    shutil.copy(BASE / "vocab.txt", directory / "vocabulary.txt")
    heads = [taught.heads.weight.detach().T, taught.heads.bias.detach()[None]]
    np.save(directory / "heads.npy", np.concatenate([part.numpy() for part in heads]).astype(np.float64))


def mean_of(taught: Sequence[Taught]) -> Taught:
    """Average weights, which keeps of each epoch what the others do not contradict (Wortsman et al. 2022).

    Parameters
    ----------
    taught : sequence of Taught
        Of epochs that follow one another; the last is changed.

    Returns
    -------
    Taught
        The last, with the mean of all weights.
    """
    states = [one.state_dict() for one in taught]
    mean = {
        name: torch.stack([state[name].double() for state in states]).mean(0).to(weight.dtype)
        for name, weight in states[-1].items()
    }
    taught[-1].load_state_dict(mean)
    return taught[-1]


def describe(directory: Path, epochs: Sequence[Path], averaged: int) -> None:
    """Write the manifest.

    Parameters
    ----------
    directory : Path
        Holds what `export` wrote.
    epochs : sequence of Path
        Directories in which `classifier.finetune` worked, in order; one that is named again counts again.
    averaged : int
        How many of the last ones the weights are the mean of; the manifest names their seeds.
    """
    sums = {name: digest(directory / name) for name in _FILES}
    told = [_told(work) for work in epochs]
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    manifest = {
        "id": f"{today}-{sums['encoder.onnx'][:6]}",
        "sha256": sums,
        "base": {
            "name": "all-MiniLM-L6-v2",
            "licence": "Apache-2.0",
            "sha256": digest(BASE / "model.safetensors"),
        },
        "epochs": _once(chain.from_iterable(told)),
        "averaged": [course[-1]["seed"] for course in told[-averaged:]],
    }
    (directory / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")


def _once(told: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    # An epoch that counts several times, or that several others went on from, happened once.
    return list({json.dumps(epoch, sort_keys=True): epoch for epoch in told}.values())


def _told(work: Path) -> list[dict[str, Any]]:
    """Return seed, data, steps and loss by tenths of an epoch, after those of the reader it began with."""
    lines = (work / "log.jsonl").read_text("utf-8").splitlines()
    losses = {step["step"]: step["loss"] for step in map(json.loads, lines)}
    tenths = np.array_split(np.array(list(losses.values())), 10)
    told: dict[str, Any] = json.loads((work / "epoch.json").read_text("utf-8"))
    course = [round(float(np.nanmean(part)), 4) for part in tenths]
    return [*told.pop("before"), told | {"steps": len(losses), "loss": course}]


def main(argv: Sequence[str] | None = None) -> int:
    """Export the reader.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    int
        0.
    """
    parser = argparse.ArgumentParser(prog="python -m classifier.export", description=__doc__)
    parser.add_argument("--work", type=Path, nargs="+", required=True, help="of each epoch, in order")
    parser.add_argument("--output", type=Path, default=SHIPPED, help="directory of the reader")
    parser.add_argument("--average", type=int, default=1, help="take the mean of so many of the last epochs")
    arguments = parser.parse_args(argv)
    if not 1 <= arguments.average <= len(arguments.work):
        parser.error(f"--average must be from 1 to {len(arguments.work)}, the epochs that there are")
    export(
        mean_of([taught_in(work) for work in arguments.work[-arguments.average :]]).eval(), arguments.output
    )
    describe(arguments.output, arguments.work, arguments.average)
    print(f"{Reader(arguments.output).id}: {arguments.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
