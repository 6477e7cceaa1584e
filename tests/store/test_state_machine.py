"""Whatever happens in whatever order: nothing is lost, never two live leases, one decision in effect."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from service.domain import Item, Lease, Person, ReasonCode, Ruling
from service.errors import Conflict
from service.moderation import Moderation, Wish
from service.store import ALL, PENDING, search
from tests.conftest import ANA, BEN, BLOG, OTHER, Clock, submit
from tests.store.indexes import indexed

comment_ids = st.sampled_from("1234")
people = st.sampled_from([ANA, BEN])
texts = st.sampled_from(["fine", "[hateful=0.9]", "[spam=0.7]", "[spam=0.99]", "[broken]"])


class Life(RuleBasedStateMachine):
    """A blog, two moderators, a worker and a clock; beside them a model of what must be true."""

    moderation: Moderation
    clock: Clock

    def __init__(self) -> None:
        super().__init__()
        self.moderation.store._db.client.flushall()
        self.moderation.store.registry.partitions(16)
        for site in (BLOG, OTHER):
            self.moderation.store.registry.add_site(site)
        self.texts: dict[str, str] = {}
        self.ids: dict[str, str] = {}
        self.outcomes: dict[str, str] = {}
        self.decided: dict[str, str] = {}
        self.leases: dict[str, Lease] = {}
        self.told: dict[str, str] = {}
        self.flying: list[Any] = []

    @rule(comment=comment_ids, text=texts)
    def comment_arrives(self, comment: str, text: str) -> None:
        repeated = self.texts.get(comment) == text
        answer = submit(self.moderation, text, comment)
        if not repeated:
            self.decided.pop(comment, None)
            self.leases.pop(comment, None)
            self.told.pop(comment, None)
            self.outcomes[comment] = answer["verdict"]
        self.texts[comment], self.ids[comment] = text, answer["id"]

    @rule(comment=comment_ids, person=people)
    def somebody_claims(self, comment: str, person: Person) -> None:
        if comment not in self.ids:
            return
        held = self.live(comment)
        waits = self.outcomes[comment] == "hold" and comment not in self.decided
        try:
            lease = self.moderation.claim(person, self.ids[comment])
        except Conflict:
            assert not waits or (held and held.by != person.name)
        else:
            assert waits
            assert held is None or held.by == person.name
            self.leases[comment] = lease

    @rule(comment=comment_ids, person=people, approve=st.booleans(), by_lease=st.booleans())
    def somebody_decides(self, comment: str, person: Person, approve: bool, by_lease: bool) -> None:
        if comment not in self.ids:
            return
        self.clock.move(0.001)  # at the same instant it would be the same request again
        lease, held = self.leases.get(comment), self.live(comment)
        token = lease.token if by_lease and lease else ""
        ruling = Ruling.APPROVE if approve else Ruling.REJECT
        wish = Wish(ruling, None if approve else ReasonCode.OTHER, lease_token=token)
        free = comment not in self.decided and (held is None or held.by == person.name)
        allowed = free and (not token or held is not None)
        try:
            self.moderation.decide(person, self.ids[comment], wish)
        except Conflict:
            assert not allowed
        else:
            assert allowed
            self.decided[comment] = person.name
            self.leases.pop(comment, None)
            self.outcomes[comment] = str(ruling)
            self.told[comment] = str(ruling)

    @rule(comment=comment_ids, person=people)
    def somebody_undoes(self, comment: str, person: Person) -> None:
        if comment not in self.ids:
            return
        try:
            item = self.moderation.undo(person, self.ids[comment])
        except Conflict:
            assert comment not in self.decided
        else:
            assert self.decided.pop(comment)
            self.outcomes[comment] = self.told[comment] = str(item.judgement.verdict)

    @rule(seconds=st.sampled_from([1, 10, 200, 301]))
    def time_passes(self, seconds: int) -> None:
        self.clock.move(seconds)

    @rule()
    def worker_leases(self) -> None:
        self.flying += self.moderation.store.outbox.lease_due(self.clock(), 30, 10)

    @rule(result=st.sampled_from(["confirmed", "retry", "dead"]))
    def worker_settles(self, result: str) -> None:
        if self.flying:
            delivery = self.flying.pop(0)
            self.moderation.store.outbox.settle(delivery, result, self.clock(), next_at=self.clock() + 5)

    @invariant()
    def every_promise_is_kept(self) -> None:
        items = self.moderation.store.views.page(ALL, ["blog"]).items
        self.nothing_is_lost(items)
        self.exactly_the_undecided_wait()
        self.one_example_in_force_for_each_decision(items)
        self.exactly_what_waits_or_was_decided_is_indexed(items)

    def nothing_is_lost(self, items: Sequence[Item]) -> None:
        stored = {i.comment.comment_id: i for i in items}
        assert {c: i.comment.text for c, i in stored.items()} == self.texts
        assert {c: i.outcome for c, i in stored.items()} == self.outcomes

    def exactly_the_undecided_wait(self) -> None:
        waiting = {i.comment.comment_id for i in self.moderation.store.views.page(PENDING, ["blog"]).items}
        assert waiting == {c for c, outcome in self.outcomes.items() if outcome == "hold"}
        counts = self.moderation.store.views.lanes(["blog"])
        assert sum(summary.count for summary in counts.values()) == len(waiting)

    def one_example_in_force_for_each_decision(self, items: Sequence[Item]) -> None:
        in_force: dict[tuple[str, int], bool] = {}
        for text in self.moderation.store.views.examples("blog"):
            example = json.loads(text)
            in_force[example["item"], example["revision"]] = not example.get("retracted", False)
        for item in items:
            assert in_force.get((item.id, item.revision), False) == (item.decision is not None)

    def exactly_what_waits_or_was_decided_is_indexed(self, items: Sequence[Item]) -> None:
        kept = [i for i in items if i.pending or i.decision]
        found = indexed(self.moderation.store)
        assert set(found) == {i.id for i in kept}
        for item in kept:
            # A comment may join a campaign after it was indexed; the lane finds it then.
            terms = set(search.terms(item.comment, item.judgement)) - {"r:campaign"}
            assert found[item.id] >= set(search.packed(terms).hex(" ", 4).split())

    def live(self, comment: str) -> Lease | None:
        lease = self.leases.get(comment)
        return lease if lease and lease.until > self.clock() else None

    def teardown(self) -> None:
        """Let the blog come back: it must be told the outcome in force, and nothing after it."""
        store = self.moderation.store
        for _site, _item, state in store.outbox.dead():
            store.outbox.redrive(state.id, "test", self.clock())
        said: dict[str, str] = {}
        for _round in range(10):
            self.clock.move(100_000)
            for delivery in store.outbox.lease_due(self.clock(), 30, 100):
                data = json.loads(delivery.body)["data"]
                said[data["comment_ID"]] = data["outcome"]
                store.outbox.settle(delivery, "confirmed", self.clock())
        assert store.outbox.depth() == (0, 0)
        for comment, outcome in said.items():
            assert self.told.get(comment, outcome) == outcome


def test_it_keeps_every_promise(moderation: Moderation, clock: Clock) -> None:
    class Run(Life):
        pass

    Run.moderation, Run.clock = moderation, clock
    bounds = settings(
        max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(Run, settings=bounds)
