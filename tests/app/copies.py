"""Near-copies that come in, and the campaign that they make."""

from __future__ import annotations

from service import campaign_decisions
from service.domain import Person, ReasonCode, Ruling
from service.moderation import Moderation, Wish
from service.store.campaigns import Campaign
from tests.conftest import ANA, submit

SPAM = Wish(Ruling.REJECT, ReasonCode.SPAM)


def copy(n: int, scores: str = "[spam=0.7]") -> str:
    """Write a near-copy: another name, sum and link, the same words around them."""
    name = ("Peter", "Maria Lopez", "Doctor Ojo", "my cousin Anita")[n % 4]
    return (
        f"I was amazed at what {name} has done for my family, we earned {100 + 37 * n} dollars in one week "
        f"only by following the simple steps on https://win{n}.example/go and you should try it, too {scores}"
    )


def send(m: Moderation, count: int, scores: str = "[spam=0.7]", first: int = 0) -> list[str]:
    """Submit near-copies, each by another author."""
    return [
        submit(m, copy(n, scores), f"c{n}", author=f"Author {n}", author_key=f"key{n}")["id"]
        for n in range(first, first + count)
    ]


def the_campaign(m: Moderation) -> Campaign:
    (found,) = m.store.campaigns.latest(["blog"])
    return found


def decide(m: Moderation, wish: Wish = SPAM, person: Person = ANA) -> campaign_decisions.Outcome:
    found = the_campaign(m)
    return campaign_decisions.decide(m, person, found.id, wish, found.last_at)
