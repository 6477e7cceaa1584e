"""The report of a retraining: curves, tables and worst errors, as one page without scripts."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve

from classifier import LABELS, templates
from classifier.cascade import Cascade
from classifier.examples import Examples, Scored
from classifier.gates import Gate, accuracy, group_rates
from classifier.metrics import share_by_score, trade

Floats = NDArray[np.float64]

_SIDE = 260
_WORST = 15
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{padding:.15rem .6rem;border-bottom:1px solid #ccc;text-align:left}"
    "figure{display:inline-block;margin:0 1rem 1rem 0}svg{background:#f6f6f6}.failed{color:#a00}"
)


def report(model: Cascade, check: Scored, suites: Path, gates: Sequence[Gate]) -> str:
    """Write the report.

    Parameters
    ----------
    model : Cascade
        The challenger.
    check : Scored
        Rows that it has not seen, as it scores them.
    suites : Path
        Directory of the functional suites.
    gates : sequence of Gate
        As judged.

    Returns
    -------
    str
        An HTML page; it names rows by id and quotes none.
    """
    scores, labels, news = check.scores, check.examples.labels, check.news
    parts = ["<h1>Retraining</h1>", "<h2>Gates</h2>", _gates(gates)]
    for head, label in enumerate(LABELS):
        known = ~np.isnan(labels[:, head])
        truth, guess = labels[known, head], scores[known, head]
        parts += [f"<h2>{label}</h2>", *_figures(truth, guess, news[:, head])]
        parts.append(_table(("threshold", "clean news held", "caught"), trade(truth, guess, news[:, head])))
        parts.append(_worst(check.examples.take(known), truth, guess))
    parts += [
        "<h2>Harmless statements held, by group</h2>",
        _table(("group", "held"), group_rates(model, suites).items()),
    ]
    for name, is_gate in (("development", False), ("gate", True)):
        half = accuracy(model, templates.suite(suites, is_gate))
        parts.append(f"<h2>Suite, {name} half</h2>")
        parts.append(_table(("functionality", "right"), half.items()))
    body = "\n".join(parts)
    style = f'<meta charset="utf-8"><title>Retraining</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="en">{style}{body}</html>\n'


def _gates(gates: Sequence[Gate]) -> str:
    lines = (f'<li class="{"" if gate.passed else "failed"}">{escape(str(gate))}</li>' for gate in gates)
    return f"<ul>{''.join(lines)}</ul>"


def _figures(truth: Floats, guess: Floats, news: Floats) -> Iterable[str]:
    if 0 < truth.sum() < len(truth):
        precision, recall, _ = precision_recall_curve(truth, guess)
        yield _curve("precision (up) by recall", recall, precision)
    mean, share = share_by_score(truth, guess)
    yield _curve("positive (up) by score", mean, share)
    if len(news) and truth.any():
        cuts = np.quantile(guess, np.linspace(0, 1, 100))
        caught = [(guess[truth == 1] >= cut).mean() for cut in cuts]
        held = [(news >= cut).mean() for cut in cuts]
        yield _curve(
            "caught (up) by clean news held, both to the power of 1/3", np.cbrt(held), np.cbrt(caught)
        )


def _curve(title: str, across: Iterable[float], up: Iterable[float]) -> str:
    points = " ".join(f"{x * _SIDE:.1f},{(1 - y) * _SIDE:.1f}" for x, y in zip(across, up, strict=True))
    line = f'<polyline points="{points}" fill="none" stroke="#225" stroke-width="2"/>'
    frame = f'<svg width="{_SIDE}" height="{_SIDE}" role="img" aria-label="{escape(title)}">{line}</svg>'
    return f"<figure>{frame}<figcaption>{escape(title)}</figcaption></figure>"


def _worst(rows: Examples, truth: Floats, guess: Floats) -> str:
    order = np.argsort(-np.abs(truth - guess))[:_WORST]
    found = [(f"{rows.rows[i].source}/{rows.rows[i].id}", truth[i], guess[i]) for i in order.tolist()]
    return _table(("worst errors", "label", "score"), found)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = ["".join(f"<th>{escape(name)}</th>" for name in head)]
    lines += ["".join(f"<td>{escape(_cell(value))}</td>" for value in row) for row in rows]
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def _cell(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
