"""The desk in a real browser: keys, claims, conflicts, hostile text, small screens, no scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from service.domain import ReasonCode, Ruling
from service.moderation import Moderation, Wish
from tests.browser.conftest import PHONE, Open, claimed, eventually, expect_fault, held, shows
from tests.conftest import BEN, Clock, submit

pytestmark = pytest.mark.process

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=https://evil.example/x onerror=alert(1)>",
    "<svg><style>*{display:none}</style><script>alert(1)</script></svg>",
    "<style>body{display:none}</style>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<base href=https://evil.example/><meta http-equiv=refresh content=0;url=https://evil.example>",
    "</div></article></main></body><form id=desk action=https://evil.example>",
    "'\"--><svg/onload=alert(1)>{{7*7}}${7*7}<%= 7*7 %>",
    "\u202egnirts desrever\u202c \u2066\u2067 \u200b\ufeff",
    "h" + "\u0300\u0301\u0302" * 300,
    "unbroken" * 500,
    "line\n\n\n\n\nbreak\ttab",
]


def test_it_decides_by_key_and_goes_on(open_desk: Open, ids: list[str], moderation: Moderation) -> None:
    page = open_desk()
    shows(page, "Comment 0")
    for keys, following in (["a"], "Comment 1"), (["r", "2"], "Comment 2"), (["r", "Enter"], "Comment 3"):
        for key in keys:
            page.keyboard.press(key)
        shows(page, following)
    page.keyboard.press("s")
    shows(page, "Wares")
    page.keyboard.press("s")
    expect(page.get_by_text("All done here.")).to_be_visible()
    decided = [held(moderation, i).decision for i in ids]
    assert [(d.ruling, d.reason) for d in decided if d] == [
        (Ruling.APPROVE, None),
        (Ruling.REJECT, ReasonCode.HATEFUL),
        (Ruling.REJECT, ReasonCode.DEHUMANISING),
        (Ruling.REJECT, ReasonCode.SPAM),
        (Ruling.REJECT, ReasonCode.SPAM),
    ]


def test_it_leaves_the_list_as_it_is(open_desk: Open, ids: list[str]) -> None:
    page = open_desk()
    page.locator(f".pick [value='{ids[0]}']").check()
    page.keyboard.press("a")
    shows(page, "Comment 1")
    expect(page.locator("#rows .past")).to_have_attribute("data-id", ids[0])
    expect(page.locator("#rows [aria-current]")).to_have_id(f"row-{ids[1]}")
    assert page.url.endswith(f"item={ids[1]}")
    # The next look at the service says the rest.
    expect(page.locator(f"#row-{ids[0]} .tag")).to_have_text("approved by ana")
    expect(page.locator("#lane-pending .n")).to_have_text("4")
    expect(page).to_have_title("All waiting (4) · Modqueue")
    expect(page.locator("#chosen-count")).to_have_text("")
    expect(page.locator(".pick")).to_have_count(4)


def test_it_undoes_by_key_also_after_reload(open_desk: Open, ids: list[str], moderation: Moderation) -> None:
    page = open_desk()
    page.keyboard.press("a")
    shows(page, "Comment 1")
    page.reload()
    page.keyboard.press("u")
    shows(page, "Comment 0")
    expect(page.locator("#announce")).to_contain_text("Undone")
    assert held(moderation, ids[0]).pending


def test_it_walks_the_list_and_back_in_history(open_desk: Open, ids: list[str]) -> None:
    page = open_desk()
    page.keyboard.press("j")
    shows(page, "Comment 1")
    page.keyboard.press("n")
    shows(page, "Comment 2")
    assert page.url.endswith(f"item={ids[2]}")
    page.keyboard.press("k")
    shows(page, "Comment 1")
    page.go_back()
    shows(page, "Comment 2")


def test_it_decides_by_mouse(open_desk: Open, ids: list[str], moderation: Moderation) -> None:
    page = open_desk()
    page.get_by_text("Reject for another reason").click()
    page.get_by_role("button", name="Off topic").click()
    shows(page, "Comment 1")
    decision = held(moderation, ids[0]).decision
    assert decision
    assert decision.reason is ReasonCode.OFF_TOPIC


def test_it_leaves_other_keys_alone(open_desk: Open, ids: list[str], moderation: Moderation) -> None:
    page = open_desk()
    for key in ("Control+a", "Alt+a", "Meta+a", "Shift+A", "1", "Enter", "Escape", "x"):
        page.keyboard.press(key)
    page.locator("#site").focus()
    page.keyboard.press("a")
    page.keyboard.press("?")
    page.locator("#item").focus()
    page.keyboard.press("?")
    with page.expect_response("**/preferences"):
        page.get_by_label("Decide by single keys").uncheck()
    page.locator("#item").focus()
    page.keyboard.press("a")
    page.reload()
    page.keyboard.press("a")
    shows(page, "Comment 0")
    assert all(held(moderation, i).pending for i in ids)
    expect(page.get_by_label("Decide by single keys")).not_to_be_checked()


def test_it_claims_on_opening_and_gives_back_on_leaving(
    open_desk: Open, ids: list[str], moderation: Moderation
) -> None:
    page = open_desk()
    expect(page.locator("#lease")).to_contain_text("Yours until")
    lease = held(moderation, ids[0]).lease
    assert lease
    assert lease.by == "ana"
    other = open_desk("ben")
    expect(other.locator(f"#row-{ids[0]}")).to_contain_text("ana is reading")
    shows(other, "Comment 1")
    expect(other.locator("#lease")).to_contain_text("Yours until")
    page.keyboard.press("n")
    shows(page, "Comment 2")
    expect(page.locator("#lease")).to_contain_text("Yours until")
    page.goto("/account")
    eventually(page, lambda: held(moderation, ids[2]).lease is None)


def test_it_claims_anew_after_a_lease_ran_out(
    open_desk: Open, ids: list[str], clock: Clock, faults: list[str]
) -> None:
    page = open_desk()
    expect(page.locator("#lease")).to_contain_text("Yours until")
    clock.move(301)
    with page.expect_response(lambda r: r.url.endswith("/claim") and r.ok):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect_fault(page, faults, "409")
    page.keyboard.press("a")
    shows(page, "Comment 1")


def test_it_shows_a_conflict_kindly(
    open_desk: Open, ids: list[str], moderation: Moderation, faults: list[str]
) -> None:
    page = open_desk()
    expect(page.locator("#lease")).to_contain_text("Yours until")
    lease = held(moderation, ids[0]).lease
    assert lease
    moderation.store.queue.release(ids[0], lease.token)
    moderation.decide(BEN, ids[0], Wish(Ruling.REJECT, ReasonCode.HATEFUL))
    page.keyboard.press("a")
    expect(page.locator("#conflict")).to_contain_text("ben was faster")
    expect(page.locator("#conflict")).to_contain_text("Your choice was: approve.")
    expect_fault(page, faults, "409")
    page.keyboard.press("n")
    shows(page, "Comment 1")


def test_it_says_when_a_decision_did_not_get_through(
    open_desk: Open, ids: list[str], moderation: Moderation, faults: list[str]
) -> None:
    page = open_desk()
    page.route("**/decision", lambda route: route.abort())
    # A page that was there before the route may still go past it.
    page.reload()
    claimed(page)
    page.keyboard.press("a")
    expect(page.get_by_text("The service could not be reached.").first).to_be_visible()
    expect_fault(page, faults, "net::ERR_FAILED")
    shows(page, "Comment 0")
    page.unroute("**/decision")
    page.keyboard.press("a")
    shows(page, "Comment 1")
    assert held(moderation, ids[0]).outcome == "approve"


def test_it_announces_what_is_new_without_moving_the_list(
    open_desk: Open, ids: list[str], moderation: Moderation, clock: Clock
) -> None:
    page = open_desk()
    clock.move(10)
    submit(moderation, "Newest [dehumanising=0.99]", "new")
    with page.expect_response("**/counts.json*"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#new")).to_have_text("1 new")
    expect(page.locator("#lane-pending .n")).to_have_text("6")
    expect(page.locator(".list li").first).to_contain_text("Comment 0")
    page.locator("#new").click()
    expect(page.locator(".list li").first).to_contain_text("Newest")


def test_it_shows_hostile_comments_as_text(open_desk: Open, moderation: Moderation) -> None:
    for n, text in enumerate(HOSTILE):
        submit(
            moderation, f"{text} [dehumanising=0.{99 - n}]", str(n), author=text[:100], post_title=text[:100],
            parent_text=text, parent_id="9",
            author_url="javascript:alert(1)", permalink="javascript:alert(2)",
        )  # fmt: skip
    page = open_desk()
    for text in HOSTILE:
        shows(page, text)
        assert page.locator("a[href^='javascript']").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.keyboard.press("a")
    expect(page.get_by_text("All done here.")).to_be_visible()


@pytest.mark.parametrize("viewport", [PHONE, {"width": 320, "height": 640}])
def test_it_shows_one_pane_on_a_phone(open_desk: Open, ids: list[str], viewport: dict[str, int]) -> None:
    page = open_desk(viewport=viewport)
    expect(page.locator("#item")).to_be_hidden()
    page.locator(f"#row-{ids[1]}").click()
    shows(page, "Comment 1")
    expect(page.locator(".list")).to_be_hidden()
    expect(page.locator("#lease")).to_contain_text("Yours until")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    box = page.locator("#approve").bounding_box()
    assert box
    assert box["height"] >= 48
    page.locator("#approve").click()
    shows(page, "Comment 2")
    page.locator(".back a").click()
    expect(page.locator(".list")).to_be_visible()


def test_a_lane_with_four_digits_is_named_in_one_line(open_desk: Open) -> None:
    page = open_desk("admin")
    page.locator(".lanes .n").evaluate_all("all => all.forEach(n => n.textContent = '1234')")
    for width in (1440, 1100):
        page.set_viewport_size({"width": width, "height": 800})
        heights = page.locator(".lanes b").evaluate_all("all => all.map(b => b.offsetHeight)")
        assert len(set(heights)) == 1


def test_it_works_without_scripts(open_desk: Open, ids: list[str], moderation: Moderation) -> None:
    page = open_desk(java_script_enabled=False)
    page.locator("#approve").click()
    shows(page, "Comment 1")
    assert held(moderation, ids[0]).outcome == "approve"
    page.get_by_role("button", name="Undo").click()
    shows(page, "Comment 0")
    assert held(moderation, ids[0]).pending
    page.locator("#lane-spam").click()
    shows(page, "Wares")
    page.locator("#site").select_option("blog")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**site=blog**")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()


def test_it_leads_to_signing_in_when_the_session_has_ended(open_desk: Open, ids: list[str]) -> None:
    page = open_desk()
    page.context.clear_cookies()
    page.locator(f"#row-{ids[1]}").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert ids[1] in page.locator("[name=next]").input_value()
