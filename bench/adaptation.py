"""What a site's own decisions are worth: sites simulated from the public sets, on rows kept from training.

`MODQUEUE_DATASETS=DIR python -m bench adaptation`. A site is a community (a set, or several) with a policy:
as its set labels; strict, where what the set calls offensive is rejected too; narrow, where attacks on one
group alone are. Its comments come in random order; the first are decided, later ones are judged by the
champion and by the champion with the site's correction. The champion has learnt other rows of the same sets.
"""

from __future__ import annotations

import csv
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.table import Table
from sklearn.metrics import average_precision_score

from classifier import LABELS, registry
from classifier.correction import Seen, look
from classifier.dataset import Corpus
from classifier.examples import NEWS, Examples
from classifier.gathering import gather, split
from classifier.lexicon import Lexicon
from classifier.reader import Reader
from classifier.site_learning import correct
from classifier.spool import Spool

Floats = NDArray[np.float64]

OURS = Path(__file__).parent.parent / "training_data"
SIZES, ROUNDS, FLIPPED = (50, 200, 1000), 5, 0.3
# Not the orders of comments with which the learning was developed.
SEED = 100
#: So many comments that come later are judged.
LATER = 1000
HATEFUL, SPAM = LABELS.index("hateful"), LABELS.index("spam")
GROUPED = ("sbic_devtest", "hatemoji_build", "dynamically_generated_dev", "wiegand_identity_groups")


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A simulated site: its comments as both stages see them, and which of them it rejects for a label."""

    name: str
    seen: Seen
    truth: Floats
    head: int


def run() -> Table:
    """Measure every site at every number of decisions, honest and with 30 % of the labels flipped."""
    table = Table(
        title="Average precision on later comments: champion, and gain by so many decisions (worst)"
    )
    columns = [f"{n:,}{flipped}" for flipped in ("", ", 30 % flipped") for n in SIZES]
    for column in ("site", "comments", "share", "champion", *columns):
        table.add_column(column, justify="left" if column == "site" else "right")
    gains: list[list[list[float]]] = [[] for _ in columns]
    for place in places():
        cells = []
        for cell, (share, n) in zip(gains, [(s, n) for s in (0.0, FLIPPED) for n in SIZES], strict=True):
            found = (
                [_gain(place, n, share, seed) for seed in range(SEED, SEED + ROUNDS)]
                if _enough(place, n)
                else []
            )
            cell.append(found)
            cells.append(_shown(found))
        pooled = average_precision_score(place.truth, place.seen.odds[:, place.head])
        share_of = f"{place.truth.mean():.0%}"
        table.add_row(place.name, f"{len(place.truth):,}", share_of, f"{pooled:.3f}", *cells)
    means = [[float(np.mean(found)) for found in cell if found] for cell in gains]
    table.add_row("mean", "", "", "", *(f"{np.mean(cell):+.3f} ({min(cell):+.3f})" for cell in means))
    return table


def places() -> Iterator[Place]:
    """Simulate the sites, one after the other."""
    public = os.environ.get("MODQUEUE_DATASETS")
    if not public:
        sys.exit("MODQUEUE_DATASETS: the directory of the public sets is needed")
    kept, champion = _kept(Corpus(OURS, Path(public))), registry.load(registry.SHIPPED).model
    if isinstance(reader := champion.reader(), Reader):
        reader.remember(len(kept.rows))
    groups = _groups(Path(public), kept)
    for name, head, chosen, truth in _policies(kept, groups):
        rows = np.flatnonzero(chosen)
        seen = look(champion, [kept.rows[row].document for row in rows])
        yield Place(name, seen, truth[rows].astype(float), head)


def _kept(corpus: Corpus) -> Examples:
    """Read what the fast stage and the reader did not learn from."""
    with tempfile.TemporaryDirectory() as name:
        counts = Spool(Path(name))
        gather(corpus, Lexicon.read(OURS / "lexicons"), counts, lambda _: None)
        parts = split(counts)
    return Examples.of(compress(corpus, (parts.tuning | parts.check).tolist()))


def _groups(public: Path, kept: Examples) -> NDArray[np.str_]:
    """Return whom each comment speaks of, where its set says so."""
    said: dict[tuple[str, str], str] = {}
    for name in GROUPED:
        with (public / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            said |= {(name, record["id"]): record["target_group"].lower() for record in csv.DictReader(file)}
    return np.array([said.get((row.source, row.id), "") for row in kept.rows])


def _policies(
    kept: Examples, groups: NDArray[np.str_]
) -> Iterator[tuple[str, int, NDArray[np.bool_], NDArray[np.bool_]]]:
    sources, hateful, spam = kept.sources, kept.labels[:, HATEFUL], kept.labels[:, SPAM]
    strict = hateful != 0
    for name in ("cad", "gab_hate_corpus", "implicit_hate", "hatexplain", "stormfront"):
        yield f"{name}, as labelled", HATEFUL, (sources == name) & ~np.isnan(hateful), hateful == 1
    for name in ("hatexplain", "sbic_devtest"):
        yield f"{name}, strict", HATEFUL, sources == name, strict
    # Of the news comments most are toxic in some way: a ninth of these leaves a share that a paper may have.
    few = ~strict | (np.random.default_rng(1).random(len(strict)) < 1 / 9)
    yield "news comments, strict", HATEFUL, (sources == NEWS) & few, strict
    mixed = np.isin(sources, GROUPED) & ~np.isnan(hateful)
    for name, words in (("women", ("wom", "fem")), ("Jews and Muslims", ("jew", "mus"))):
        yield f"attacks on {name} alone", HATEFUL, mixed, (hateful == 1) & _any(groups, words)
    yield "youtube_spam_shakira", SPAM, sources == "youtube_spam_shakira", spam == 1


def _any(groups: NDArray[np.str_], words: Sequence[str]) -> NDArray[np.bool_]:
    return np.array([any(word in group for word in words) for group in groups])


def _enough(place: Place, decisions: int) -> bool:
    return len(place.truth) >= decisions + 100


def _gain(place: Place, decisions: int, flipped: float, seed: int) -> float:
    """Measure by how much the average precision on later comments rises."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(place.truth))
    first, later = order[:decisions], order[-min(LATER, len(order) - decisions) :]
    said = np.where(rng.random(decisions) < flipped, 1 - place.truth[first], place.truth[first])
    labels = np.full((decisions, len(LABELS)), np.nan)
    labels[:, place.head] = said
    correction, _ = correct(place.seen.take(first), labels, np.ones(decisions))
    if correction is None:
        return 0.0
    seen, truth = place.seen.take(later), place.truth[later]
    before, after = seen.odds[:, place.head], (seen.odds + correction.moves(seen))[:, place.head]
    measure: Callable[[Floats, Floats], float] = average_precision_score
    return float(measure(truth, after) - measure(truth, before))


def _shown(found: list[float]) -> str:
    return f"{np.mean(found):+.3f} ({min(found):+.3f})" if found else "-"
