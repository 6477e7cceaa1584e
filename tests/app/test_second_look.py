"""A second look: what copies and scores speak against is offered, kept or changed, and never dropped."""

from __future__ import annotations

import random

import pytest

from service import examples, second_look
from service.domain import ReasonCode, Ruling
from service.errors import Conflict
from service.moderation import Moderation, Wish
from tests.conftest import ANA, BEN, Clock, submit
from tests.pages import Visitor

REJECT, APPROVE = Wish(Ruling.REJECT, ReasonCode.HATEFUL), Wish(Ruling.APPROVE)
TEXT = "they should all go back to where they came from before the harbour was built, I say to you {}"


def test_it_finds_the_labels_that_confident_learning_finds() -> None:
    # By hand: those given as so score .7 on average, those given as not so .2, that is .8 for not so.
    scores = [0.9, 0.8, 0.9, 0.2, 0.1, 0.0, 0.1, 0.6]
    given = [True, True, True, True, False, False, False, False]
    assert second_look.suspects(scores, given) == [(3, pytest.approx(0.6))]
    # One that is given as not so, and scores as those that are: .95 is above their .7.
    found = second_look.suspects([*scores, 0.95], [*given, False])
    assert [n for n, _ in found] == [3, 8]
    assert found[1][1] == pytest.approx(0.9)
    assert second_look.suspects([0.1, 0.9], [True, True]) == []


def test_it_finds_labels_that_were_flipped() -> None:
    chance = random.Random(5)
    truth = [n % 3 == 0 for n in range(600)]
    scores = [min(1.0, max(0.0, chance.gauss(0.85 if so else 0.15, 0.12))) for so in truth]
    flipped = set(chance.sample(range(600), 30))
    given = [so is not (n in flipped) for n, so in enumerate(truth)]
    found = {n for n, _ in second_look.suspects(scores, given)}
    # Of 30; what was flipped where the score itself is doubtful, nobody can tell.
    assert len(found & flipped) > 15
    assert len(found & flipped) / len(found) > 0.8


@pytest.fixture
def copies(moderation: Moderation, clock: Clock) -> list[str]:
    """Three near-copies: two were rejected, the third approved."""
    ids = [str(submit(moderation, f"[hateful=0.8] {TEXT.format(n)}", str(n))["id"]) for n in range(3)]
    for item_id, wish in zip(ids, (REJECT, REJECT, APPROVE), strict=True):
        clock.move(1)
        moderation.decide(ANA, item_id, wish)
    return ids


def test_it_offers_what_near_copies_speak_against(moderation: Moderation, copies: list[str]) -> None:
    (doubt,) = second_look.doubts(moderation, BEN, "blog")
    assert doubt.copy
    assert (doubt.item.id, doubt.copy.id in copies[:2]) == (copies[2], True)
    # It is learnt from, all the same, until somebody changes it.
    assert len(list(examples.export(moderation.store))) == 3


def test_of_two_that_differ_the_later_one_is_offered(moderation: Moderation, copies: list[str]) -> None:
    moderation.undo(ANA, copies[0])
    (doubt,) = second_look.doubts(moderation, BEN, "blog")
    assert doubt.item.id == copies[2]


def test_what_is_kept_is_not_offered_again_until_it_is_decided_anew(
    moderation: Moderation, copies: list[str], clock: Clock
) -> None:
    (doubt,) = second_look.doubts(moderation, BEN, "blog")
    assert doubt.item.decision
    second_look.keep(moderation, BEN, copies[2], doubt.item.decision.at)
    assert second_look.doubts(moderation, BEN, "blog") == []
    moderation.undo(ANA, copies[2])
    with pytest.raises(Conflict, match="since"):
        second_look.keep(moderation, BEN, copies[2], doubt.item.decision.at)
    clock.move(5)
    moderation.decide(ANA, copies[2], APPROVE)
    assert len(second_look.doubts(moderation, BEN, "blog")) == 1


def test_it_offers_what_scores_speak_against(moderation: Moderation) -> None:
    for n in range(6):
        item = submit(moderation, f"[hateful=0.9] {n}", str(n))["id"]
        moderation.decide(ANA, item, REJECT)
        fine = submit(moderation, f"[hateful=0.05] {n}", f"fine {n}")["id"]
        moderation.decide(ANA, fine, APPROVE)
    wrong = submit(moderation, "[hateful=0.97]", "wrong")["id"]
    moderation.decide(ANA, wrong, APPROVE)
    (doubt,) = second_look.doubts(moderation, BEN, "blog")
    assert (doubt.item.id, doubt.label, doubt.margin) == (wrong, "hateful", pytest.approx(0.94))


def test_the_page_offers_and_takes_an_answer(
    moderation: Moderation, copies: list[str], visitor: Visitor
) -> None:
    visitor.enter("ben")
    page = visitor.get("/second-look/?site=blog")
    assert "A near-copy was decided otherwise:" in page.text
    assert 'class="veil"' not in page.html
    form = page.form(f"/second-look/{copies[2]}")
    assert "Noted: it stays as it is." in visitor.send(form).text
    assert "Nothing speaks against the latest decisions." in visitor.get("/second-look/").text
    moderation.undo(ANA, copies[2])
    assert "Not done: another decision was made since." in visitor.send(form).text


def test_the_page_veils_the_hardest_texts(moderation: Moderation, visitor: Visitor, clock: Clock) -> None:
    for n, wish in enumerate((REJECT, REJECT, APPROVE)):
        clock.move(1)
        item = submit(moderation, f"[hateful=0.95] {TEXT.format(n)}", str(n))["id"]
        moderation.decide(ANA, item, wish)
    visitor.enter("ben")
    page = visitor.get("/second-look/?site=blog")
    assert page.html.count('<details class="veil"') == 2
    moderation.store.personal.prefer("ben", {"veil": False})
    assert 'class="veil"' not in visitor.get("/second-look/?site=blog").html
