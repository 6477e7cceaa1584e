"""Which way a decision goes to its blog: the one that the comment came by, else the one that the site has."""

from __future__ import annotations

import json

from service.connectors.akismet import RESULTS, AkismetCaller
from service.connectors.connector import Result
from service.connectors.webhook import WebhookSender
from service.connectors.wordpress import WordPressEditor
from service.domain import Delivery, Site, Verdict
from service.store import Store, Trace


class Ways:
    """Every connector; any number of threads may use it."""

    def __init__(self, store: Store, allow_private: bool) -> None:
        self._store = store
        self._webhook = WebhookSender(allow_private)
        self._akismet = AkismetCaller(allow_private)
        self._wordpress = WordPressEditor(allow_private)

    def send(self, site: Site | None, delivery: Delivery, now: float) -> Result:
        """Attempt a delivery once, by the way that fits it."""
        if site is None:
            return Result("refused", "the site was removed")
        message = json.loads(delivery.body)
        if message["type"] == "test":
            return self._by_webhook(site, delivery, now)
        said = message["data"]
        outcome, trace = Verdict(said["outcome"]), self._trace(delivery)
        if trace.callback and (outcome in RESULTS or not site.wordpress_user):
            return self._akismet.call_back(site, delivery, trace, outcome)
        comment_id = _id_on_the_blog(trace, said["comment_ID"])
        if site.wordpress_user and (trace.guid or (comment_id and not site.callback_url)):
            item = self._store.views.item(delivery.item_id)
            return self._wordpress.set_status(site, delivery, item, comment_id, outcome)
        return self._by_webhook(site, delivery, now)

    def close(self) -> None:
        """Close idle connections."""
        for way in (self._webhook, self._akismet, self._wordpress):
            way.close()

    def _trace(self, delivery: Delivery) -> Trace:
        return self._store.akismet.trace(delivery.item_id) if delivery.traced else Trace()

    def _by_webhook(self, site: Site, delivery: Delivery, now: float) -> Result:
        if site.callback_disabled or not site.callback_url:
            return Result("refused", site.callback_disabled or "the site has no callback address")
        return self._webhook.send(site, delivery, now)


def _id_on_the_blog(trace: Trace, comment_id: str) -> str:
    if trace.guid:
        return trace.comment_id
    return comment_id if comment_id.isascii() and comment_id.isdigit() else ""
