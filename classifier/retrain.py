"""The retraining script: data and decisions in, a measured model with its manifest and card out."""

import argparse
import datetime
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier import dataset, registry
from classifier.card import card
from classifier.dataset import DataError, Examples
from classifier.metrics import choose_thresholds, held, rank
from classifier.model import LABELS, CommentModel

OURS = Path(__file__).parent.parent / "training_data"
NEWS = "civil_comments_toxic_spans"


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m classifier.retrain", description=__doc__)
    public = os.environ.get("MODQUEUE_DATASETS")
    parser.add_argument(
        "--data", type=Path, default=public and Path(public), help="directory of the public sets"
    )
    parser.add_argument(
        "--decisions", type=Path, action="append", default=[], help="exported decisions (JSON lines)"
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "--registry", type=Path, help="directory of the trained models; the new one gets its own"
    )
    where.add_argument("--output", type=Path, help="write the model into this very directory")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Train, measure and write a model.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    int
        0, or 1 with a line on standard error if the data are wrong.
    """
    arguments = _arguments(argv)
    if arguments.data is None:
        print("No --data: training from training_data/ and decisions alone; scores of news will be coarse.")
    elif not arguments.data.is_dir():
        print(f"{arguments.data}: no such directory", file=sys.stderr)
        return 1
    started = time.monotonic()
    try:
        examples = dataset.load(OURS, arguments.data, arguments.decisions)
        model, manifest = train(examples)
    except (DataError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    manifest["seconds"] = round(time.monotonic() - started, 1)
    print(f"{_write(model, manifest, arguments)}: {manifest['seconds']} s, {manifest['rows']} rows")
    return 0


def train(examples: Examples) -> tuple[CommentModel, dict[str, Any]]:
    """Fit, calibrate and measure a model.

    Parameters
    ----------
    examples : Examples
        All data; what is marked dev is not trained on: one half calibrates, the other measures.

    Returns
    -------
    CommentModel
        Calibrated, with thresholds.
    dict
        The manifest without what `registry.save` adds.
    """
    taught = examples.take(~examples.dev)
    tuning = examples.take(examples.dev & (examples.folds % 2 == 0))
    check = examples.take(examples.dev & (examples.folds % 2 == 1))
    model = CommentModel().fit(taught.documents, taught.labels, taught.weights)
    model.calibrate(tuning.documents, tuning.labels, tuning.weights)
    scores = model.score(tuning.documents)
    news = clean_news(tuning)
    ham = tuning.labels[:, LABELS.index("spam")] == 0
    model.thresholds_ = choose_thresholds(scores[news if news.any() else ham], scores[news | ham, -1])
    manifest = {
        "created": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "rows": len(examples.rows),
        "rows_taught": len(taught.rows),
        "metrics": measure(model, check),
        "thresholds": model.thresholds_,
        "parameters": {
            name: list(v) if isinstance(v, tuple) else v for name, v in model.get_params().items()
        },
        "data": examples.digests,
    }
    return model, manifest


def clean_news(examples: Examples) -> NDArray[np.bool_]:
    """Say which rows are news comments without fault.

    Parameters
    ----------
    examples : Examples
        Any.

    Returns
    -------
    ndarray of shape (n,), bool
        News comments known to be neither dehumanising nor hateful.
    """
    return np.asarray((examples.sources == NEWS) & (examples.labels[:, :2] == 0).all(axis=1), bool)


def measure(model: CommentModel, examples: Examples) -> dict[str, Any]:
    """Measure a model on rows that it has not seen.

    Parameters
    ----------
    model : CommentModel
        Calibrated.
    examples : Examples
        Rows kept from training and from calibrating.

    Returns
    -------
    dict
        By label: the measures of `rank` over all rows and by source; clean_news_held in [0, 1].
    """
    scores, labels, sources = model.score(examples.documents), examples.labels, examples.sources
    result: dict[str, Any] = {}
    for head, label in enumerate(LABELS):
        by_source = {
            name: rank(labels[sources == name, head], scores[sources == name, head]) for name in set(sources)
        }
        cut = model.thresholds_[label]["hold"]
        caught = scores[labels[:, head] == 1, head] >= cut
        result[label] = rank(labels[:, head], scores[:, head]) | {
            "caught_at_hold": float(caught.mean()) if len(caught) else None,
            "by_source": {name: by_source[name] for name in sorted(by_source) if "auc" in by_source[name]},
        }
    news = held(scores[clean_news(examples)], model.thresholds_)
    result["clean_news"] = {"rows": len(news), "held": float(news.mean()) if len(news) else None}
    return result


def _write(model: CommentModel, manifest: dict[str, Any], arguments: argparse.Namespace) -> str:
    directory: Path = arguments.output or arguments.registry / "new"
    name = registry.save(model, directory, manifest, card(manifest))
    if arguments.registry:
        directory.rename(arguments.registry / name)
    return name


if __name__ == "__main__":
    sys.exit(main())
