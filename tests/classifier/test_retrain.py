import json

import pytest

from classifier import registry, retrain


def test_it_trains_from_our_own_data(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("MODQUEUE_DATASETS", raising=False)
    assert retrain.main(["--registry", str(tmp_path)]) == 0
    (entry,) = registry.models(tmp_path)
    champion = registry.load(tmp_path / entry["id"])
    assert champion.id == entry["id"] in capsys.readouterr().out
    assert champion.manifest["metrics"]["spam"]["auc"] > 0.8
    assert champion.model.thresholds_["hateful"]["reject"] is None
    assert entry["id"] in (tmp_path / entry["id"] / "card.md").read_text()


@pytest.mark.parametrize("content", ["{", json.dumps({"id": 1})])
def test_it_refuses_bad_decisions(tmp_path, content, capsys):
    decisions = tmp_path / "decisions.jsonl"
    decisions.write_text(content)
    assert retrain.main(["--registry", str(tmp_path), "--decisions", str(decisions)]) == 1
    assert "decisions.jsonl:1:" in capsys.readouterr().err


def test_it_refuses_an_absent_data_directory(tmp_path, capsys):
    assert retrain.main(["--registry", str(tmp_path), "--data", str(tmp_path / "no")]) == 1
    assert "no such directory" in capsys.readouterr().err
