import copy
import json
import shutil
import subprocess
import sys

import pytest

from classifier import registry, retrain
from classifier.dataset import Corpus
from classifier.model import CommentModel
from classifier.work import held
from tests.classifier.conftest import OURS
from tests.process.cast import wait_for

# It trains several times, each for some seconds.
pytestmark = pytest.mark.process
FEW = ("war_news.jsonl", "spam_ham.jsonl")


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A training_data directory that trains in seconds, and a registry."""
    monkeypatch.delenv("MODQUEUE_DATASETS", raising=False)
    ours = tmp_path / "ours"
    for name in ("lexicons", "suites"):
        shutil.copytree(OURS / name, ours / name)
    for name in ("seed", "templates"):
        (ours / name).mkdir()
    for name in (*(f"seed/{few}" for few in FEW), "templates/slots.toml", "sources.toml"):
        shutil.copy(OURS / name, ours / name)
    for name in ("annotations.csv", "news_annotations.csv", "posts_annotations.csv"):
        (ours / name).write_text("id,dehumanising\n")
    monkeypatch.setattr(retrain, "OURS", ours)
    monkeypatch.setattr(retrain, "epochs_for", lambda _: 4)
    return tmp_path / "registry"


@pytest.fixture(scope="module")
def train_once():
    """Train when first asked, and give copies of what came out."""
    train, results = retrain.train, []

    def copied(*arguments):
        if not results:
            results.append(train(*arguments))
        return copy.deepcopy(results[0])

    return copied


@pytest.fixture
def unjudged(monkeypatch):
    """To judge by all suites, and to report on them, takes longer than to learn."""
    monkeypatch.setattr(retrain, "judge", lambda *_, recorded: [])
    monkeypatch.setattr(retrain, "standing", lambda *_: {})
    monkeypatch.setattr(retrain, "report", lambda *_: "")


@pytest.fixture
def trained(small, train_once, monkeypatch):
    """A registry; what would be learnt from the small directory is learnt already."""
    monkeypatch.setattr(retrain, "train", train_once)
    return small


def test_it_trains_from_our_own_data_and_promotes_nothing_that_the_gates_refuse(trained, capsys):
    """Trained on two files, a challenger falls behind the shipped champion."""
    assert retrain.main(["--registry", str(trained), "--promote"]) == 1
    (entry,) = registry.models(trained)
    challenger = registry.load(trained / entry["id"])
    printed = capsys.readouterr()
    assert challenger.id == entry["id"]
    assert challenger.id in printed.out
    assert "Real news comments are missing" in printed.out
    assert challenger.manifest["metrics"]["spam"]["auc"] > 0.7
    assert all(set(gate) == {"name", "value", "limit", "passed"} for gate in challenger.manifest["gates"])
    assert challenger.manifest["gates"]
    assert challenger.model.thresholds_["hateful"]["reject"] is None
    assert entry["id"] in (trained / entry["id"] / "card.md").read_text()
    page = (trained / entry["id"] / "report.html").read_text()
    assert all(part in page for part in ("<h2>spam</h2>", "neutral identity", "worst errors", "<polyline"))
    assert registry.champion_directory(trained) == registry.SHIPPED
    assert "is not promoted" in printed.err
    assert "FAILED  suite, fall of" in printed.err


def test_it_promotes_what_passes(trained, unjudged, capsys):
    assert retrain.main(["--registry", str(trained), "--promote"]) == 0
    (entry,) = registry.models(trained)
    assert registry.champion_directory(trained) == trained / entry["id"]
    assert "is promoted" in capsys.readouterr().out


def test_it_says_as_json_what_became_of_it(trained, unjudged, capsys):
    assert retrain.main(["--registry", str(trained), "--promote", "--json"]) == 0
    printed = capsys.readouterr()
    (entry,) = registry.models(trained)
    said = json.loads(printed.out)
    assert said == {k: entry[k] for k in ("id", "promoted", "rows", "seconds", "gates")}
    assert "is promoted" in printed.err


def test_it_goes_on_where_it_was_broken_off(small, unjudged, monkeypatch, capsys):
    with monkeypatch.context() as broken:
        broken.setattr(retrain.CommentModel, "calibrate", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            retrain.main(["--registry", str(small)])
    assert "Going on" not in capsys.readouterr().out
    monkeypatch.delattr("classifier.gathering.count")  # nothing is counted again
    monkeypatch.delattr("classifier.training._pass")  # nor learnt again
    assert retrain.main(["--registry", str(small)]) == 0
    assert "Going on with what an earlier run left" in capsys.readouterr().out
    assert not list(small.parent.glob("training/*"))


@pytest.mark.parametrize("damaged", ["counts/000000.npz", "weighed/000000.npz", "epoch.joblib"])
def test_it_counts_anew_where_what_was_left_cannot_be_read(small, unjudged, monkeypatch, capsys, damaged):
    with monkeypatch.context() as broken:
        broken.setattr(retrain.CommentModel, "calibrate", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            retrain.main(["--registry", str(small)])
    (path,) = small.parent.glob(f"training/*/{damaged}")
    path.write_bytes(path.read_bytes()[:1000])
    assert retrain.main(["--registry", str(small)]) == 0
    assert f"{damaged}: cannot be read" in "".join(capsys.readouterr().out.split("\n"))
    assert not list(small.parent.glob("training/*"))


def _interrupt(*_):
    raise KeyboardInterrupt


def test_it_goes_on_with_nothing_that_was_counted_in_another_order(lexicon, tmp_path):
    paths = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    for path in paths:
        path.write_text(json.dumps({"id": 1, "text": path.name}))
    corpora = [Corpus(OURS, None, order) for order in (paths, paths[::-1])]
    first, second = (retrain._key(corpus, CommentModel(lexicon)) for corpus in corpora)
    assert first != second


def test_a_second_run_on_the_same_data_is_refused_while_the_first_lives(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("MODQUEUE_DATASETS", raising=False)
    arguments = ["--registry", str(tmp_path / "models"), "--dry-run"]
    command = [sys.executable, "-m", "classifier.retrain", *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as first:
        wait_for(lambda: list(tmp_path.glob("training/*/counts/*.npz")))
        assert retrain.main(arguments) == 1
        first.kill()
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith("another run is at work on")
    (work,) = tmp_path.glob("training/*")
    with held(work.parent, work.name):
        assert list(work.glob("counts/*.npz"))


def test_it_leaves_nothing_of_a_run_that_fails(small, monkeypatch, capsys):
    monkeypatch.setattr(retrain.CommentModel, "calibrate", _refuse)
    assert retrain.main(["--registry", str(small)]) == 1
    assert "one class only" in capsys.readouterr().err
    assert not list(small.parent.glob("training/*"))


def _refuse(*_):
    raise ValueError("one class only")


def test_it_writes_nothing_when_dry(trained, unjudged):
    assert retrain.main(["--registry", str(trained), "--dry-run"]) == 0
    assert not trained.exists()


@pytest.mark.parametrize("content", ["{", json.dumps({"id": 1})])
def test_it_refuses_bad_decisions_before_it_counts_anything(small, content, monkeypatch, capsys):
    decisions = small.parent / "decisions.jsonl"
    decisions.write_text(content)
    monkeypatch.setattr("classifier.gathering.PIECE", 30)
    monkeypatch.delattr("classifier.spool.Spool.append")
    assert retrain.main(["--registry", str(small), "--decisions", str(decisions)]) == 1
    assert "decisions.jsonl:1:" in capsys.readouterr().err
    assert not list(small.parent.glob("training/*"))


def test_it_refuses_an_absent_data_directory(small, capsys):
    assert retrain.main(["--registry", str(small), "--data", str(small / "no")]) == 1
    assert "no such directory" in capsys.readouterr().err


def test_it_refuses_decisions_that_are_not_there(small, capsys):
    assert retrain.main(["--registry", str(small), "--decisions", "/nonexistent"]) == 1
    assert "/nonexistent" in capsys.readouterr().err


@pytest.mark.parametrize("other", [["--dry-run"], ["--output", "x"]])
def test_it_promotes_only_what_it_registers(other, capsys):
    with pytest.raises(SystemExit):
        retrain.main(["--promote", *other])
    assert "--promote goes with neither" in capsys.readouterr().err
