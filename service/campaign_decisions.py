"""One decision, and one undo, for all the members of a campaign; what a crash interrupts can be finished."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from service import campaigns
from service.domain import Decision, Item, Person, Role
from service.errors import Conflict, ModqueueError, NotFound
from service.moderation import Moderation, Wish
from service.store import codec
from service.store.campaigns import Campaign

# As many members as are read for a card; of more, the counts are those of these.
READ = 500


@dataclass(frozen=True, slots=True)
class Card:
    """A campaign with what its members have in common and what varies."""

    campaign: Campaign
    items: tuple[Item, ...]
    members: tuple[tuple[Item, campaigns.Member], ...]
    authors: int
    domains: dict[str, int]
    let_through: int


@dataclass(slots=True)
class Outcome:
    """What became of a decision about a campaign: how many it reached, and why it left some."""

    reached: int = 0
    left: list[ModqueueError] = field(default_factory=list)


def find(m: Moderation, person: Person, campaign_id: str) -> Campaign:
    """Return a campaign on a site that this person moderates."""
    found = m.store.campaigns.campaign(campaign_id)
    if not person.may_see(found.site):
        raise NotFound("no such campaign")
    return found


def card(m: Moderation, campaign: Campaign) -> Card:
    """Compare the members of a campaign."""
    items = m.store.views.items(m.store.campaigns.members(campaign.id, READ))
    if not items:
        raise NotFound("no such campaign")
    authors = {i.comment.author_key or i.comment.author for i in items}
    return Card(
        campaign,
        tuple(items),
        tuple((items[s.index], s) for s in campaigns.shown([i.comment.text for i in items])),
        len(authors),
        campaigns.domains((i.comment.text, i.comment.author_url) for i in items),
        sum(1 for i in items if not i.pending and not i.decision and i.outcome == "approve"),
    )


def decide(m: Moderation, person: Person, campaign_id: str, wish: Wish, seen_until: float) -> Outcome:
    """Decide every member up to the latest that the moderator has seen, but none that is decided already."""
    campaign, now = find(m, person, campaign_id), m.clock()
    decision = Decision(wish.ruling, wish.reason, person.name, now, wish.note)
    _begin(m, campaign, "decide", decision, seen_until)
    return finish(m, person, campaign_id)


def undo(m: Moderation, person: Person, campaign_id: str) -> Outcome:
    """Take the latest decision about a campaign back, for every member that it still holds for."""
    campaign = find(m, person, campaign_id)
    if campaign.decision is None:
        raise Conflict("there is no decision to undo")
    _begin(m, campaign, "undo", replace(campaign.decision, by=person.name, at=m.clock()), 0.0)
    return finish(m, person, campaign_id)


def finish(m: Moderation, person: Person, campaign_id: str) -> Outcome:
    """Do what is left of a decision or undo; whoever finishes it, it is that of who began it."""
    campaign = find(m, person, campaign_id)
    outcome = Outcome()
    if campaign.decision is None:
        return outcome
    for item_id in m.store.campaigns.todo(campaign_id):
        try:
            _reach(m, person, campaign, campaign.decision, item_id)
            outcome.reached += 1
        except (Conflict, NotFound) as refusal:
            outcome.left.append(refusal)
        m.store.campaigns.done(campaign_id, item_id)
    return outcome


def _begin(m: Moderation, campaign: Campaign, doing: str, decision: Decision, seen_until: float) -> None:
    facts = {"site": campaign.site, "campaign": campaign.id, "by": decision.by, "decision": decision.ruling,
             "reason": decision.reason}  # fmt: skip
    entry = codec.log_entry(f"campaign {doing}", decision.at, **facts)
    m.store.campaigns.begin(campaign.id, doing, decision, seen_until, entry)


def _reach(m: Moderation, person: Person, campaign: Campaign, decision: Decision, item_id: str) -> None:
    item = m.store.views.item(item_id)
    if item.campaign != campaign.id:
        raise Conflict("it was edited since, and is no copy any more")
    if campaign.doing == "decide":
        author = Person(decision.by, Role.MODERATOR, (campaign.site,))
        wish = Wish(decision.ruling, decision.reason, decision.note, revision=item.revision)
        m.decide(author, item_id, wish, at=decision.at)
    elif item.decision and (item.decision.by, item.decision.at) == (decision.by, decision.at):
        m.undo(person, item_id, decided_at=decision.at)
