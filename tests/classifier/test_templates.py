import re
import tomllib

import numpy as np
import pytest

from classifier import templates
from classifier.dataset import Corpus
from classifier.reading import read_lines
from tests.classifier.conftest import OURS, near_copies

SUITES = OURS / "suites"
BLIND = sorted((OURS / "blind").glob("*.jsonl"))


@pytest.fixture(scope="module")
def halves():
    return templates.suite(SUITES, gate=False), templates.suite(SUITES, gate=True)


def test_it_has_suites_of_the_promised_size(halves):
    statements = [statement for half in halves for statement in half]
    assert len(statements) >= 1_500
    assert len({statement.template.kind for statement in statements}) >= 25


def test_it_keeps_the_halves_apart(halves):
    develop, gate = ({statement.template.text for statement in half} for half in halves)
    assert not develop & gate


@pytest.mark.parametrize("name", ["slots.toml"])
def test_it_fills_every_slot(halves, name):
    for directory in (SUITES, OURS / "templates"):
        values = tomllib.loads((directory / name).read_text("utf-8"))
        for path in directory.glob("*.txt"):
            used = {slot for line in templates.read(path) for slot in templates.slots(line.text)}
            assert used <= {*values, "n"}, path


@pytest.mark.process  # reads all that is learnt from
def test_it_leaks_no_suite_into_training(halves):
    """No statement of a suite, no blind comment is a near-copy of anything that is trained on."""
    taught = {example.row.document.text for example in Corpus(OURS) if not example.made}
    tested = {statement.text for half in halves for statement in half}
    tested |= {row.document.text for path in BLIND for row in read_lines(path)}
    assert len(taught) > 10_000
    assert not taught & tested
    keys = [{tuple(key) for key in near_copies(sorted(texts)).tolist()} for texts in (taught, tested)]
    assert not keys[0] & keys[1]


@pytest.mark.process  # reads all that is learnt from
def test_the_data_card_counts_what_is_there():
    card = (OURS / "README.md").read_text("utf-8")
    told = {
        name: int(n.replace(",", "")) for name, n in re.findall(r"^\| `(.+?)` .*\| ([\d,]+) \|", card, re.M)
    }
    spelt = {path.stem for path in (OURS / "templates").glob("*.txt")}
    found = {"templates/": sum(example.row.source in spelt for example in Corpus(OURS))}
    for name in ("seed/", "blind/"):
        found[name] = sum(1 for path in (OURS / name).glob("*.jsonl") for _ in read_lines(path))
    found["soft_labels/"] = sum(len(np.load(path)) for path in (OURS / "soft_labels").glob("*.npy"))
    for path in OURS.glob("*.csv"):
        found[path.name] = len(path.read_text("utf-8").splitlines()) - 1
    assert found == told


def test_it_fills_a_minimal_set_alike(tmp_path):
    path = tmp_path / "own.txt"
    path.write_text("# remark\nd {G} are rats.\n- {G} are not rats.\n\nh Go home, {G}.\n")
    lines = templates.read(path)
    assert [line.block for line in lines] == ["own-0", "own-0", "own-1"]
    values = {"G": [f"people {letter}" for letter in "abcdefgh"]}
    rats, no_rats = (
        [s.text.replace(" not", "") for s in templates.fill([line], values, 4)] for line in lines[:2]
    )
    assert rats == no_rats
    assert all(text.startswith("People ") for text in rats)


def test_it_makes_each_line_of_a_functionality_a_set(tmp_path):
    path = tmp_path / "own.txt"
    path.write_text("== one\nd a {G}\n- b {G}\n\n== two\ns c\n")
    lines = templates.read(path)
    assert [line.kind for line in lines] == ["one", "one", "two"]
    assert len({line.block for line in lines}) == 3
    assert lines[2].labels == (0.0, 0.0, 1.0)


def test_it_names_a_line_without_mark(tmp_path):
    path = tmp_path / "own.txt"
    path.write_text("d fine\nx wrong\n")
    with pytest.raises(ValueError, match=r"own\.txt:2: begin with one of"):
        templates.read(path)


def test_it_disguises_words_but_keeps_some_of_them():
    text = "all these neighbours should leave the village before winter"
    disguised = [templates.disguise(text, np.random.default_rng(seed)) for seed in range(20)]
    assert len(set(disguised)) > 10
    assert all(set(text.split()) & set(found.split()) for found in disguised)
