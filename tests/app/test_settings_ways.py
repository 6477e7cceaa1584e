"""Settings of a site: its callback, tests of it, and its secrets."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from service import signing, site_settings
from service.connectors.webhook import Result
from service.moderation import Moderation
from tests.conftest import BLOG, Clock, Sender
from tests.pages import Visitor


def test_it_sets_the_callback_and_switches_it_on_again(admin: Visitor, moderation: Moderation) -> None:
    moderation.store.registry.save_site(replace(BLOG, callback_disabled="The blog answered HTTP 410."))
    page = admin.get("/settings/blog")
    assert "The blog answered HTTP 410." in page.text
    after = admin.send(page.form("/callback"), callback_url="https://blog.example/new")
    assert "Decisions are sent there from now on." in after.text
    site = moderation.store.registry.site("blog")
    assert (site.callback_url, site.callback_disabled) == ("https://blog.example/new", "")


def test_it_refuses_a_callback_on_another_host(admin: Visitor, moderation: Moderation) -> None:
    page = admin.send(admin.get("/settings/blog").form("/callback"), callback_url="https://evil.example/x")
    assert page.status == 422
    assert "Not saved. Address: must be on the host" in page.text
    assert "https://evil.example/x" in page.html
    assert moderation.store.registry.site("blog").callback_url == BLOG.callback_url


def test_it_sends_a_test_and_shows_the_result(admin: Visitor, moderation: Moderation) -> None:
    page = admin.send(admin.get("/settings/blog").form("/test"))
    assert "On its way to the blog" in page.text
    assert admin.client.get(page.path).headers["Refresh"] == "1"
    (delivery,) = moderation.store.outbox.lease_due(moderation.clock(), 30, 10)
    body = json.loads(delivery.body)
    assert (body["type"], body["data"]["site"]) == ("test", "blog")
    result = Result("retry", "HTTP 500")
    moderation.store.outbox.settle(delivery, result.state, moderation.clock(), next_at=1e10, error="HTTP 500")
    after = admin.get(page.path)
    assert "did not confirm after 1 try (HTTP 500)" in after.text
    assert "Refresh" not in admin.client.get(page.path).headers


def test_a_newer_test_takes_the_place_of_one_that_failed(admin: Visitor, moderation: Moderation) -> None:
    first = site_settings.send_test(moderation, "blog", "admin")
    (leased,) = moderation.store.outbox.lease_due(moderation.clock(), 30, 10)
    moderation.store.outbox.settle(leased, "retry", moderation.clock(), next_at=moderation.clock() + 5)
    second = site_settings.send_test(moderation, "blog", "admin")
    assert moderation.store.outbox.state("blog", first).state == "superseded"
    (leased,) = moderation.store.outbox.lease_due(moderation.clock() + 100, 30, 10)
    assert leased.id == second
    assert moderation.store.outbox.settle(leased, "confirmed", moderation.clock()) == "confirmed"
    assert "The blog confirmed" in admin.get(f"/settings/blog/test/{second}").text


@pytest.mark.parametrize("delivery", ["none", "dl_" + "0" * 26 + "_1", "dl_zz"])
def test_it_knows_no_other_test(admin: Visitor, delivery: str) -> None:
    assert admin.get(f"/settings/blog/test/{delivery}").status == 404


def test_it_offers_no_test_without_a_callback(admin: Visitor) -> None:
    assert not [f for f in admin.get("/settings/other").forms if "/test" in f.action]
    form = admin.get("/settings/other").form("/callback")
    assert admin.send(replace(form, action="/settings/other/test")).status == 422


def test_it_shows_a_new_secret_once_and_keeps_the_old_one_for_a_while(
    admin: Visitor, moderation: Moderation, sender: Sender, clock: Clock
) -> None:
    page = admin.send(admin.get("/settings/blog").form("/secret"), overlap="24")
    found = re.search(r"whsec_[A-Za-z0-9+/=]+", page.html)
    assert found
    site = moderation.store.registry.site("blog")
    assert site.secrets[0].value == found[0]
    assert found[0] not in admin.get("/settings/blog").html
    assert BLOG.secrets[0].value not in page.html
    clock.move(3600)
    assert sender.post({"comment_ID": "1", "comment_content": "old secret"}).status_code == 200
    clock.move(86_400)
    assert sender.post({"comment_ID": "2", "comment_content": "old secret"}).status_code == 401
    assert sender.post({"comment_ID": "2", "comment_content": "new"}, site=site).status_code == 200


def test_it_ends_the_old_secret_at_once_where_asked(
    admin: Visitor, moderation: Moderation, clock: Clock
) -> None:
    admin.send(admin.get("/settings/blog").form("/secret"), overlap="168")
    admin.send(admin.get("/settings/blog").form("/secret"), overlap="0")
    secrets = moderation.store.registry.site("blog").secrets
    assert len(signing.valid(secrets, clock())) == 1
    assert admin.send(admin.get("/settings/blog").form("/secret"), overlap="99999").status == 422


def test_it_never_stretches_the_life_of_an_old_secret(moderation: Moderation, clock: Clock) -> None:
    site_settings.rotate(moderation, "blog", 3600, "ana")
    site_settings.rotate(moderation, "blog", 86_400, "ana")
    ends = [s.expires_at for s in moderation.store.registry.site("blog").secrets]
    assert ends == [None, clock() + 86_400, clock() + 3600]
