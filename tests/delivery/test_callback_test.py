"""The test of a callback goes the way that decisions go, and says what became of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from service import signing, site_settings
from service.delivery import Worker
from service.domain import Item, Site
from service.moderation import Moderation
from tests.conftest import SECRET, Clock
from tests.delivery.conftest import Receiver


def test_a_test_arrives_signed(
    worker: Worker, moderation: Moderation, site: Site, receiver: Receiver, clock: Clock
) -> None:
    delivery = site_settings.send_test(moderation, site.id, "admin")
    assert worker.run_once() == 1
    (request,) = receiver.received
    message = json.loads(request.body)
    assert (message["type"], message["data"]) == ("test", {"site": "blog", "sent_by": "admin"})
    assert signing.verify(request.headers, request.body, site.secrets, clock()) == delivery
    assert site.secrets[0].value == SECRET
    assert moderation.store.outbox.state("blog", delivery).state == "confirmed"


@pytest.mark.parametrize("answered", [(500, "retrying"), (404, "retrying"), (410, "dead")])
def test_the_result_is_told(
    worker: Worker, moderation: Moderation, site: Site, receiver: Receiver, answered: tuple[int, str]
) -> None:
    status, state = answered
    receiver.answers = [status]
    delivery = site_settings.send_test(moderation, site.id, "admin")
    worker.run_once()
    found = moderation.store.outbox.state("blog", delivery)
    assert found.state == state
    assert f"HTTP {status}" in found.error


def test_a_test_is_no_decision_of_a_blog_that_is_told_otherwise(
    worker: Worker, moderation: Moderation, site: Site, receiver: Receiver
) -> None:
    moderation.store.registry.save_site(replace(site, wordpress_user="editor"))
    site_settings.send_test(moderation, site.id, "admin")
    worker.run_once()
    assert [json.loads(r.body)["type"] for r in receiver.received] == ["test"]


def test_decisions_do_not_wait_for_a_test(
    worker: Worker, moderation: Moderation, decided: Callable[..., Item], receiver: Receiver
) -> None:
    site_settings.send_test(moderation, "blog", "admin")
    decided()
    worker.run_once()
    assert sorted(json.loads(r.body)["type"] for r in receiver.received) == ["comment.decided", "test"]
