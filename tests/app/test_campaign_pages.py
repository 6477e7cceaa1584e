"""Campaigns as moderators see them: the page, what is marked, how copies are known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import campaigns
from service.moderation import Moderation
from tests.app.copies import copy, decide, send, the_campaign
from tests.conftest import BEN, submit
from tests.pages import Visitor


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


def test_the_desk_undoes_a_campaign_that_was_decided_last(ana: Visitor, moderation: Moderation) -> None:
    single = submit(moderation, "[hateful=0.9]", "single")["id"]
    ana.send(ana.get(f"/?item={single}").form("/decision"), decision="approve")
    send(moderation, 12)
    path = f"/campaigns/{the_campaign(moderation).id}"
    ana.send(ana.get(f"{path}?choice=reject:spam").form("/decision"))
    desk = ana.get("/?lane=spam")
    assert "Rejected: spam · Campaign of 12" in desk.text
    assert [given["id"] for given in desk.with_attribute("id")].count("undo") == 1
    after = ana.send(desk.form("/undo"))
    assert (after.path, "Undone for 12 copies." in after.text) == ("/?lane=spam", True)
    assert the_campaign(moderation).waiting == 12
    assert moderation.store.views.item(single).outcome == "approve"
    assert not [f for f in ana.get("/").forms if "/undo" in f.action]


def test_the_desk_forgets_a_campaign_when_something_else_is_decided(
    ana: Visitor, moderation: Moderation
) -> None:
    send(moderation, 3)
    path = f"/campaigns/{the_campaign(moderation).id}"
    ana.send(ana.get(f"{path}?choice=approve").form("/decision"))
    single = submit(moderation, "[hateful=0.9]", "single")["id"]
    after = ana.send(ana.get(f"/?item={single}").form("/decision"), decision="approve")
    assert f"/items/{single}/undo" in after.form("/undo").action
    assert "Campaign of 3" not in after.text


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


def test_the_pages_veil_the_hardest_texts(ana: Visitor, moderation: Moderation) -> None:
    send(moderation, 3, "[hateful=0.95]")
    path = f"/campaigns/{the_campaign(moderation).id}"
    assert ana.get(path).html.count('<details class="veil"') == 3
    assert "Veiled: hateful 0.95" in ana.get(path).text
    for cards in ("/campaigns/", "/?lane=campaigns"):
        assert 'class="words veiled" dir="auto" aria-hidden="true">I was amazed' in ana.get(cards).html
    moderation.store.personal.prefer("ana", {"veil": False})
    assert "veil" not in ana.get(path).html
    assert "words veiled" not in ana.get("/campaigns/").html


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


@pytest.mark.parametrize("time", ["nan", "inf", "soon", ""])
def test_the_page_takes_no_time_that_is_none(ana: Visitor, moderation: Moderation, time: str) -> None:
    send(moderation, 3)
    form = ana.get(f"/campaigns/{the_campaign(moderation).id}?choice=approve").form("/decision")
    form.fields["seen_until"] = time
    assert ana.send(form).status == 422
    assert the_campaign(moderation).waiting == 3
