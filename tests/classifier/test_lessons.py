import json
import math
import re
import shutil

import pytest

from classifier.dataset import Corpus
from classifier.examples import Example
from classifier.lessons import BATCH, MOST_TOGETHER, Lesson, Plan, batches, lessons, words_to_read
from classifier.reading import Row
from classifier.text import Document
from tests.classifier.conftest import OURS

PLAN = Plan(
    sets={"forum": 0.5}, annotated=2.0, seed=3.0, contrast=1.0, swapped=0.5, disguised=0.0, joined=0.0
)


def example(source, *, made=False):
    return Example(Row("1", Document("tea"), (0.0, 0.0, 0.0), source), (1.0, 1.0, 1.0), 2, made)


@pytest.mark.parametrize(
    ("source", "made", "is_annotated", "is_contrast", "expected"),
    [
        ("forum", False, False, False, 0.5),
        ("forum", False, True, False, 2.0),
        ("forum", True, False, False, 0.25),
        ("war_news", False, False, False, 3.0),
        ("stance", True, False, True, 1.0),
    ],
)
def test_it_shares_the_epoch_out(source, made, is_annotated, is_contrast, expected):
    assert PLAN.share(example(source, made=made), is_annotated, is_contrast) == expected


def test_it_reads_own_words_through_disguises():
    quoted = Document("> you are all rats\n\nN0b0dy should t a l k of people like th\u200bis, shame.")
    assert words_to_read(quoted).strip() == "nobody should talk of people like this, shame."


@pytest.fixture
def small(tmp_path):
    """One file of ours, one made-up set and one template."""
    ours, public = tmp_path / "ours", tmp_path / "public"
    for name in ("seed", "templates"):
        (ours / name).mkdir(parents=True)
    public.mkdir()
    for name in ("templates/slots.toml", "reader.toml", "sources.toml"):
        shutil.copy(OURS / name, ours / name)
    some = (OURS / "seed" / "war_news.jsonl").read_text("utf-8").splitlines()[:60]
    (ours / "seed" / "war_news.jsonl").write_text("\n".join(some), "utf-8")
    for name in ("annotations.csv", "news_annotations.csv", "posts_annotations.csv"):
        (ours / name).write_text("id,dehumanising\n")
    (ours / "templates" / "stance.txt").write_text(
        "## stance\nd They are rats, number {n}\n- They are not rats\n"
    )
    return Corpus(ours, public)


def test_it_teaches_ours_oftener_and_always_alike(small):
    taught = [True] * len(list(small))
    found = list(lessons(small, taught, 0))
    assert len(found) > 2 * len(taught)
    assert found == list(lessons(small, taught, 0))
    assert found != list(lessons(small, taught, 1))
    assert list(lessons(small, [False] * len(taught), 0)) == []


def test_it_puts_comments_among_harmless_ones(small):
    taught, plan = [True] * len(list(small)), small.ours / "reader.toml"
    plan.write_text(re.sub("disguised = .*\njoined = .*", "disguised = 0\njoined = 1", plan.read_text()))
    harmful = [words_to_read(e.row.document) for e in small if e.row.labels[0] == 1]
    found = [lesson.text for lesson in lessons(small, taught, 0) if lesson.labels[0] == 1]
    among = [text for text in found if any(own in text and own != text for own in harmful)]
    assert len(among) > 0.9 * len(found)


def test_it_refuses_a_plan_that_lacks_a_share(small):
    plan = small.ours / "reader.toml"
    plan.write_text(plan.read_text().replace("swapped", "swopped"))
    with pytest.raises(TypeError, match="swopped"):
        next(lessons(small, [True], 0))


def test_it_keeps_minimal_sets_in_one_batch():
    lone = [Lesson("x" * n, (math.nan, 0.0, 0.0), 0) for n in range(100)]
    paired = [Lesson(f"set {n % 20}", (float(n > 20), 0.0, 0.0), 1 + n % 20) for n in range(80)]
    many = [Lesson("many", (0.0, 0.0, 0.0), 99) for _ in range(20)]
    laid = batches([*lone, *paired, *many], 0)
    assert sorted(lesson.text for batch in laid for lesson in batch) == sorted(
        lesson.text for lesson in [*lone, *paired, *many]
    )
    assert max(map(len, laid)) < BATCH + MOST_TOGETHER
    for pair in range(1, 21):
        assert sum(any(lesson.pair == pair for lesson in batch) for batch in laid) == 1


def test_a_later_epoch_meets_less_of_the_public_sets(small):
    path = small.public / "surge_toxicity.csv"
    path.write_text(
        "id,text,dehumanising,hateful,spam\n" + "".join(f"{n},tea at {n},0,0,0\n" for n in range(20))
    )
    corpus = Corpus(small.ours, small.public)
    taught = [True] * len(list(corpus))
    all_of_it, half, none = (list(lessons(corpus, taught, 0, share)) for share in (1.0, 0.5, 0.0))
    assert len(none) + 20 == len(all_of_it)
    assert len(none) < len(half) < len(all_of_it)


@pytest.mark.parametrize(
    ("text", "author_url", "known"),
    [
        ("Nice post!", "https://carpets.test", False),
        ("Nice post!", "", True),
        ("Nice post! More at carpets.test", "https://carpets.test", True),
    ],
)
def test_it_learns_no_spam_that_only_its_author_tells(small, text, author_url, known):
    row = {"id": "x-1", "text": text, "dehumanising": 0, "hateful": 0, "spam": 1, "pair": None}
    row |= {"comment_author": "Ann", "comment_author_url": author_url, "comment_author_email": ""}
    (small.ours / "seed" / "war_news.jsonl").write_text(json.dumps(row) + "\n")
    corpus = Corpus(small.ours, small.public)
    found = {
        lesson.labels[2] for lesson in lessons(corpus, [True] * len(list(corpus)), 0) if "nice" in lesson.text
    }
    assert (found == {1.0}) if known else all(math.isnan(label) for label in found)
    assert found
