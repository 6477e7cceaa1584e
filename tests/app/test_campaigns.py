"""Campaigns: what is gathered and what never is, one decision and one undo for all, and the card's page."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from service import campaign_decisions, campaigns
from service.domain import Lane, Person, ReasonCode, Role, Ruling
from service.errors import Conflict, NotFound
from service.moderation import Moderation, Wish
from service.store.campaigns import Campaign
from tests.conftest import ADMIN, ANA, BEN, BLOG, Clock, submit
from tests.pages import Visitor, give_password

SPAM = Wish(Ruling.REJECT, ReasonCode.SPAM)
APPROVE = Wish(Ruling.APPROVE)


def copy(n: int, scores: str = "[spam=0.7]") -> str:
    """Write a near-copy: another name, sum and link, the same words around them."""
    name = ("Peter", "Maria Lopez", "Doctor Ojo", "my cousin Anita")[n % 4]
    return (
        f"I was amazed at what {name} has done for my family, we earned {100 + 37 * n} dollars in one week "
        f"only by following the simple steps on https://win{n}.example/go and you should try it, too {scores}"
    )


def send(m: Moderation, count: int, scores: str = "[spam=0.7]", first: int = 0) -> list[str]:
    """Submit near-copies, each by another author."""
    return [
        submit(m, copy(n, scores), f"c{n}", author=f"Author {n}", author_key=f"key{n}")["id"]
        for n in range(first, first + count)
    ]


def the_campaign(m: Moderation) -> Campaign:
    (found,) = m.store.campaigns.latest(["blog"])
    return found


def decide(m: Moderation, wish: Wish = SPAM, person: Person = ANA) -> campaign_decisions.Outcome:
    found = the_campaign(m)
    return campaign_decisions.decide(m, person, found.id, wish, found.last_at)


@pytest.fixture
def ana(app: Flask, moderation: Moderation) -> Visitor:
    give_password(moderation.store, ANA, BEN, ADMIN)
    visitor = Visitor(app)
    visitor.enter("ana")
    return visitor


def test_it_gathers_three_near_copies(moderation: Moderation) -> None:
    first, second = send(moderation, 2)
    assert moderation.store.campaigns.latest(["blog"]) == []
    third = submit(moderation, copy(2), "c2")
    assert third["reasons"] == ["score:spam", "campaign"]
    found = the_campaign(moderation)
    assert (found.count, found.waiting, found.earliest) == (3, 3, first)
    for item_id in (first, second, third["id"]):
        item = moderation.item(ANA, item_id)
        assert item.campaign == found.id
        assert item.judgement.lane is Lane.CAMPAIGNS
        assert "campaign" in {r.code for r in item.judgement.reasons}
    assert moderation.lanes(ANA)[Lane.CAMPAIGNS].count == 3
    assert moderation.lanes(ANA)[Lane.SPAM].count == 0


def test_it_holds_a_copy_that_would_have_been_let_through(moderation: Moderation) -> None:
    assert [submit(moderation, copy(n, ""), str(n))["verdict"] for n in range(4)] == [
        "approve", "approve", "hold", "hold",
    ]  # fmt: skip
    found = the_campaign(moderation)
    assert (found.count, found.waiting) == (4, 2)


def test_it_still_rejects_what_is_rejected_without_a_person(moderation: Moderation) -> None:
    assert [submit(moderation, copy(n, "[spam=0.99]"), str(n))["verdict"] for n in range(3)] == ["reject"] * 3
    assert the_campaign(moderation).waiting == 0


@pytest.mark.parametrize(
    "text",
    [
        "Great post!",
        "Thank you so much for sharing this, great post!",
        "Great great great great great great great great great great great great post, really really great!",
    ],
)
def test_it_never_gathers_short_praise(moderation: Moderation, text: str) -> None:
    assert [submit(moderation, text, str(n))["verdict"] for n in range(6)] == ["approve"] * 6
    assert moderation.store.campaigns.latest(["blog"]) == []


def test_it_gathers_nothing_across_sites_or_after_a_day(moderation: Moderation, clock: Clock) -> None:
    for n in range(4):
        submit(moderation, copy(n), str(n), site=("blog", "other")[n % 2])
    clock.move(86_401)
    submit(moderation, copy(5), "5")
    assert moderation.store.campaigns.latest(["blog", "other"]) == []


def test_it_counts_a_comment_once_however_often_it_comes(moderation: Moderation) -> None:
    for n in range(5):
        submit(moderation, copy(n), "same")
    assert moderation.store.campaigns.latest(["blog"]) == []


def test_it_leaves_out_what_a_moderator_has_decided_by_itself(moderation: Moderation) -> None:
    first, second = send(moderation, 2)
    moderation.decide(ANA, first, APPROVE)
    submit(moderation, copy(2), "c2")
    assert moderation.store.campaigns.latest(["blog"]) == []
    submit(moderation, copy(3), "c3")
    assert the_campaign(moderation).count == 3
    assert moderation.item(ANA, first).campaign == ""
    assert moderation.item(ANA, second).campaign == the_campaign(moderation).id


def test_an_edited_copy_leaves_the_campaign(moderation: Moderation) -> None:
    first, *_ = send(moderation, 4)
    submit(moderation, "I have thought again. [hateful=0.8]", "c0", author="Author 0", author_key="key0")
    assert the_campaign(moderation).count == 3
    item = moderation.item(ANA, first)
    assert (item.campaign, item.judgement.lane) == ("", Lane.HATEFUL)


def test_a_copy_that_could_not_be_scored_stays_where_it_is_scored_again(moderation: Moderation) -> None:
    send(moderation, 3)
    broken = submit(moderation, copy(3, "[broken]"), "c3")
    assert moderation.item(ANA, broken["id"]).judgement.lane is Lane.ERRORS
    assert moderation.lanes(ANA)[Lane.ERRORS].count == 1
    assert the_campaign(moderation).count == 4


def test_one_decision_reaches_every_copy_and_one_undo_takes_it_back(moderation: Moderation) -> None:
    ids = send(moderation, 40)
    assert decide(moderation).reached == 40
    decisions = {moderation.item(ANA, i).decision for i in ids}
    assert len(decisions) == 1
    assert decisions.pop() == the_campaign(moderation).decision
    assert (the_campaign(moderation).waiting, the_campaign(moderation).left) == (0, 0)
    assert len(moderation.store.outbox.lease_due(moderation.clock(), 30, 100)) == 40
    assert campaign_decisions.undo(moderation, BEN, the_campaign(moderation).id).reached == 40
    assert [i.decision for i in moderation.store.views.items(ids)] == [None] * 40
    assert the_campaign(moderation).waiting == 40
    assert the_campaign(moderation).decision is None
    kinds = [json.loads(e)["kind"] for e in moderation.store.views.log("blog", 200)]
    assert kinds.count("campaign decide") == kinds.count("campaign undo") == 1


def test_it_takes_down_what_was_let_through_and_approves_only_what_waits(moderation: Moderation) -> None:
    ids = send(moderation, 4, scores="")
    assert decide(moderation, APPROVE).reached == 2
    campaign_decisions.undo(moderation, ANA, the_campaign(moderation).id)
    assert decide(moderation).reached == 4
    assert {moderation.item(ANA, i).outcome for i in ids} == {"reject"}


def test_it_leaves_what_others_decided_or_read(moderation: Moderation, clock: Clock) -> None:
    first, second, third, fourth = send(moderation, 4)
    moderation.decide(BEN, first, APPROVE)
    moderation.claim(BEN, second)
    outcome = decide(moderation)
    assert (outcome.reached, [str(e) for e in outcome.left]) == (2, ["ben is reading this comment"])
    assert [moderation.item(ANA, i).outcome for i in (first, second, third, fourth)] == [
        "approve", "hold", "reject", "reject",
    ]  # fmt: skip
    clock.move(1)
    campaign_decisions.undo(moderation, ANA, the_campaign(moderation).id)
    assert moderation.item(ANA, first).outcome == "approve"


def test_it_decides_nothing_that_came_after_what_was_seen(moderation: Moderation, clock: Clock) -> None:
    send(moderation, 3)
    seen = the_campaign(moderation)
    clock.move(5)
    (late,) = send(moderation, 1, first=3)
    campaign_decisions.decide(moderation, ANA, seen.id, SPAM, seen.last_at)
    assert moderation.item(ANA, late).pending
    assert the_campaign(moderation).waiting == 1


def test_a_later_copy_is_never_decided_silently(moderation: Moderation, clock: Clock) -> None:
    send(moderation, 3)
    decide(moderation)
    clock.move(60)
    (late,) = send(moderation, 1, first=3)
    item = moderation.item(ANA, late)
    assert item.pending
    assert item.campaign == the_campaign(moderation).id
    assert decide(moderation).reached == 1
    clock.move(60)
    # The undo of the later decision leaves the first one as it is.
    assert campaign_decisions.undo(moderation, ANA, the_campaign(moderation).id).reached == 1
    assert the_campaign(moderation).waiting == 1
    assert campaign_decisions.undo(moderation, ANA, the_campaign(moderation).id).reached == 3


class Killed(Exception):
    """The process dies here."""


def killed_at(m: Moderation, reached: int, before: bool, act: Callable[[], object]) -> None:
    """Do something that dies at a member, before or after it is crossed out."""
    done, crossed = m.store.campaigns.done, 0

    def dying(campaign_id: str, item_id: str) -> None:
        nonlocal crossed
        if before and crossed == reached:
            raise Killed
        done(campaign_id, item_id)
        crossed += 1
        if not before and crossed == reached:
            raise Killed

    with pytest.MonkeyPatch.context() as patch, suppress(Killed):
        patch.setattr(m.store.campaigns, "done", dying)
        act()


def test_it_finishes_what_a_crash_interrupted(moderation: Moderation) -> None:
    m = moderation

    @settings(max_examples=25, deadline=None)
    @given(reached=st.integers(0, 5), undoing=st.booleans(), before=st.booleans())
    def run(reached: int, undoing: bool, before: bool) -> None:
        m.store._db.client.flushall()
        m.store.registry.partitions(16)
        m.store.registry.add_site(BLOG)
        ids = send(m, 5)
        if undoing:
            decide(m)
            killed_at(m, reached, before, lambda: campaign_decisions.undo(m, ANA, the_campaign(m).id))
        else:
            killed_at(m, reached, before, lambda: decide(m))
        campaign_decisions.finish(m, BEN, the_campaign(m).id)
        items = m.store.views.items(ids)
        assert {i.outcome for i in items} == {"hold" if undoing else "reject"}
        assert {i.decision.by for i in items if i.decision} == (set() if undoing else {"ana"})
        assert the_campaign(m).left == 0
        assert (the_campaign(m).decision is None) == undoing
        assert len(m.store.views.examples("blog")) == (10 if undoing else 5)

    run()


def test_it_refuses_a_second_decision_before_the_first_is_finished(moderation: Moderation) -> None:
    send(moderation, 3)
    found = the_campaign(moderation)
    moderation.store._db.client.sadd(f"mq:{{p{found.id[:2]}}}:todo:{found.id}", found.earliest)
    with pytest.raises(Conflict, match="not finished"):
        decide(moderation)


def test_it_says_when_there_is_nothing_to_decide_or_undo(moderation: Moderation) -> None:
    ids = send(moderation, 3)
    with pytest.raises(Conflict, match="no decision to undo"):
        campaign_decisions.undo(moderation, ANA, the_campaign(moderation).id)
    decide(moderation)
    with pytest.raises(Conflict, match="nothing left"):
        decide(moderation)
    for item_id in ids:
        moderation.undo(ANA, item_id)
    with pytest.raises(Conflict, match="nothing left"):
        campaign_decisions.undo(moderation, ANA, the_campaign(moderation).id)
    assert the_campaign(moderation).decision is None


def test_it_shows_a_campaign_to_moderators_of_its_site_alone(moderation: Moderation) -> None:
    send(moderation, 3)
    stranger = Person("eve", Role.MODERATOR, ("other",))
    for wrong in (the_campaign(moderation).id, "no-such", "0" * 26 + "-1"):
        with pytest.raises(NotFound):
            campaign_decisions.find(moderation, stranger, wrong)


def test_the_page_shows_previews_decides_and_undoes(ana: Visitor, moderation: Moderation) -> None:
    send(moderation, 12)
    path = f"/campaigns/{the_campaign(moderation).id}"
    assert f'href="{path}"' in ana.get("/campaigns/").html
    assert f'href="{path}"' in ana.get("/?lane=campaigns").html
    page = ana.get(path)
    assert "12 near-copies by 12 authors" in page.text
    assert page.html.count('<div class="copy"') == 5
    assert "Least similar" in page.text
    assert '<mark class="varies">' in page.html
    assert not [f for f in page.forms if "/decision" in f.action]
    preview = ana.get(f"{path}?choice=reject:spam")
    assert "Reject 12 copies as spam?" in preview.text
    assert the_campaign(moderation).waiting == 12
    done = ana.send(preview.form("/decision"))
    assert "Rejected as spam: 12 copies." in done.text
    assert the_campaign(moderation).waiting == 0
    submit(moderation, copy(13), "late")
    assert "1 copy came later and waits" in ana.get(path).text
    undone = ana.send(ana.get(path).form("/undo"))
    assert "Undone for 12 copies." in undone.text
    assert the_campaign(moderation).waiting == 13


def test_the_page_says_kindly_that_somebody_was_faster(ana: Visitor, moderation: Moderation) -> None:
    send(moderation, 3)
    preview = ana.get(f"/campaigns/{the_campaign(moderation).id}?choice=approve")
    decide(moderation, person=BEN)
    page = ana.send(preview.form("/decision"))
    assert page.status == 409
    assert "Not done: there is nothing left to do here" in page.text
    assert "by ben" in page.text


@pytest.mark.parametrize("choice", ["reject", "reject:nonsense", "approve:spam", "delete"])
def test_the_page_refuses_a_choice_that_is_none(ana: Visitor, moderation: Moderation, choice: str) -> None:
    send(moderation, 3)
    assert ana.get(f"/campaigns/{the_campaign(moderation).id}?choice={choice}").status == 422


def test_the_page_escapes_what_strangers_wrote(ana: Visitor, moderation: Moderation) -> None:
    for n in range(3):
        submit(moderation, f"<script>alert({n})</script>" + copy(n), str(n), author=f"<b>{n}</b>")
    page = ana.get(f"/campaigns/{the_campaign(moderation).id}")
    assert "<script>alert" not in page.html
    assert "<b>0" not in page.html


def test_a_copy_on_the_desk_leads_to_its_campaign(ana: Visitor, moderation: Moderation) -> None:
    ids = send(moderation, 3)
    page = ana.get(f"/?item={ids[0]}")
    assert "One of 3 near-copies" in page.text


def test_a_copy_outlives_its_campaign_on_the_desk(ana: Visitor, moderation: Moderation) -> None:
    ids = send(moderation, 3)
    client = moderation.store._db.client
    client.delete(*client.keys("*campaign:*"), *client.keys("*members:*"))
    page = ana.get(f"/?item={ids[0]}&lane=campaigns")
    assert page.status == 200
    assert "near-copies:" not in page.text


WORDS = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "zeta",
    "eta",
    "theta",
    "iota",
    "kappa",
    "lambda",
    "mu",
]


words = st.lists(st.sampled_from([*WORDS, "nu", "xi"]), max_size=60)


@given(words)
def test_a_fingerprint_is_that_of_words_not_of_their_dress(chosen: list[str]) -> None:
    plain = campaigns.fingerprint(" ".join(chosen))
    dressed = campaigns.fingerprint("  ".join(w.upper() + "," for w in chosen) + "!")
    assert plain == dressed
    assert (plain == ()) == (len(set(chosen)) < campaigns.MIN_WORDS)


@given(st.text(max_size=400), st.text(max_size=100))
def test_a_fingerprint_can_be_made_of_whatever_comes(text: str, url: str) -> None:
    clean = text.encode("utf-8", "ignore").decode()
    parts = campaigns.fingerprint(clean, url.encode("utf-8", "ignore").decode())
    assert all(len(p) == 5 for p in parts)
    assert len(parts) in (0, *range(campaigns.BANDS, campaigns.BANDS + campaigns.LINKS_KEPT + 1))


def test_a_fingerprint_reads_scripts_without_spaces() -> None:
    text = "这个网站上的每个人都应该试一试这种新方法因为它真的改变了我的生活和家庭"
    assert campaigns.fingerprint(text)


def test_texts_that_differ_share_hardly_any_band() -> None:
    one = campaigns.fingerprint(copy(1))
    other = campaigns.fingerprint(
        "The council has said nothing about the new cranes at the harbour, and I ask who pays for them all."
    )
    assert len(set(one) & set(other)) < 3
    assert len({p for p in one if p[0] != "/"} & set(campaigns.fingerprint(copy(2)))) >= 3


@given(st.lists(st.text("abc \n<&", min_size=1, max_size=60), min_size=1, max_size=8))
def test_what_is_marked_is_the_whole_text_in_order(texts: list[str]) -> None:
    shown = campaigns.shown(texts)
    assert len(shown) == min(len(texts), campaigns.SHOWN)
    assert len({m.index for m in shown}) == len(shown)
    for member in shown:
        assert "".join(piece for piece, _ in member.pieces) == texts[member.index]
        assert 0.0 <= member.similarity <= 1.0
    least = min(campaigns.similarity(texts[shown[0].index], t) for t in texts)
    assert min(m.similarity for m in shown) == least


def test_it_marks_what_varies() -> None:
    texts = [
        "ten watches from Anna now",
        "ten watches from Bert now",
        "ten watches from Carl now",
    ]
    for member in campaigns.shown(texts):
        assert [p for p, varies in member.pieces if varies] == [texts[member.index].split()[3]]


def test_it_counts_linked_domains() -> None:
    found = campaigns.domains(
        [
            ("see https://www.win.example/a and http://win.example", ""),
            ("www.other.example", "https://win.example"),
        ]
    )
    assert found == {"win.example": 2, "other.example": 1}


def test_a_campaign_of_a_removed_moderator_can_be_finished(moderation: Moderation) -> None:
    send(moderation, 3)
    gone = replace(ANA, name="gone")
    found = the_campaign(moderation)
    campaign_decisions.decide(moderation, gone, found.id, SPAM, found.last_at)
    assert campaign_decisions.finish(moderation, ANA, found.id).reached == 0
