"""The model card (Mitchell et al. 2019): what a model is for, what it learnt from, where it fails."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from classifier import LABELS

_SOURCES = Path(__file__).parent.parent / "training_data" / "sources.toml"

_HEAD = """# Model card: {id}

Scores blog comments for three labels: dehumanising, hateful, spam. Two stages: logistic regression on hashed
n-grams of characters, words and word classes, and on what loaded words are said of; and where that is in
doubt, logistic regression on this and on what a sentence encoder read ([the reader](../reader/card.md)). For
moderation with a person in charge: it holds, people decide. Not for judging people, and not for languages
other than English.
"""

_LIMITS = """
## Limits

- The fast stage counts words and their neighbours, and what it is sure of goes no further. Neither stage
  understands irony, or a likening that needs knowledge.
- English only in practice: other languages occur in the data, too few to trust.
- The development rows come from the same sets as the training rows: expect less on a blog of another kind.
- Labels for dehumanising were read by few people of one kind.
"""


def card(manifest: dict[str, Any]) -> str:
    """Write the model card.

    Parameters
    ----------
    manifest : dict
        Of the model; `{id}` is left for `registry.save`.

    Returns
    -------
    str
        Markdown.
    """
    return "\n".join([_HEAD, *_measures(manifest), *_choices(manifest), _LIMITS, *_data(manifest)]) + "\n"


def _measures(manifest: dict[str, Any]) -> list[str]:
    lines = ["## Measured on development rows that were neither trained nor calibrated on", ""]
    lines += [
        "| label | rows | positives | AUC | average precision | calibration error | hold from | caught |"
    ]
    lines += ["|---|---|---|---|---|---|---|---|"]
    for label in LABELS:
        found, cut = manifest["metrics"][label], manifest["thresholds"][label]["hold"]
        numbers = (found.get(name) for name in ("auc", "average_precision", "calibration_error"))
        cells = [
            label,
            f"{found['rows']:.0f}",
            f"{found['positives']:.0f}",
            *map(_number, numbers),
            _number(cut),
        ]
        lines.append(f"| {' | '.join(cells)} | {_number(found['caught_at_hold'])} |")
    news = manifest["metrics"]["clean_news"]
    return [*lines, "", f"Clean news comments held by any label: {_number(news['held'])} of {news['rows']}."]


def _choices(manifest: dict[str, Any]) -> Iterator[str]:
    """Show what other thresholds would hold: a site chooses its own."""
    yield from (
        "",
        "## Thresholds",
        "",
        "What each label alone would hold of clean news comments, and catch.",
        "",
    )
    yield from ("| label | threshold | clean news held | caught |", "|---|---|---|---|")
    for label in LABELS:
        for cut, held, caught in manifest["metrics"][label]["thresholds"]:
            yield f"| {label} | {cut:.3f} | {held:.1%} | {caught:.3f} |"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _data(manifest: dict[str, Any]) -> list[str]:
    sets = tomllib.loads(_SOURCES.read_text("utf-8"))["sets"]
    used = [name for name in sets if f"{name}.csv" in manifest["data"]]
    lines = ["## Learnt from", "", "Our own comments (`training_data/seed`, MIT), our annotations, and:", ""]
    return lines + [f"- {name}: {sets[name]['kind']}; {sets[name]['licence']}" for name in used]
