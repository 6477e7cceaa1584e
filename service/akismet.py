"""The use cases behind Akismet's protocol: check a comment, learn from a blog's moderators, count uses."""

from __future__ import annotations

import hashlib
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from service import feedback
from service.connectors.wordpress import words
from service.domain import Comment, History, Item, ReasonCode, Ruling, Site, Verdict
from service.errors import Conflict, NotFound, TooMany
from service.feedback import Report
from service.moderation import Moderation
from service.store import Trace, keys


@dataclass(frozen=True, slots=True)
class Checked:
    """What is in force for a comment; `blatant` where the model is as sure of spam as it can be."""

    outcome: Verdict
    guid: str = ""
    blatant: bool = False


class Akismet:
    """What Akismet's clients ask for."""

    def __init__(self, moderation: Moderation) -> None:
        self._moderation = moderation
        self._traces = moderation.store.akismet

    def check(self, site: Site, comment: Comment, trace: Trace) -> Checked:
        """Say what is in force for a comment; one that is new, or has other words, is judged and stored."""
        comment = self._identified(site, comment, trace)
        item_id = self._remember(site, comment, trace)
        item = self._find(item_id)
        if item is None or words(item.comment.text) != words(comment.text):
            self._refuse_beyond_limit(site)
            item = self._submit(site, comment, item)
            self._count(site, _counted(item))
        return Checked(Verdict(item.outcome), comment.comment_id, self._is_blatant(item))

    def try_out(self, site: Site, comment: Comment) -> Checked:
        """Judge a test comment, of which nothing is kept."""
        judgement, _ = self._moderation.judge(site, comment, History())
        return Checked(judgement.verdict)

    def learn(self, site: Site, comment: Comment, trace: Trace, ruling: Ruling, reporter: str) -> None:
        """Take what a moderator said on the blog for a decision, once; it overrules an earlier one."""
        item = self._located(site, comment, trace)
        if _is_known(item, ruling):
            return
        reason = ReasonCode.SPAM if ruling is Ruling.REJECT else None
        report = Report(item.comment.comment_id, reporter or "blog", ruling, reason)
        try:
            feedback.apply(self._moderation, site, report, "akismet")
        except Conflict:
            if not _is_known(self._moderation.store.views.item(item.id), ruling):
                raise
            return
        self._count(site, *_correction(item, ruling))

    def usage(self, site: Site) -> dict[str, dict[str, int]]:
        """Return the figures of a site's key by month."""
        return self._traces.usage(site.id)

    def used(self, site: Site) -> int:
        """Count the checks of this month."""
        return self.calls(self.usage(site).get(self.month(), {}))

    def calls(self, figures: Mapping[str, int]) -> int:
        """Count the checks among the figures of a month."""
        return sum(figures.get(name, 0) for name in ("spam", "ham", "held"))

    def month(self) -> str:
        """Return the current month as figures name it."""
        return self._today().strftime("%Y-%m")

    def _identified(self, site: Site, comment: Comment, trace: Trace) -> Comment:
        # WordPress has no id for a comment that it asks about for the first time: ours is made of its words.
        if trace.guid and self._find(self._item_id(site, trace.guid)):
            return replace(comment, comment_id=trace.guid)
        link = comment.author_url.rpartition("://")[2].rstrip("/")
        seen = (words(comment.text), words(comment.author), link, comment.author_key, comment.permalink)
        return replace(comment, comment_id=_digest(site.id, *seen))

    def _located(self, site: Site, comment: Comment, trace: Trace) -> Item:
        # By our guid, by all that was said of it, by its words alone; else it came before we were asked.
        comment = self._identified(site, comment, trace)
        item = self._find(self._item_id(site, comment.comment_id))
        if item is None and (guid := self._traces.guid_of_text(site.id, text_digest(comment.text))):
            comment = replace(comment, comment_id=guid)
            item = self._find(self._item_id(site, guid))
        self._remember(site, comment, trace)
        return item or self._submit(site, comment, None)

    def _submit(self, site: Site, comment: Comment, earlier: Item | None) -> Item:
        seen = (comment.text, comment.author, comment.author_url)
        body = "\0".join(seen).encode()
        revision = earlier.revision if earlier else 0
        message_id = _digest("akismet", comment.comment_id, str(revision), *seen)
        self._moderation.submit(site, comment, message_id, body)
        return self._moderation.store.views.item(self._item_id(site, comment.comment_id))

    def _remember(self, site: Site, comment: Comment, trace: Trace) -> str:
        # Before the comment is stored: whoever decides it at once must know how to reach the blog.
        item_id = self._item_id(site, comment.comment_id)
        trace = replace(trace, guid=comment.comment_id)
        self._traces.remember(site.id, item_id, text_digest(comment.text), trace)
        return item_id

    def _item_id(self, site: Site, guid: str) -> str:
        return keys.item_id(site.id, guid, self._moderation.store.partitions)

    def _find(self, item_id: str) -> Item | None:
        try:
            return self._moderation.store.views.item(item_id)
        except NotFound:
            return None

    def _is_blatant(self, item: Item) -> bool:
        recommended = self._moderation.scorer.current().recommended.get("spam")
        sure = recommended.reject if recommended else None
        if sure is None or item.decision or item.judgement.verdict is not Verdict.REJECT:
            return False
        return item.judgement.scores.get("spam", 0.0) >= sure

    def _refuse_beyond_limit(self, site: Site) -> None:
        if site.akismet_limit and self.used(site) >= site.akismet_limit:
            today = self._today()
            days = monthrange(today.year, today.month)[1] - today.day + 1
            raise TooMany(
                f"this key's {site.akismet_limit} checks of {self.month()} are used up", days * 86400.0
            )

    def _count(self, site: Site, *names: str) -> None:
        if names:
            self._traces.count(site.id, self.month(), *names)

    def _today(self) -> datetime:
        return datetime.fromtimestamp(self._moderation.clock(), UTC)


def text_digest(text: str) -> str:
    """Return by what the words of a comment are found again."""
    return _digest(words(text))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _is_known(item: Item, ruling: Ruling) -> bool:
    if item.decision:
        return item.decision.ruling is ruling
    # What the blog was told without a decision, as after an undo, comes back as if somebody had said it.
    return item.delivery is not None and item.outcome == ruling


def _counted(item: Item) -> str:
    return {"approve": "ham", "reject": "spam", "hold": "held"}[item.outcome]


def _correction(item: Item, ruling: Ruling) -> tuple[str, ...]:
    approved = (item.hidden or item.judgement.verdict) is Verdict.APPROVE
    if approved == (ruling is Ruling.APPROVE):
        return ()
    return ("missed_spam",) if approved else ("false_positives",)
