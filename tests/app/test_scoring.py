"""The champion in memory: loaded, kept, replaced, and what happens where there is none."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from classifier import registry
from classifier.cascade import Cascade
from classifier.model import CommentModel
from classifier.text import Document
from service import scoring
from service.domain import LABELS, Comment
from service.errors import ScorerError
from service.scoring import Scorer

VERMIN = Comment("blog", "1", "They are vermin. Exterminate them.", author="Ana")


@pytest.fixture(autouse=True)
def always_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "POLL_S", -1.0)


def test_it_scores_and_explains_with_the_shipped_champion(tmp_path: Path) -> None:
    model = Scorer(tmp_path).current()
    scores = model.score(VERMIN)
    assert set(scores) == set(LABELS)
    assert scores["dehumanising"] > (model.recommended["dehumanising"].hold or 1)
    (why,) = model.explain(VERMIN, ["dehumanising"])
    total = why.bias + sum(c for _, _, c in why.spans) + sum(c for _, c in why.fields)
    assert total == pytest.approx(why.log_odds, abs=1e-9)
    assert why.score == pytest.approx(scores["dehumanising"], abs=1e-6)


def test_it_never_recommends_to_reject_but_for_spam(tmp_path: Path) -> None:
    recommended = Scorer(tmp_path).current().recommended
    assert {k for k, t in recommended.items() if t.reject is not None} <= {"spam"}


def test_it_takes_up_a_promoted_model_and_keeps_the_old_one_for_who_has_it(tmp_path: Path) -> None:
    scorer = Scorer(tmp_path)
    shipped = scorer.current()
    shutil.copytree(registry.SHIPPED, tmp_path / shipped.id)
    registry.promote(tmp_path, shipped.id)
    promoted = scorer.current()
    assert promoted is not shipped
    assert promoted.score(VERMIN) == shipped.score(VERMIN)
    assert scorer.current() is promoted
    registry.rollback(tmp_path)
    assert scorer.current() is not promoted


def test_it_keeps_the_champion_where_the_promoted_file_is_damaged(tmp_path: Path) -> None:
    scorer = Scorer(tmp_path)
    shipped = scorer.current()
    shutil.copytree(registry.SHIPPED, tmp_path / shipped.id)
    registry.promote(tmp_path, shipped.id)
    (tmp_path / shipped.id / "model.joblib").write_bytes(b"damaged")
    assert scorer.current().score(VERMIN) == shipped.score(VERMIN)


def test_it_says_so_where_there_is_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "champion_directory", lambda _models: tmp_path / "nothing")
    model = Scorer(tmp_path).current()
    assert (model.id, model.explain(VERMIN, LABELS)) == ("none", ())
    with pytest.raises(ScorerError, match="doctor"):
        model.score(VERMIN)


def test_it_turns_whatever_a_model_does_into_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Scorer(tmp_path).current()
    monkeypatch.setattr(CommentModel, "log_odds", lambda *_: 1 / 0)
    monkeypatch.setattr(Cascade, "explain_all", lambda *_: 1 / 0)
    with pytest.raises(ScorerError, match="ZeroDivisionError"):
        model.score(VERMIN)
    assert model.explain(VERMIN, LABELS) == ()


def test_it_scores_together_what_is_asked_for_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, real = Scorer(tmp_path).current(), CommentModel.log_odds
    comments = [
        replace(VERMIN, text=text)
        for text in ("One.", "Vermin, all of them.", "Bad.", "Ferries leave at ten.")
    ]
    alone = [model.score(c) for c in comments]
    batches: list[int] = []
    begun, more = threading.Event(), threading.Event()

    def log_odds(self: CommentModel, documents: Sequence[Document]) -> object:
        batches.append(len(documents))
        begun.set()
        assert more.wait(60)
        if any(d.text == "Bad." for d in documents):
            raise ValueError
        return real(self, documents)

    monkeypatch.setattr(CommentModel, "log_odds", log_odds)
    with ThreadPoolExecutor(len(comments)) as pool:
        found = [pool.submit(model.score, comments[0])]
        assert begun.wait(60)
        found += [pool.submit(model.score, c) for c in comments[1:]]
        while len(model._asked) < 3:
            time.sleep(0.001)
        more.set()
    # The one that breaks the model is found out by trying each, and the others have their scores.
    assert batches == [1, 3, 1, 1, 1]
    with pytest.raises(ScorerError, match="ValueError"):
        found.pop(2).result()
    for future, scores in zip(found, [*alone[:2], alone[3]], strict=True):
        assert future.result() == pytest.approx(scores, abs=1e-6)


def test_it_scores_what_is_clear_while_another_comment_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, real = Scorer(tmp_path).current(), Cascade.finish
    clear = replace(VERMIN, text="Ferries leave at ten.")
    alone = model.score(VERMIN), model.score(clear)
    begun, more = threading.Event(), threading.Event()

    def finish(self: Cascade, document: Document, odds: object) -> object:
        if document.text == VERMIN.text:
            begun.set()
            assert more.wait(60)
        return real(self, document, odds)

    monkeypatch.setattr(Cascade, "finish", finish)
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(model.score, VERMIN)
        assert begun.wait(60)
        assert model.score(clear) == alone[1]
        assert not read.done()
        more.set()
    assert read.result() == alone[0]


def test_it_names_a_language_that_the_champion_has_not_learnt(tmp_path: Path) -> None:
    model = Scorer(tmp_path).current()
    assert model.language(Comment("blog", "1", "Das ist doch wieder ein sehr guter Artikel.")) == "de"
    assert model.language(VERMIN) == ""


def test_it_scores_where_the_language_cannot_be_identified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("classifier.language.foreign", lambda _: 1 / 0)
    assert Scorer(tmp_path).current().language(VERMIN) == ""


def test_it_explains_what_is_quoted_apart(tmp_path: Path) -> None:
    text = f"> {VERMIN.text}\n\nThat is a lie. My neighbours came from there and teach your children."
    (why,) = Scorer(tmp_path).current().explain(Comment("blog", "1", text), ["dehumanising"])
    (quote,) = why.quotes
    assert text[quote.start : quote.end].startswith(f"> {VERMIN.text}")
    assert quote.score > why.score
    whole = why.bias + sum(c for _, _, c in quote.spans) + sum(c for _, c in quote.fields)
    assert whole == pytest.approx(quote.log_odds, abs=1e-9)
