"""What the reader is taught: which comments, how often, and in batches that keep minimal sets together."""

import re
import tomllib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import compress, groupby

import numpy as np

from classifier import splits, templates
from classifier.dataset import Corpus
from classifier.examples import Example
from classifier.quoting import split
from classifier.reading import read_annotations
from classifier.text import Document, normalise

#: Lessons in one batch, and batches among which lessons are sorted by length: blanks cost as much as words.
BATCH, SORTED = 32, 40
#: Members of a minimal set that stay together.
MOST_TOGETHER = 8
#: Harmless comments to put another among: remembered, characters of each at most, and how many at most.
_REMEMBERED, _SHORT, _MOST_BESIDE = 500, 160, 2
#: Characters that are read to the end, whatever they are.
_READ_WHOLE = 450
_ADDRESS = re.compile(r"\w\.[a-z]{2}")


@dataclass(frozen=True, slots=True)
class Lesson:
    """A comment to read.

    Attributes
    ----------
    text : str
        As the reader reads it.
    labels : tuple of float
        1, 0 or NaN, in the order of LABELS.
    pair : int
        Equal for members of one minimal set; 0 for none.
    """

    text: str
    labels: tuple[float, ...]
    pair: int


def words_to_read(document: Document) -> str:
    """Return what the reader reads of a comment: the author's own words, seen through every disguise.

    Parameters
    ----------
    document : Document
        A comment.

    Returns
    -------
    str
        Folded to lower case.
    """
    return normalise(split(document).own.text).text


@dataclass(frozen=True)
class Plan:
    """How often a comment of each kind is met in one epoch; a fraction is a chance.

    Attributes
    ----------
    sets : dict of str to float
        By public set.
    annotated : float
        Those that were annotated by reading, at least.
    seed, contrast : float
        Comments and statements of ours.
    swapped, disguised : float
        Of the same said of another group, beside the original; of a disguise in place of it.
    joined : float
        Of a comment of ours among harmless ones, in place of it: what is said between friendly words is said.
    """

    sets: dict[str, float]
    annotated: float
    seed: float
    contrast: float
    swapped: float
    disguised: float
    joined: float

    def share(self, example: Example, is_annotated: bool, is_contrast: bool) -> float:
        """Say how often an example is met.

        Parameters
        ----------
        example : Example
            To learn from.
        is_annotated, is_contrast : bool
            Whether it was annotated, and whether it was made from a template.

        Returns
        -------
        float
            Not negative.
        """
        share = self.sets.get(example.row.source, self.contrast if is_contrast else self.seed)
        if is_annotated:
            share = max(share, self.annotated)
        return share * self.swapped if example.made and not is_contrast else share


def lessons(corpus: Corpus, taught: Sequence[bool], seed: int, share: float = 1.0) -> Iterator[Lesson]:
    """Choose what to teach, in the order of the corpus.

    Parameters
    ----------
    corpus : Corpus
        Of n comments.
    taught : sequence of bool
        Which of them may be learnt from.
    seed : int
        Of every chance.
    share : float, optional
        How much of the public sets is met, of what training_data/reader.toml says.

    Yields
    ------
    Lesson
        The same ones for the same arguments.

    Raises
    ------
    TypeError
        If training_data/reader.toml lacks a share or has one too many.
    """
    plan = Plan(**tomllib.loads((corpus.ours / "reader.toml").read_text("utf-8")))
    plan = replace(plan, sets={name: often * share for name, often in plan.sets.items()})
    annotated = {name for path in corpus.annotated for name in read_annotations(path)}
    made_up = {path.stem for path in (corpus.ours / "templates").glob("*.txt")}
    rng = np.random.default_rng(seed)
    harmless: deque[str] = deque(maxlen=_REMEMBERED)
    for example in compress(corpus, taught):
        row = example.row
        if np.isnan(row.labels).all():
            continue
        share = plan.share(example, row.id.removesuffix("/twin") in annotated, row.source in made_up)
        for _ in range(int(share + rng.random())):
            yield _lesson(example, plan, harmless, rng)
        if row.source not in plan.sets and not any(row.labels) and len(row.document.text) <= _SHORT:
            harmless.append(row.document.text)


def _lesson(example: Example, plan: Plan, harmless: Sequence[str], rng: np.random.Generator) -> Lesson:
    document, row = example.row.document, example.row
    if not example.made and rng.random() < plan.disguised:
        document = replace(document, text=templates.disguise(document.text, rng))
    if row.source not in plan.sets and harmless and rng.random() < plan.joined:
        document = replace(document, text=_among(harmless, document.text, rng))
    *others, spam = row.labels
    if spam == 1 and document.author_url and not _ADDRESS.search(document.text):
        spam = np.nan  # it may be its author alone who tells, whom the reader does not see
    return Lesson(words_to_read(document), (*others, spam), splits.stamp(row.pair))


def _among(harmless: Sequence[str], text: str, rng: np.random.Generator) -> str:
    """Put a text among harmless ones, before, between or after them."""
    chosen = rng.integers(len(harmless), size=rng.integers(1, _MOST_BESIDE + 1))
    parts = [harmless[place] for place in chosen.tolist()]
    parts.insert(rng.integers(len(parts) + 1), text)
    joined = rng.choice([" ", "\n\n"]).join(parts)
    return joined if len(joined) <= _READ_WHOLE else text


def batches(found: Sequence[Lesson], seed: int) -> list[list[Lesson]]:
    """Lay out an epoch.

    Parameters
    ----------
    found : sequence of Lesson
        All of them.
    seed : int
        Of the order.

    Returns
    -------
    list of list of Lesson
        BATCH each or a few more: members of a minimal set share one, and so do texts of like length.
    """
    rng = np.random.default_rng(seed)
    together = _together(found)
    together = [together[place] for place in rng.permutation(len(together)).tolist()]
    laid: list[list[Lesson]] = []
    size = BATCH * SORTED
    for start in range(0, len(together), size):
        near = sorted(together[start : start + size], key=lambda unit: max(len(u.text) for u in unit))
        batch: list[Lesson] = []
        for unit in near:
            batch += unit
            if len(batch) >= BATCH:
                laid.append(batch)
                batch = []
        laid += [batch] if batch else []
    return [laid[place] for place in rng.permutation(len(laid)).tolist()]


def _together(found: Sequence[Lesson]) -> list[list[Lesson]]:
    """Return minimal sets, no more of one than MOST_TOGETHER, and the other lessons one by one."""
    units = [[lesson] for lesson in found if not lesson.pair]
    paired = sorted((lesson for lesson in found if lesson.pair), key=lambda lesson: lesson.pair)
    for _, members in groupby(paired, key=lambda lesson: lesson.pair):
        unit = list(members)
        units += [unit[start : start + MOST_TOGETHER] for start in range(0, len(unit), MOST_TOGETHER)]
    return units
