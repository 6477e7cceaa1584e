"""What operators and their tools ask: is it alive, is it ready, how much of everything."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from service.errors import ModqueueError, ScorerError, Unavailable
from service.moderation import Moderation
from service.web.responses import moderation

blueprint = Blueprint("ops", __name__)

# The delivery worker beats every second or two.
HEARTBEAT_LIMIT_S = 15.0


@blueprint.get("/healthz")
def healthz() -> Response:
    """Tell that this process answers."""
    return jsonify({"status": "ok"})


@blueprint.get("/readyz")
def readyz() -> Response:
    """Tell whether comments can be taken, scored and reported now; 503 names what is missing."""
    found = {"store": _probe(_store), "model": _probe(_model)}
    # Its sign of life lies in the store: to ask one that hangs again would take as long again.
    found["worker"] = _probe(_worker) if found["store"] == "ok" else "unknown while the store is away"
    response = jsonify({"ready": all(v == "ok" for v in found.values()), **found})
    response.status_code = 200 if response.get_json()["ready"] else 503
    return response


@blueprint.get("/metrics")
def metrics() -> Response:
    """Write the figures of the whole service, from the store, for Prometheus."""
    return Response(generate_latest(_collect(moderation())), content_type=CONTENT_TYPE_LATEST)


def _store(m: Moderation) -> None:
    m.store.registry.ping()


def _model(m: Moderation) -> None:
    if m.scorer.current().id == "none":
        raise ScorerError("no model could be loaded")


def _worker(m: Moderation) -> None:
    beat = m.store.registry.last_beat("delivery")
    if beat is None or m.clock() - beat > HEARTBEAT_LIMIT_S:
        raise Unavailable("the delivery worker has not been heard of")


def _probe(check: Callable[[Moderation], None]) -> str:
    try:
        check(moderation())
    except ModqueueError as error:
        return str(error)
    return "ok"


def _collect(m: Moderation) -> CollectorRegistry:
    registry = CollectorRegistry()

    def gauge(name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"modqueue_{name}", text, labels, registry=registry)

    sites = [s.id for s in m.store.registry.sites()]
    events = gauge("events", "Verdicts, decisions and undos since the first start.", "event")
    for name, value in m.store.views.totals(sites).items():
        events.labels(name).set(value)
    waiting = gauge("pending", "Comments that wait for a moderator.", "lane")
    oldest = gauge("oldest_pending_seconds", "Age of the oldest comment that waits.", "lane")
    for lane, summary in m.store.views.lanes(sites).items():
        waiting.labels(lane).set(summary.count)
        oldest.labels(lane).set(m.clock() - summary.oldest if summary.oldest else 0)
    queued, dead = m.store.outbox.depth()
    gauge("outbox", "Callbacks that a blog has not confirmed.").set(queued)
    gauge("dead_letters", "Callbacks out of attempts.").set(dead)
    beat = m.store.registry.last_beat("delivery")
    gauge("worker_heartbeat_age_seconds", "Since the delivery worker was last heard of.").set(
        m.clock() - beat if beat else float("inf")
    )
    gauge("model_info", "The champion in use.", "model").labels(m.scorer.current().id).set(1)
    return registry
