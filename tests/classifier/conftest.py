"""A small model, trained once from comments that we wrote."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from classifier import LABELS, splits, stance
from classifier.lexicon import Lexicon
from classifier.model import CommentModel
from classifier.text import Document, normalise

OURS = Path(__file__).parents[2] / "training_data"


def near_copies(texts):
    spelt = [normalise(text).spelt for text in texts]
    return splits.near_copies(texts, stance.read(spelt, Lexicon.read(OURS / "lexicons")).words)


def read_seed(*names):
    rows = [
        json.loads(line)
        for name in names
        for line in (OURS / "seed" / f"{name}.jsonl").read_text("utf-8").splitlines()
    ]
    documents = [
        Document(
            row["text"],
            row.get("comment_author", ""),
            row.get("comment_author_url", ""),
            row.get("comment_author_email", ""),
        )
        for row in rows
    ]
    labels = [[math.nan if row[label] is None else row[label] for label in LABELS] for row in rows]
    return documents, np.array(labels, float)


@pytest.fixture(scope="session")
def taught():
    documents, labels = read_seed("war_news", "spam_ham")
    return documents[:380] + documents[500:], np.concatenate([labels[:380], labels[500:]])


@pytest.fixture(scope="session")
def lexicon():
    return Lexicon.read(OURS / "lexicons")


@pytest.fixture(scope="session")
def model(taught, lexicon):
    documents, labels = taught
    weights = np.ones_like(labels)
    fitted = CommentModel(lexicon, max_iter=8).fit(documents, labels, weights)
    return fitted.calibrate(documents, labels, weights)
