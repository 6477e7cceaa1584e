"""Quality and time beside what else a blog could install, on our own development rows.

`MODQUEUE_DATASETS=DIR python -m bench quality`: a plain TF-IDF pipeline, bogofilter (Debian's) for spam, and
ours learn from the same rows (a sample of what the champion is trained on) and are judged on rows kept from
training; alt-profanity-check is judged as it comes. Without DIR there are our own rows only.
"""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import compress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.table import Table
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline, make_union

from classifier import LABELS, registry
from classifier.cascade import Cascade
from classifier.dataset import Corpus
from classifier.examples import Examples
from classifier.gathering import collect, gather, split
from classifier.lexicon import Lexicon
from classifier.model import CommentModel
from classifier.spool import Spool
from classifier.text import Document
from classifier.training import epochs_for

OURS = Path(__file__).parent.parent / "training_data"
SAMPLE = 12_000
TIMED = 200

Floats = NDArray[np.float64]
Scorer = Callable[[list[str]], Floats]


def run() -> Table:
    """Train each filter for each label, and measure it."""
    public = os.environ.get("MODQUEUE_DATASETS")
    taught, check = _read(Corpus(OURS, Path(public) if public else None))
    table = Table(title=f"Filters taught {len(taught.rows):,} rows, judged on {len(check.rows):,}")
    for column in ("filter", *(f"AUC {label}" for label in LABELS), "µs a comment"):
        table.add_column(column, justify="left" if column == "filter" else "right")
    _add(table, "ours", _ours(taught), check, "one pass for all labels")
    _add(table, "ours, as shipped", _shipped(), check, "one pass for all labels")
    _add(
        table, "TF-IDF, words and characters", [_tfidf(taught, k) for k in range(len(LABELS))], check, "each"
    )
    profanity = _profanity()
    _add(table, "alt-profanity-check, as it comes", [profanity, profanity, None], check, "each")
    if shutil.which("bogofilter"):
        with tempfile.TemporaryDirectory() as home:
            _add(table, "bogofilter", [None, None, _bogofilter(taught, Path(home))], check, "each")
    else:
        table.caption = "bogofilter is not installed (apt-get install bogofilter)"
    return table


def _read(corpus: Corpus) -> tuple[Examples, Examples]:
    """Read a sample of what is learnt from, with all spam, and what is kept from it."""
    with tempfile.TemporaryDirectory() as name:
        counts = Spool(Path(name))
        gather(corpus, Lexicon.read(OURS / "lexicons"), counts, lambda _: None)
        parts, spam = split(counts), counts.column("labels")[:, -1] == 1
    few = np.random.default_rng(0).random(len(parts.made)) < SAMPLE / len(parts.made)
    _, check = collect(corpus, parts)
    return Examples.of(compress(corpus, (parts.taught & ~parts.made & (few | spam)).tolist())), check


def _known(examples: Examples, head: int) -> tuple[list[str], Floats, Floats]:
    known = ~np.isnan(examples.labels[:, head])
    rows = examples.take(known)
    return [row.document.text for row in rows.rows], rows.labels[:, head], rows.weights[:, head]


def _ours(taught: Examples) -> list[Scorer | None]:
    model = CommentModel(Lexicon.read(OURS / "lexicons"), max_iter=epochs_for(len(taught.rows)))
    model.fit([Document(row.document.text) for row in taught.rows], taught.labels, taught.weights)

    return _by_label(model)


def _shipped() -> list[Scorer | None]:
    """Judge the champion: it was taught twenty times as much, none of it among what is judged."""
    return _by_label(registry.load(registry.SHIPPED).model)


def _by_label(model: Cascade | CommentModel) -> list[Scorer | None]:
    def scorer(head: int) -> Scorer:
        return lambda texts: model.log_odds([Document(text) for text in texts])[:, head]

    return [scorer(head) for head in range(len(LABELS))]


def _tfidf(taught: Examples, head: int) -> Scorer:
    texts, labels, weights = _known(taught, head)
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=3, sublinear_tf=True)
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True)
    plain = make_pipeline(make_union(words, characters), LogisticRegression(C=10, max_iter=200))
    plain.fit(texts, labels, logisticregression__sample_weight=weights)
    return lambda texts: np.asarray(plain.decision_function(texts), float)


def _profanity() -> Scorer:
    from profanity_check import predict_prob

    return lambda texts: np.asarray(predict_prob(texts), float)


def _bogofilter(taught: Examples, home: Path) -> Scorer:
    texts, labels, _ = _known(taught, len(LABELS) - 1)
    for flag, value in (("-s", 1), ("-n", 0)):
        box = "".join(_mail(text) for text, label in zip(texts, labels, strict=True) if label == value)
        command = ["bogofilter", "-d", str(home), flag, "-M"]
        subprocess.run(command, input=box.encode("utf-8", "replace"), check=True)

    def score(texts: list[str]) -> Floats:
        command = ["bogofilter", "-d", str(home), "-T", "-M"]
        box = "".join(_mail(text) for text in texts).encode("utf-8", "replace")
        answer = subprocess.run(command, input=box, capture_output=True, check=False)
        return np.array([float(line.split()[1]) for line in answer.stdout.decode().splitlines()])

    return score


def _mail(text: str) -> str:
    """Wrap a comment as one message of a mailbox."""
    return (
        "From comment Thu Jan  1 00:00:00 1970\nSubject: comment\n"
        + f"\n{text}".replace("\nFrom ", "\n>From ")
        + "\n\n"
    )


def _add(table: Table, name: str, scorers: Sequence[Scorer | None], check: Examples, unit: str) -> None:
    cells, spent = [], math.inf
    for head, scorer in enumerate(scorers):
        texts, labels, _ = _known(check, head)
        cells.append(f"{roc_auc_score(labels, scorer(texts)):.3f}" if scorer else "-")
        if scorer:
            started = time.perf_counter()
            for text in texts[:TIMED]:
                scorer([text])
            spent = min(spent, (time.perf_counter() - started) / len(texts[:TIMED]) * 1e6)
    table.add_row(name, *cells, f"{spent:,.0f} ({unit})")
