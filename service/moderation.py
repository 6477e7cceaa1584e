"""The use cases: submit, claim, decide, undo, rescore. The clock is passed in."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from service import audit, campaigns, judging
from service.config import Settings
from service.domain import (
    Comment,
    Explanation,
    History,
    Item,
    Judgement,
    Lane,
    Lease,
    Person,
    ReasonCode,
    Ruling,
    Site,
)
from service.errors import Conflict, ModqueueError, NotFound, Unavailable
from service.floods import Floods
from service.scoring import Model, Scorer
from service.store import Arrival, LaneSummary, Page, Store, Wanted, codec, keys, search

SITE_CACHED_S = 1.0
# As many items as a worker rescores in one go once the scorer works again.
RESCORE_BATCH = 100
# What is supposed of a comment before the store has said: no rejected earlier revision, no copy of others.
USUAL = History(approved=1)
JUDGED_AT_MOST = 5


@dataclass(frozen=True, slots=True)
class Wish:
    """What a moderator asks for: a ruling, and on which revision and lease it rests."""

    ruling: Ruling
    reason: ReasonCode | None = None
    note: str = ""
    lease_token: str = ""
    revision: int | None = None
    source: str = "desk"
    # Not where the blog itself reported the decision: it need not be told.
    tell: bool = True
    # One of many: what is audited is to be read by itself.
    together: bool = False


class Moderation:
    """Everything that can happen to a comment, for the pages, the API and the workers."""

    def __init__(
        self, store: Store, scorer: Scorer, lease_s: float = 300.0, clock: Callable[[], float] = time.time,
        audit_key: bytes = b"",
    ) -> None:  # fmt: skip
        self.store = store
        self.scorer = scorer
        self.clock = clock
        self._lease_s = lease_s
        self._audit_key = audit_key
        self._sites: dict[str, tuple[float, Site]] = {}
        self.floods = Floods(clock)

    def site(self, site_id: str) -> Site:
        """Return a registered site, at most a second old."""
        read_at, site = self._sites.get(site_id, (float("-inf"), None))
        if site is None or abs(self.clock() - read_at) > SITE_CACHED_S:
            site = self.store.registry.site(site_id)
            self._sites[site_id] = (self.clock(), site)
        return site

    def model(self, site: Site) -> Model:
        """Return what judges the comments of a site: the champion, corrected where the site wants that."""
        return self.scorer.adapted(site.id) if site.policy.adapt else self.scorer.current()

    def submit(self, site: Site, comment: Comment, webhook_id: str, body: bytes) -> str:
        """Judge and store a comment; return the answer for the sender, as JSON."""
        with self.floods.entering(site.id, site.rate) as suspected:
            if suspected:
                self.store.queue.look_for_room(site.id, site.rate, site.burst, self.clock())
            return self._submit(site, comment, webhook_id, body)

    def _submit(self, site: Site, comment: Comment, webhook_id: str, body: bytes) -> str:
        arrival = Arrival(
            item_id=keys.item_id(site.id, comment.comment_id, self.store.partitions),
            comment=comment,
            webhook_id=webhook_id,
            body_digest=keys.digest(body),
            content_digest=judging.content_digest(comment),
            at=self.clock(),
            rate=site.rate,
            burst=site.burst,
            fingerprint=campaigns.fingerprint(comment.text, comment.author_url),
            any_author=not site.policy.hold_new_authors,
        )
        model = self.model(site)
        scores = judging.scores(model, comment)
        chance = self._chance("draw", arrival.item_id, comment)
        # Nearly always true; where it is not, the store says what is, and stores nothing.
        history = USUAL
        for _ in range(JUDGED_AT_MOST):
            judgement, explanations = judging.judge(site, comment, model, scores, history, chance=chance)
            said = self.store.queue.accept(arrival, judgement, explanations, history)
            if isinstance(said, str):
                return said
            history = said
        raise Unavailable("what is known of this author changes too fast; try again")

    def judge(
        self, site: Site, comment: Comment, history: History, chance: float = 1.0
    ) -> tuple[Judgement, tuple[Explanation, ...]]:
        """Score a comment and judge it; one that waits comes with its explanations."""
        model = self.model(site)
        found = judging.scores(model, comment)
        return judging.judge(site, comment, model, found, history, chance=chance)

    def _chance(self, purpose: str, item_id: str, comment: Comment) -> float:
        return audit.chance(self._audit_key, purpose, item_id, judging.content_digest(comment))

    def item(self, person: Person, item_id: str) -> Item:
        """Return an item of a site that this person moderates."""
        item = self.store.views.item(item_id)
        if not person.may_see(item.comment.site):
            raise NotFound("no such comment")
        return item

    def sites_of(self, person: Person, site: str = "") -> list[str]:
        """Return the sites that this person moderates, or the one asked for if it is among them."""
        visible = [s.id for s in self.store.registry.sites() if person.may_see(s.id)]
        if site and site not in visible:
            raise NotFound("no such site: %(site)s", site=site[:64])
        return [site] if site else visible

    def lanes(self, person: Person, site: str = "") -> dict[Lane, LaneSummary]:
        """Count the lanes over the sites of this person."""
        return self.store.views.lanes(self.sites_of(person, site))

    def page(
        self, person: Person, view: str, site: str = "", cursor: str = "", limit: int = 50, *,
        wanted: Wanted = search.NOTHING,
    ) -> Page:  # fmt: skip
        """Return a page of a lane, or of what a search finds in it, over the sites of this person."""
        return self.store.views.page(view, self.sites_of(person, site), cursor, limit, wanted)

    def claim(self, person: Person, item_id: str, renew: str = "") -> Lease:
        """Give this person the exclusive right to decide, for a while."""
        self.item(person, item_id)
        return self.store.queue.claim(item_id, person.name, self.clock(), self._lease_s, renew)

    def release(self, person: Person, item_id: str, token: str) -> None:
        """Give a lease back before it expires."""
        self.item(person, item_id)
        self.store.queue.release(item_id, token)

    def decide(self, person: Person, item_id: str, wish: Wish, at: float | None = None) -> Item:
        """Write a decision; the blog is told by the outbox. Returns the item as it is then.

        The same person's same decision `at` the same time is written once, however often it is asked for.
        """
        item, now = self.item(person, item_id), self.clock() if at is None else at
        revision = item.revision if wish.revision is None else wish.revision
        reason = wish.reason if wish.ruling is Ruling.REJECT else None
        facts = {"site": item.comment.site, "item": item_id, "revision": revision, "by": person.name}
        said = {"decision": wish.ruling, "reason": reason}
        if item.hidden and wish.together:
            raise Conflict("audited comments are read one by one")
        # The blog's own people know what is in force there: theirs is no blind reading.
        blind = item.hidden is not None and wish.tell
        drawn = {"audit": item.judgement.audit} if blind else {}
        self.store.queue.decide(
            item_id, revision, by=person.name, now=now, ruling=wish.ruling, reason=reason or "",
            note=wish.note, token=wish.lease_token,
            entry=codec.log_entry("decision", now, **facts, **said, note=wish.note),
            example=codec.dump({"at": now, "source": wish.source, **facts, **said, **drawn,
                                "comment": codec.load(codec.dump_comment(item.comment))}),
            body=self._callback(item, wish.ruling, reason, person.name, now) if wish.tell else "",
            terms=() if item.pending else search.terms(item.comment, item.judgement),
            again=blind and self._chance("again", item_id, item.comment) < audit.TWICE,
            reported=not wish.tell,
        )  # fmt: skip
        return self.store.views.item(item_id)

    def undo(
        self, person: Person, item_id: str, source: str = "desk", tell: bool = True,
        decided_at: float | None = None,
    ) -> Item:  # fmt: skip
        """Take a decision back (with `decided_at`, the one made then): the verdict is in force again."""
        item, now = self.item(person, item_id), self.clock()
        facts = {"site": item.comment.site, "item": item_id, "revision": item.revision, "by": person.name}
        self.store.queue.undo(
            item_id, item.revision, by=person.name, now=now,
            entry=codec.log_entry("undo", now, **facts),
            retraction=codec.dump({"at": now, "source": source, **facts, "retracted": True}),
            body=self._callback(item, item.judgement.verdict, None, person.name, now) if tell else "",
            decided_at=decided_at,
        )  # fmt: skip
        return self.store.views.item(item_id)

    def escalate(self, person: Person, item_id: str, note: str, revision: int | None = None) -> None:
        """Hand an item to an admin, with a note."""
        item, now = self.item(person, item_id), self.clock()
        facts = {"site": item.comment.site, "item": item_id, "by": person.name, "note": note}
        self.store.queue.escalate(
            item_id, item.revision if revision is None else revision, by=person.name, now=now, note=note,
            entry=codec.log_entry("escalated", now, **facts),
        )  # fmt: skip

    def decide_all(
        self, person: Person, item_ids: Sequence[str], wish: Wish
    ) -> list[tuple[str, Item | ModqueueError]]:
        """Decide several items, each for itself; one that is refused does not stop the others."""
        results: list[tuple[str, Item | ModqueueError]] = []
        away: Unavailable | None = None
        for item_id in item_ids:
            try:
                results.append((item_id, away or self.decide(person, item_id, replace(wish, together=True))))
            except ModqueueError as error:
                # Without the store, waiting for each of the others in turn would help nobody.
                away = error if isinstance(error, Unavailable) else None
                results.append((item_id, error))
        return results

    def rescore(self) -> int:
        """Score again what the scorer had failed on; returns how many items it settled."""
        sites = [s.id for s in self.store.registry.sites()]
        items = self.store.views.page(Lane.ERRORS, sites, limit=RESCORE_BATCH).items
        # The model is loaded only where there is something to score.
        if not items or not self.scorer.current().recommended:
            return 0
        return sum(self._rescore(item) for item in items)

    def _rescore(self, item: Item) -> bool:
        site, now = self.site(item.comment.site), self.clock()
        history, chance = judging.history_then(item.judgement), self._chance("draw", item.id, item.comment)
        judgement, explanations = self.judge(site, item.comment, history, chance)
        if not judgement.scores:
            return False
        facts = {"site": site.id, "item": item.id, "revision": item.revision}
        return self.store.queue.rescore(
            item.id, item.revision, now=now, comment=item.comment,
            judgement=judgement, explanations=explanations,
            entry=codec.log_entry("rescored", now, **facts, **codec.summary(judgement)),
            body=self._callback(item, judgement.verdict, None, "modqueue", now),
        )  # fmt: skip

    def _callback(self, item: Item, outcome: str, reason: str | None, by: str, now: float) -> str:
        # As it is now: of a site of a second ago that was told nothing, nothing would ever be said.
        site = self.store.registry.site(item.comment.site)
        if not (site.callback_url or site.wordpress_user or self.store.akismet.trace(item.id).callback):
            return ""
        at = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        data = {
            "site": item.comment.site,
            "comment_ID": item.comment.comment_id,
            "id": item.id,
            "outcome": outcome,
            "reason": reason,
            "decided_by": by,
            "decided_at": at,
            "revision": item.revision,
        }
        return codec.dump({"type": "comment.decided", "timestamp": at, "data": data})


def connect(settings: Settings) -> Moderation:
    """Open the store and the model that the settings name."""
    store = Store(settings.redis_url, settings.partitions)
    key = audit.key(settings.secret_key)
    return Moderation(store, Scorer(settings.data_dir / "models"), settings.lease_seconds, audit_key=key)
