"""Settings of a site: its policy, versions, shadow mode and key, and who may change them."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from service import policy as policies
from service import site_settings
from service.domain import LABELS, Comment, History, Policy, Role, Thresholds, Verdict
from service.errors import Conflict, NotFound
from service.moderation import Moderation
from service.store import PENDING
from service.web.versions import changes
from tests.conftest import ADMIN, ANA, BLOG, OTHER, Clock, Sender, submit
from tests.pages import Visitor, give_password

PAGES = ["/settings/", "/settings/blog"]


def save(admin: Visitor, **fields: str) -> str:
    """Send the policy form as a browser does: without boxes that are not ticked."""
    form = admin.get("/settings/blog").form("/policy")
    for box in (
        "shadow",
        "hold_new_authors",
        "adapt",
        "pass_other_languages",
        *(f"may_reject_{label}" for label in LABELS),
    ):
        form.fields.pop(box, None)
    return admin.send(form, **fields).text


@pytest.mark.parametrize("path", PAGES)
def test_it_is_for_admins_alone(app: Flask, admin: Visitor, path: str) -> None:
    assert admin.get(path).status == 200
    ana = Visitor(app)
    ana.enter("ana")
    assert ana.get(path).status in (403, 404)
    assert ana.get("/").links.get("settings") is None


def test_it_is_for_admins_of_the_site(app: Flask, admin: Visitor, moderation: Moderation) -> None:
    own = replace(ANA, name="own", role=Role.ADMIN, sites=("other",))
    moderation.store.registry.add_person(own)
    give_password(moderation.store, own)
    visitor = Visitor(app)
    visitor.enter("own")
    assert visitor.get("/settings/other").status == 200
    assert visitor.get("/settings/blog").status == 404
    assert "blog.example" not in visitor.get("/settings/").html


def test_it_saves_a_policy_as_a_new_version(admin: Visitor, moderation: Moderation, clock: Clock) -> None:
    said = save(
        admin, hold_spam="0.4", reject_spam="0,9", may_reject_spam="on", max_links="3",
        blocked_words="gadgets\r\n\r\n cheap pills \r\ngadgets", hold_new_authors="on",
        pass_other_languages="on",
    )  # fmt: skip
    assert "Policy version 2 is in force." in said
    assert moderation.store.registry.site("blog").policy == Policy(
        version=2, thresholds={"spam": Thresholds(0.4, 0.9)}, reject_labels=("spam",), max_links=3,
        blocked_words=("gadgets", "cheap pills"), hold_new_authors=True,
        pass_other_languages=True,
    )  # fmt: skip
    (entry,) = [
        e for e in map(json.loads, _log(moderation)) if e["kind"] == "policy set"
    ]  # fmt: skip
    assert (entry["by"], entry["site"], entry["policy"]["version"]) == ("admin", "blog", 2)
    clock.move(2)
    assert submit(moderation, "buy cheap pills")["reasons"] == ["rule:blocked_word", "author:NEW"]


def _log(moderation: Moderation) -> list[str]:
    return [fields["entry"] for _, fields in moderation.store._db.client.xrange("mq:{meta}:log")]


def test_a_saved_page_saved_again_changes_nothing(admin: Visitor, moderation: Moderation) -> None:
    policy = Policy(
        thresholds={"spam": Thresholds(0.4, 0.9), "hateful": Thresholds(hold=0.3)},
        blocked_words=("<b>", "größe"), blocked_domains=("a.example",), max_links=0,
    )  # fmt: skip
    site_settings.set_policy(moderation, "blog", policy, "admin")
    before = moderation.store.registry.site("blog").policy
    form = admin.get("/settings/blog")
    fields = form.form("/policy").fields
    areas = dict(re.findall(r'<textarea id="\w+" name="(\w+)"[^>]*>(.*?)</textarea>', form.html, re.DOTALL))
    ticked = dict.fromkeys(("may_reject_spam",), "on")
    sent = {
        k: v for k, v in fields.items() if not k.startswith(("may_", "shadow", "adapt", "hold_new", "pass_"))
    } | ticked
    sent |= {k: v.replace("&lt;", "<").replace("&gt;", ">") for k, v in areas.items()}
    assert admin.post("/settings/blog/policy", sent).status_code == 303
    assert changes(before, moderation.store.registry.site("blog").policy) == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"hold_spam": "high"}, "Threshold for spam: must be a number"),
        ({"hold_spam": "nan"}, "a score is between 0 and 1"),
        ({"hold_spam": "1.5"}, "a score is between 0 and 1"),
        ({"hold_spam": "0.9", "reject_spam": "0.5"}, "hold must not lie above reject"),
        ({"max_links": "2.5"}, "Number of links: must be a whole number"),
        ({"max_links": "inf"}, "Number of links: must be a whole number"),
        ({"max_links": "-1"}, "Number of links: must be 0 or more"),
    ],
)
def test_it_refuses_what_cannot_be_meant_and_keeps_what_was_written(
    admin: Visitor, moderation: Moderation, fields: dict[str, str], said: str
) -> None:
    form = admin.get("/settings/blog").form("/policy")
    page = admin.send(form, **fields, blocked_words="kept as written")
    assert page.status == 422
    assert said in page.text
    assert "kept as written" in page.html
    assert moderation.store.registry.site("blog").policy.version == 1


def test_it_refuses_to_overwrite_what_somebody_else_saved(admin: Visitor, moderation: Moderation) -> None:
    form = admin.get("/settings/blog").form("/policy")
    site_settings.set_policy(moderation, "blog", Policy(max_links=7), "other admin")
    page = admin.send(form, max_links="1")
    assert page.status == 409
    assert "version 2 is in force" in page.text
    assert moderation.store.registry.site("blog").policy.max_links == 7


def test_it_shows_versions_and_reverts(admin: Visitor, moderation: Moderation) -> None:
    site_settings.set_policy(moderation, "blog", Policy(max_links=7), "ana")
    site_settings.set_policy(moderation, "blog", Policy(thresholds={"spam": Thresholds(0.2)}), "ben")
    page = admin.get("/settings/blog")
    assert "most links: any number → 7" in page.text
    assert "hold spam: as recommended → 0.2" in page.text
    reverts = [f for f in page.forms if "/revert" in f.action]
    assert [f.fields["version"] for f in reverts] == ["2", "1"]
    after = admin.send(reverts[0])
    assert "Version 2 is in force again, as version 4." in after.text
    policy = moderation.store.registry.site("blog").policy
    assert (policy.version, policy.max_links, policy.thresholds) == (4, 7, {})
    assert [v.by for v in moderation.store.policies.versions("blog")] == ["admin", "ben", "ana", ""]


def test_it_keeps_versions_of_each_site_apart(moderation: Moderation) -> None:
    site_settings.set_policy(moderation, "blog", Policy(max_links=7), "ana")
    assert moderation.store.policies.versions("other") == []
    with pytest.raises(NotFound):
        site_settings.revert(moderation, "other", 1, "ana")
    with pytest.raises(NotFound):
        site_settings.set_policy(moderation, "none", Policy(), "ana")


def test_a_change_in_between_is_not_lost(moderation: Moderation) -> None:
    """A callback that is switched off while an admin rotates the secret stays switched off."""
    registry, tries = moderation.store.registry, []

    def rotate_slowly(site: object) -> object:
        if not tries:
            registry.save_site(replace(BLOG, callback_disabled="gone"))
        tries.append(site)
        return replace(site, url="https://new.example")  # type: ignore[type-var]  # it is a site

    registry.change_site("blog", rotate_slowly)  # type: ignore[arg-type]  # as above
    assert len(tries) == 2
    assert registry.site("blog").callback_disabled == "gone"
    assert registry.site("blog").url == "https://new.example"


scores = st.fixed_dictionaries({label: st.floats(0, 1) for label in LABELS})


@given(scores, st.booleans(), st.text("http://a.b gadgets", max_size=40))
def test_shadow_mode_answers_approve_and_says_what_would_have_been(
    found: dict[str, float], new_authors: bool, text: str
) -> None:
    policy = Policy(
        thresholds={label: Thresholds(0.5, 0.9) for label in LABELS}, blocked_words=("gadgets",),
        hold_new_authors=new_authors,
    )  # fmt: skip
    comment = Comment("blog", "1", text)
    real = policies.judge(comment, found, History(), policy, model="m", recommended={})
    shadow = policies.judge(
        comment, found, History(), replace(policy, shadow=True), model="m", recommended={}
    )
    assert shadow.verdict is Verdict.APPROVE
    assert shadow.lane is None
    assert shadow.reasons == real.reasons
    assert shadow.shadow == (None if real.verdict is Verdict.APPROVE else real.verdict)


def test_shadow_mode_holds_nothing_and_logs_everything(
    moderation: Moderation, sender: Sender, clock: Clock
) -> None:
    site_settings.set_policy(moderation, "blog", Policy(shadow=True), "ana")
    clock.move(2)
    answers = [
        sender.comment(t, str(n)) for n, t in enumerate(["fine", "[spam=0.7]", "[spam=0.99]", "[broken]"])
    ]
    assert [a["verdict"] for a in answers] == ["approve"] * 4
    assert [a.get("shadow") for a in answers] == [None, "hold", "reject", "hold"]
    assert moderation.page(ADMIN, PENDING).items == ()
    entries = [json.loads(e) for e in moderation.store.views.log("blog")]
    logged = {e["item"]: e.get("shadow") for e in entries if e["kind"] == "verdict"}
    assert logged == {a["id"]: a.get("shadow") for a in answers}
    assert moderation.item(ADMIN, answers[1]["id"]).judgement.shadow is Verdict.HOLD


def test_it_says_what_differs() -> None:
    old = Policy(thresholds={"spam": Thresholds(0.5, 0.9)}, blocked_words=("a",))
    new = replace(old, thresholds={"spam": Thresholds(0.5)}, blocked_words=("a", "b"), shadow=True)
    assert changes(old, new) == [
        "reject spam: 0.9 → as recommended",
        "blocked words: a → a, b",
        "shadow mode: no → yes",
    ]
    assert changes(old, old) == []


def test_every_change_is_logged_with_who(admin: Visitor, moderation: Moderation) -> None:
    site_settings.set_policy(moderation, "blog", Policy(), "admin")
    site_settings.rotate(moderation, "blog", 0, "admin")
    site_settings.set_callback(moderation, "blog", "", allow_private=False, by="admin")
    kinds = [(e["kind"], e["by"]) for e in map(json.loads, _log(moderation)) if e.get("site") == "blog"]
    assert kinds == [
        ("policy set", "admin"), ("site secret rotated", "admin"), ("site callback set", "admin"),
    ]  # fmt: skip


def test_two_sites_may_be_set_in_turn(moderation: Moderation) -> None:
    site_settings.set_policy(moderation, "blog", Policy(), "a", instead_of=1)
    site_settings.set_policy(moderation, OTHER.id, Policy(), "a", instead_of=1)
    with pytest.raises(Conflict):
        site_settings.set_policy(moderation, "blog", Policy(), "a", instead_of=1)


def test_it_makes_and_revokes_an_api_key(admin: Visitor, moderation: Moderation) -> None:
    before = moderation.store.registry.site("blog")
    page = admin.send(admin.get("/settings/blog").form("/api-key"))
    (key,) = re.findall(r'<code class="secret">([0-9a-f]{12})</code>', page.html)
    found = moderation.store.registry.site_of_key(key)
    assert found
    assert found == replace(before, api_key_hash=found.api_key_hash)
    assert key not in admin.get("/settings/blog").html
    again = admin.send(admin.get("/settings/blog").form("/api-key"))
    assert moderation.store.registry.site_of_key(key) is None
    (newer,) = re.findall(r'<code class="secret">([0-9a-f]{12})</code>', again.html)
    form = admin.get("/settings/blog").form("/api-key")
    revoked = admin.send(replace(form, action=form.action + "/revoke"))
    assert "The API key is revoked." in revoked.text
    assert "There is none." in revoked.text
    assert moderation.store.registry.site_of_key(newer) is None
    kinds = [e["kind"] for e in map(json.loads, _log(moderation))]
    assert [k for k in kinds if "api key" in k] == [
        "site api key rotated", "site api key rotated", "site api key revoked",
    ]  # fmt: skip


def test_it_draws_how_comments_scored_and_the_thresholds(admin: Visitor, moderation: Moderation) -> None:
    for n, score in enumerate((0.01, 0.02, 0.62, 0.63, 0.97)):
        submit(moderation, f"[spam={score}] {n}", str(n))
    site_settings.set_policy(moderation, "blog", Policy(thresholds={"spam": Thresholds(0.3, 0.9)}), "admin")
    page = admin.get("/settings/blog")
    assert "Scores of the latest 5 comments" in page.text
    spam = page.html.split('id="name-spam"')[1].split("</svg>")[0]
    assert re.findall(r'class="is-(\w+)" x="([\d.]+)"', spam) == [
        ("approve", "1.0"), ("hold", "241.0"), ("reject", "381.0"),
    ]  # fmt: skip
    assert re.findall(r'class="limit" x1="([\d.]+)"', spam) == ["120.0", "360.0"]
    (table,) = re.findall(r'<details class="scores">.*?</details>', page.html, re.DOTALL)
    cells = re.findall(r'<th scope="row">([\d.]+)</th>(?:<td[^>]*>\d+</td>){2}<td[^>]*>([1-9])</td>', table)
    assert cells == [
        ("0.00", "2"), ("0.60", "2"), ("0.95", "1"),
    ]  # fmt: skip


def test_a_site_without_comments_has_empty_pictures(admin: Visitor) -> None:
    assert "Scores of the latest 0 comments" in admin.get("/settings/blog").text
