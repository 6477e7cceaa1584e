"""The retraining script: data and decisions in, a measured challenger out, promoted if the gates let it."""

import argparse
import datetime
import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from classifier import registry
from classifier.card import card
from classifier.cascade import Cascade
from classifier.dataset import Corpus
from classifier.encoding import FORMAT
from classifier.examples import Examples, Scored
from classifier.explaining import sigmoid
from classifier.gates import Gate, judge, standing
from classifier.gathering import collect, gather, split
from classifier.lexicon import Lexicon
from classifier.metrics import measure
from classifier.model import CommentModel
from classifier.reader import ReaderError, shipped
from classifier.reading import DataError
from classifier.registry import RegistryError
from classifier.report import report
from classifier.spool import Spool, UnreadableError
from classifier.stacking import stack
from classifier.thresholds import recommend
from classifier.training import epochs_for
from classifier.work import empty, held

OURS = Path(__file__).parent.parent / "training_data"
Floats = NDArray[np.float64]

_COLUMNS = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())


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
    parser.add_argument("--json", action="store_true", help="print what became of it as JSON, and no more")
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
        0, or 1 with the reason on standard error if a file is missing or wrong, another run is at work on the
        same data, or promotion was refused.
    """
    arguments = _arguments(argv)
    try:
        # What is said on the way makes room for the JSON.
        with redirect_stdout(sys.stderr if arguments.json else sys.stdout):
            result = _retrain(arguments)
    except (DataError, OSError, RegistryError, UnreadableError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps(result))
    return int(arguments.promote and not result["promoted"])


def _retrain(arguments: argparse.Namespace) -> dict[str, Any]:
    if arguments.data is None:
        print("No --data: learning from training_data/ and decisions alone. Real news comments are missing,")
        print("so the thresholds stand on few comments and hold more than 1 % of the clean ones.")
    elif not arguments.data.is_dir():
        msg = f"{arguments.data}: no such directory"
        raise DataError(msg)
    started = time.monotonic()
    corpus = Corpus(OURS, arguments.data, arguments.decisions)
    with Progress(*_COLUMNS, transient=True) as progress:
        trained = train(corpus, arguments.registry.parent / "training", progress)
        model, check = trained.model, trained.check
        progress.add_task("measuring", total=None)
        manifest = _manifest(trained, corpus)
        gates = _gates(trained, _champion(arguments))
        manifest["gates"] = [asdict(gate) for gate in gates]
        manifest["seconds"] = round(time.monotonic() - started, 1)
    print(*gates, sep="\n")
    name, promoted = None, False
    if not arguments.dry_run:
        name = _write(model, manifest, report(model, check, OURS / "suites", gates), arguments)
        print(f"{name}: {manifest['rows']} rows, {manifest['seconds']} s")
        promoted = arguments.promote and _promote(arguments.registry, name, gates)
    return {"id": name, "promoted": promoted, **{k: manifest[k] for k in ("rows", "seconds", "gates")}}


@dataclass(frozen=True)
class Trained:
    """A challenger, and what it is measured with.

    Attributes
    ----------
    model : Cascade
        Calibrated, with thresholds.
    tuning, check : Scored
        Kept from training, as it scores them: the half that calibrated it, and the half that nothing was
        fitted to; the news comments of both chose the thresholds.
    rows : int
        Comments in all.
    """

    model: Cascade
    tuning: Scored
    check: Scored
    rows: int


def train(corpus: Corpus, shelf: Path, progress: Progress) -> Trained:
    """Fit and calibrate a model; a run that was broken off goes on where it was.

    Parameters
    ----------
    corpus : Corpus
        All data.
    shelf : Path
        Directory for unfinished runs: some 5 kB a comment until the run is through.
    progress : Progress
        Is shown what goes on.

    Returns
    -------
    Trained
        With the rows that were kept.

    Raises
    ------
    BlockingIOError
        If another run is at work on the same data.
    DataError
        If a file is malformed; nothing is counted then.
    """
    model = CommentModel(Lexicon.read(OURS / "lexicons"))
    with held(shelf, _key(corpus, model)) as work:
        try:
            return _train(corpus, model, work, progress)
        except UnreadableError as error:
            print(f"{error}: counting anew")
            empty(work)
            return _train(corpus, model, work, progress)


def _train(corpus: Corpus, model: CommentModel, work: Path, progress: Progress) -> Trained:
    # Read once before anything is written: a wrong line shows within seconds.
    comments = sum(1 for _ in corpus.given())
    counts = Spool(work / "counts")
    if len(counts):
        print(f"Going on with what an earlier run left in {work}")
    reading = progress.add_task("reading", total=comments)
    gather(corpus, model.lexicon, counts, lambda count: progress.advance(reading, count))
    parts = split(counts)
    model.set_params(max_iter=epochs_for(int(parts.taught.sum())))
    learning = progress.add_task("learning", total=2 * len(counts) + model.max_iter)
    model.learn(counts, parts.taught, work, lambda: progress.advance(learning))
    tuning, check = collect(corpus, parts)
    model.calibrate(tuning.documents, tuning.labels, tuning.weights)
    both, first = tuning + check, len(tuning.rows)
    odds = model.log_odds(both.documents)
    model.thresholds_ = recommend(Scored(both, sigmoid(odds)))
    cascade = _stacked(model, odds, (tuning, check), progress)
    # Anew: what could not be read is judged by the thresholds that were chosen last.
    scores = sigmoid(cascade.finish_all(both.documents, odds))
    return Trained(cascade, Scored(tuning, scores[:first]), Scored(check, scores[first:]), len(parts.taught))


def _stacked(
    fast: CommentModel, odds: Floats, halves: tuple[Examples, Examples], progress: Progress
) -> Cascade:
    reader = shipped()
    if isinstance(reader, ReaderError):
        print(f"No second stage: {reader}")
        return Cascade(fast)
    task = progress.add_task("reading in context", total=None)
    return stack(fast, odds, reader, halves, lambda: progress.advance(task))


def _key(corpus: Corpus, model: CommentModel) -> str:
    """Name what a run depends on: another run may go on with its work if all of that is the same."""
    lexicon = model.lexicon.hashes.tobytes() + model.lexicon.classes.tobytes()
    facts = [FORMAT, model.C, model.max_iter, list(corpus.digests().items())]
    return hashlib.sha256(repr(facts).encode() + lexicon).hexdigest()[:16]


def _manifest(trained: Trained, corpus: Corpus) -> dict[str, Any]:
    model = trained.model
    return {
        "reader": model.heads.reader if model.heads else None,
        "created": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "rows": trained.rows,
        "metrics": measure(model.thresholds_, trained.tuning, trained.check),
        "reached": standing(model, OURS / "suites"),
        "thresholds": model.thresholds_,
        "parameters": {"C": list(model.fast.C), "max_iter": model.fast.max_iter},
        "data": corpus.digests(),
    }


def _gates(trained: Trained, champion: registry.Champion | None) -> list[Gate]:
    before, recorded = (champion.model, champion.manifest.get("reached")) if champion else (None, None)
    return judge(trained.model, before, trained.tuning, trained.check, OURS / "suites", recorded=recorded)


def _champion(arguments: argparse.Namespace) -> registry.Champion | None:
    """Load what the challenger must not fall behind, unless it is of another format or version."""
    try:
        shelf: Path = arguments.registry
        return registry.load(registry.SHIPPED if arguments.output else registry.champion_directory(shelf))
    except RegistryError as error:
        print(f"No champion to compare with: {error}")
        return None


def _write(model: Cascade, manifest: dict[str, Any], page: str, arguments: argparse.Namespace) -> str:
    directory: Path = arguments.output or arguments.registry / "new"
    name = registry.save(model, directory, manifest, card(manifest))
    if not arguments.output:
        (directory / "report.html").write_text(page, "utf-8")
        shutil.rmtree(arguments.registry / name, ignore_errors=True)
        directory.rename(arguments.registry / name)
    return name


def _promote(shelf: Path, name: str, gates: Sequence[Gate]) -> bool:
    failed = [gate for gate in gates if not gate.passed]
    if failed:
        print(f"{name} is not promoted:", *failed, sep="\n", file=sys.stderr)
        return False
    registry.promote(shelf, name)
    print(f"{name} is promoted")
    return True


if __name__ == "__main__":
    sys.exit(main())
