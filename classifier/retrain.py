"""The retraining script: data and decisions in, a measured challenger out, promoted if the gates let it."""

import argparse
import datetime
import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.progress import Progress

from classifier import dataset, registry
from classifier.card import card
from classifier.dataset import Examples
from classifier.gates import Gate, judge
from classifier.lexicon import Lexicon
from classifier.metrics import choose_thresholds, measure
from classifier.model import LABELS, CommentModel
from classifier.reading import DataError
from classifier.registry import RegistryError
from classifier.report import report

OURS = Path(__file__).parent.parent / "training_data"


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m classifier.retrain", description=__doc__)
    public = os.environ.get("MODQUEUE_DATASETS")
    parser.add_argument(
        "--data", type=Path, default=public and Path(public), help="directory of the public sets"
    )
    parser.add_argument(
        "--decisions", type=Path, action="append", default=[], help="exported decisions (JSON lines)"
    )
    models = Path(os.environ.get("MODQUEUE_DATA_DIR", "var")) / "models"
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--registry", type=Path, default=models, help="directory of the trained models")
    where.add_argument("--output", type=Path, help="write the model into this very directory")
    parser.add_argument("--promote", action="store_true", help="put the model in use if it passes all gates")
    parser.add_argument("--dry-run", action="store_true", help="train and judge, write nothing")
    arguments = parser.parse_args(argv)
    if arguments.promote and (arguments.output or arguments.dry_run):
        parser.error("--promote goes with neither --output nor --dry-run")
    return arguments


def main(argv: Sequence[str] | None = None) -> int:
    """Train, judge and write a model.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    int
        0, or 1 with the reason on standard error if the data are wrong or promotion was refused.
    """
    arguments = _arguments(argv)
    if arguments.data is None:
        print("No --data: learning from training_data/ and decisions alone. Real news comments are missing,")
        print("so the thresholds stand on few comments and hold more than 1 % of the clean ones.")
    elif not arguments.data.is_dir():
        print(f"{arguments.data}: no such directory", file=sys.stderr)
        return 1
    try:
        return _retrain(arguments)
    except (DataError, RegistryError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1


def _retrain(arguments: argparse.Namespace) -> int:
    started = time.monotonic()
    with Progress(transient=True) as progress:
        steps = progress.add_task("reading", total=4)
        examples = dataset.load(OURS, arguments.data, arguments.decisions)
        progress.update(steps, advance=1, description="training")
        model, check = train(examples)
        progress.update(steps, advance=2, description="measuring")
        manifest = _manifest(model, examples, check)
        gates = judge(model, _champion(arguments), check, OURS / "suites")
        manifest["seconds"] = round(time.monotonic() - started, 1)
    print(*gates, sep="\n")
    if not arguments.dry_run:
        name = _write(model, manifest, report(model, check, OURS / "suites", gates), arguments)
        print(f"{name}: {manifest['rows']} rows, {manifest['seconds']} s")
        if arguments.promote:
            return _promote(arguments.registry, name, gates)
    return 0


def train(examples: Examples) -> tuple[CommentModel, Examples]:
    """Fit and calibrate a model.

    Parameters
    ----------
    examples : Examples
        All data; what is marked dev is not trained on: one half calibrates and sets the thresholds.

    Returns
    -------
    CommentModel
        Calibrated, with thresholds.
    Examples
        The other half, to measure with.
    """
    taught = examples.take(~examples.dev)
    tuning = examples.take(examples.dev & (examples.folds % 2 == 0))
    model = CommentModel(Lexicon.read(OURS / "lexicons")).fit(taught.documents, taught.labels, taught.weights)
    model.calibrate(tuning.documents, tuning.labels, tuning.weights)
    scores = model.score(tuning.documents)
    news, ham = tuning.clean_news, tuning.labels[:, LABELS.index("spam")] == 0
    model.thresholds_ = choose_thresholds(scores[news if news.any() else ham], scores[news | ham, -1])
    return model, examples.take(examples.dev & (examples.folds % 2 == 1))


def _manifest(model: CommentModel, examples: Examples, check: Examples) -> dict[str, Any]:
    return {
        "created": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "rows": len(examples.rows),
        "metrics": measure(model, check),
        "thresholds": model.thresholds_,
        "parameters": {"C": list(model.C), "max_iter": model.max_iter},
        "data": examples.digests,
    }


def _champion(arguments: argparse.Namespace) -> CommentModel | None:
    """Load what the challenger must not fall behind, unless it is of another format or version."""
    try:
        shelf: Path = arguments.registry
        return registry.load(
            registry.SHIPPED if arguments.output else registry.champion_directory(shelf)
        ).model
    except RegistryError as error:
        print(f"No champion to compare with: {error}")
        return None


def _write(model: CommentModel, manifest: dict[str, Any], page: str, arguments: argparse.Namespace) -> str:
    directory: Path = arguments.output or arguments.registry / "new"
    name = registry.save(model, directory, manifest, card(manifest))
    if not arguments.output:
        (directory / "report.html").write_text(page, "utf-8")
        shutil.rmtree(arguments.registry / name, ignore_errors=True)
        directory.rename(arguments.registry / name)
    return name


def _promote(shelf: Path, name: str, gates: Sequence[Gate]) -> int:
    failed = [gate for gate in gates if not gate.passed]
    if failed:
        print(f"{name} is not promoted:", *failed, sep="\n", file=sys.stderr)
        return 1
    registry.promote(shelf, name)
    print(f"{name} is promoted")
    return 0


if __name__ == "__main__":
    sys.exit(main())
