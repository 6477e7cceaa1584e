import json
import shutil
import time

import pytest

from classifier import registry
from classifier.cascade import Cascade
from classifier.registry import RegistryError
from classifier.text import Document

# A model is trained for them.
pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def model(model):
    return Cascade(model)


@pytest.fixture(scope="module")
def saved(tmp_path_factory, model):
    directory = tmp_path_factory.mktemp("saved")

    def add(created):
        name = registry.save(model, directory / "new", {"created": created}, "# {id}\n")
        (directory / "new").rename(directory / name)
        return name

    return directory, add("2026-01-01"), add("2026-01-02")


@pytest.fixture
def shelf(tmp_path, saved):
    """A registry with two models, to do with as one likes."""
    directory, *names = saved
    return shutil.copytree(directory, tmp_path / "shelf"), *names


def change_manifest(directory, **values):
    path = directory / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_it_loads_the_shipped_model_in_time():
    started = time.process_time()
    champion = registry.load(registry.SHIPPED)
    assert time.process_time() - started < 2
    scores = champion.model.score([Document("Thanks, that was a good read.")])[0]
    holds = [champion.model.thresholds_[label]["hold"] for label in ("dehumanising", "hateful", "spam")]
    assert (scores < holds).all()


def test_it_holds_plain_cases_with_the_shipped_model():
    model = registry.load(registry.SHIPPED).model
    text = "These migrants are vermin, exterminate the rats"
    assert model.score([Document(text)])[0, 0] >= model.thresholds_["dehumanising"]["hold"]


def test_it_loads_what_it_saved(shelf, model):
    directory, first, _ = shelf
    champion = registry.load(directory / first)
    document = Document("what a day")
    assert champion.id == first
    assert champion.manifest["created"] == "2026-01-01"
    assert (champion.model.score([document]) == model.score([document])).all()


def test_it_refuses_a_changed_file_before_reading_it(shelf):
    directory, first, _ = shelf
    (directory / first / "model.joblib").write_bytes(b"cposix\nsystem\n(S'exit 1'\ntR.")
    with pytest.raises(RegistryError, match="SHA-256 is"):
        registry.load(directory / first)


def test_it_refuses_another_minor_version(shelf):
    directory, first, _ = shelf
    change_manifest(directory / first, versions={"scikit-learn": "1.2.3"})
    with pytest.raises(RegistryError, match=r"written by scikit-learn 1\.2\.3"):
        registry.load(directory / first)


def test_it_refuses_a_model_of_another_format(shelf):
    directory, first, _ = shelf
    versions = json.loads((directory / first / "manifest.json").read_text())["versions"]
    change_manifest(directory / first, versions=versions | {"format": 1})
    with pytest.raises(RegistryError, match="features of another format"):
        registry.load(directory / first)


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("manifest.json", None, "cannot be read"),
        ("manifest.json", "{", "not JSON"),
        ("manifest.json", "[]", "are needed"),
        ("model.joblib", None, "no such file"),
    ],
)
def test_it_says_what_is_broken(shelf, name, content, complaint):
    directory, first, _ = shelf
    path = directory / first / name
    path.unlink()
    if content:
        path.write_text(content)
    with pytest.raises(RegistryError, match=complaint):
        registry.load(directory / first)


def test_it_uses_the_shipped_model_until_one_is_promoted(tmp_path):
    assert registry.champion_directory(tmp_path / "absent") == registry.SHIPPED


def test_it_promotes_and_rolls_back(shelf):
    directory, first, second = shelf
    registry.promote(directory, first)
    registry.promote(directory, second)
    assert registry.champion_directory(directory) == directory / second
    assert [entry["promoted"] for entry in registry.models(directory)] == [False, True]
    registry.rollback(directory)
    assert registry.champion_directory(directory) == directory / first
    registry.rollback(directory)
    assert registry.champion_directory(directory) == registry.SHIPPED
    with pytest.raises(RegistryError, match="nothing to roll back"):
        registry.rollback(directory)


def test_it_rolls_back_past_no_promotion_that_changed_nothing(shelf):
    directory, first, second = shelf
    registry.promote(directory, json.loads((registry.SHIPPED / "manifest.json").read_text())["id"])
    for name in (first, second, second):
        registry.promote(directory, name)
    assert registry.rollback(directory) == first
    assert registry.rollback(directory) == registry.load(registry.SHIPPED).id
    with pytest.raises(RegistryError, match="nothing to roll back"):
        registry.rollback(directory)


def test_it_goes_back_to_no_model_that_is_damaged(shelf):
    directory, first, second = shelf
    registry.promote(directory, first)
    registry.promote(directory, second)
    shutil.move(directory / first, directory / "away")
    with pytest.raises(RegistryError, match="cannot be read"):
        registry.rollback(directory)
    assert registry.champion_directory(directory) == directory / second
    shutil.move(directory / "away", directory / first)
    assert registry.rollback(directory) == first


def test_it_lists_what_is_damaged_or_gone_with_the_reason(shelf):
    directory, first, second = shelf
    registry.promote(directory, second)
    (directory / first / "manifest.json").write_text("{")
    (directory / second / "model.joblib").write_bytes(b"")
    broken, changed = registry.models(directory)
    assert (broken["id"], broken["promoted"], "not JSON" in broken["error"]) == (first, False, True)
    assert (changed["created"], changed["promoted"], "SHA-256" in changed["error"]) == (
        "2026-01-02",
        True,
        True,
    )
    shutil.rmtree(directory / second)
    gone = registry.models(directory)[-1]
    assert (gone["id"], gone["promoted"], "cannot be read" in gone["error"]) == (second, True, True)


def test_it_promotes_the_shipped_model_as_any_other(shelf, tmp_path):
    directory, first, _ = shelf
    shipped = json.loads((registry.SHIPPED / "manifest.json").read_text())["id"]
    registry.promote(directory, first)
    registry.promote(directory, shipped)
    assert registry.champion_directory(directory) == registry.SHIPPED
    registry.rollback(directory)
    assert registry.champion_directory(directory) == directory / first
    registry.promote(tmp_path / "absent", shipped)
    assert registry.champion_directory(tmp_path / "absent") == registry.SHIPPED


@pytest.mark.parametrize("name", ["2026-01-01-000000", "../champion", ""])
def test_it_promotes_only_what_is_there(shelf, name):
    with pytest.raises(RegistryError, match="no model"):
        registry.promote(shelf[0], name)


def test_it_does_not_promote_a_broken_model(shelf):
    directory, first, second = shelf
    registry.promote(directory, first)
    change_manifest(directory / second, sha256="0" * 64)
    with pytest.raises(RegistryError, match="SHA-256"):
        registry.promote(directory, second)
    assert registry.champion_directory(directory) == directory / first
