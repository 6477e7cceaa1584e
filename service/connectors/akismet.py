"""The callback of Akismet's plugin from version 5.5 on: takes a held comment's fate, as spam or not."""

from __future__ import annotations

import time

from service.connectors import connector
from service.connectors.connector import Call, Connector, Result
from service.domain import Delivery, Site, Verdict
from service.store import Trace, codec

RESULTS = {Verdict.APPROVE: "false", Verdict.REJECT: "true"}


class AkismetCaller(Connector):
    """Tells the plugin at the address that it gave when it asked about the comment."""

    def call_back(self, site: Site, delivery: Delivery, trace: Trace, outcome: Verdict) -> Result:
        """Attempt a delivery once; this way knows no word for a comment that waits again."""
        if outcome not in RESULTS:
            return Result("refused", "Akismet's callback cannot take a decision back")
        return self.guarded(lambda: self._told(site, delivery, trace, RESULTS[outcome]))

    def _told(self, site: Site, delivery: Delivery, trace: Trace, result: str) -> Result:
        said = [{"guid": trace.guid, "result": result}]
        body = codec.dump({"key": trace.key, "endpoint": "comment-check", "comments": said}).encode()
        until = time.monotonic() + connector.ATTEMPT_S
        call = Call(trace.callback, {"X-Akismet-Webhook": "1"}, body, until)
        status, _, _ = self._call(site, delivery, call)
        if 200 <= status < 300:
            return Result("confirmed")
        why = " (the plugin has another key now)" if status == 401 else ""
        return Result("retry", f"HTTP {status}{why}")
