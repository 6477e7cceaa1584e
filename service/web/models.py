"""The models, for admins of every site: what is known of each, one beside another, promotion, rollback."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for

from service import adapting, along, models
from service.domain import LABELS, Verdict
from service.errors import ModqueueError
from service.web import accounts, audit, showing, words
from service.web.accounts import me
from service.web.responses import moderation
from service.web.words import gettext

blueprint = Blueprint("models", __name__, url_prefix="/models")
accounts.guard_for_admins(blueprint)

DIFFERING_SHOWN = 30


@blueprint.before_request
def refuse_some() -> None:
    """Let nobody change what judges sites that they may not see."""
    if me().sites:
        abort(404)


@blueprint.get("/")
def index() -> str:
    """List the models."""
    return render_template(
        "models.html", me=me(), models=models.listed(moderation()), labels=LABELS, percent=audit.percent,
        adapted=adapting.listed(moderation()),
    )  # fmt: skip


@blueprint.get("/<model_id>")
def compare(model_id: str) -> str:
    """Show how a model would have judged the latest comments of a site."""
    m, site, running = moderation(), audit.chosen(me()), moderation().store.shadow.read()
    found, names = models.compare(m, site, model_id), list(Verdict)
    mine = running if running and running.model == model_id else None
    return render_template(
        "model.html", me=me(), site=site, sites=m.sites_of(me()), model=model_id, latest=models.LATEST,
        table=list(zip(names, found.counts, strict=True)), differing=found.differing[:DIFFERING_SHOWN],
        number=len(found.differing), champion=m.scorer.current().id, outcome_name=showing.outcome_name,
        along=mine, judged=sum(mine.counts.values()) if mine else 0, verdicts=names,
        live=along.differing(m, mine.differing, DIFFERING_SHOWN) if mine else [],
    )  # fmt: skip


@blueprint.post("/along")
def judge_along() -> Response:
    """Let a challenger judge live comments along, or none."""
    model_id = request.form.get("model", "")
    was = moderation().store.shadow.read()
    models.judge_along(moderation(), model_id, me().name)
    back = model_id or (was.model if was else "")
    where = url_for("models.compare", model_id=back) if back else url_for("models.index")
    return cast(Response, redirect(where, 303))


@blueprint.post("/<model_id>/promote")
def promote(model_id: str) -> Response:
    """Put a model in use."""
    try:
        models.promote(moderation(), model_id, me().name)
        flash(gettext("%(model)s judges from now on.", model=model_id), "good")
    except ModqueueError as error:
        flash(gettext("Not done: %(why)s.", why=words.said(error)), "bad")
    return cast(Response, redirect(url_for("models.index"), 303))


@blueprint.post("/sites/<site_id>")
def switch(site_id: str) -> Response:
    """Let a site's correction count, or no more."""
    adapting.switch(moderation(), site_id, me().name, on="on" in request.form)
    flash(gettext("Saved."), "good")
    return cast(Response, redirect(url_for("models.index", _anchor="sites"), 303))


@blueprint.post("/rollback")
def rollback() -> Response:
    """Put the model in use again that was before."""
    try:
        now = models.rollback(moderation(), me().name)
        flash(gettext("%(model)s judges from now on.", model=now), "good")
    except ModqueueError as error:
        flash(gettext("Not done: %(why)s.", why=words.said(error)), "bad")
    return cast(Response, redirect(url_for("models.index"), 303))
