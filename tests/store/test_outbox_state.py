"""Property: whatever is done in whatever order, the outbox and its model agree after every step.

So no alert is lost, none is under two ids, and none is claimed while another claim holds.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from tests.peers.postgresql import drop_database, new_database
from tests.store.conftest import PLACES, by_sqlalchemy
from tests.store.outbox_model import OutboxModel, as_model_says
from tests.store.values import LATER, alert
from trailwarden.store import (
    Claim,
    Commit,
    DeliveryState,
    OutboxFilter,
    RoutedAlert,
    Settlement,
    StoreSettings,
    Taking,
    open_store,
)

T = TypeVar("T")
SINKS = ("siem", "console")
NUMBERS = st.integers(min_value=0, max_value=2)  # few, so that claims meet
ROUTES = st.sampled_from([SINKS, SINKS[:1], SINKS[1:], ()])
SECONDS = st.integers(min_value=0, max_value=12)
LIMITS = st.one_of(st.none(), st.integers(min_value=0, max_value=2))  # None: nothing is to be claimed
LEASES = st.integers(min_value=1, max_value=10)
OUTCOMES = st.sampled_from([DeliveryState.DELIVERED, DeliveryState.PENDING, DeliveryState.DEAD])

OPENERS = (open_store, by_sqlalchemy)


class OutboxMachine(RuleBasedStateMachine):
    """Two stores on one database take turns, each of another implementation; the model takes part in everything."""

    claims: Bundle[Claim] = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.settings = StoreSettings(url=self.make_place())
        self.stores = [self.run(opener(self.settings)) for opener in OPENERS]
        self.model = OutboxModel()
        self.now = LATER

    def make_place(self) -> str:
        """URL of an empty database."""
        self.directory = tempfile.TemporaryDirectory()
        return PLACES["sqlite"](Path(self.directory.name))

    def remove_place(self) -> None:
        self.directory.cleanup()

    def run(self, act: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(act)

    def teardown(self) -> None:
        for store in self.stores:
            self.run(store.close())
        self.remove_place()
        self.runner.close()

    @initialize()
    def begin(self) -> None:
        self.commit(which=0, routed=[(0, SINKS)], forged=False, limits=(None, None), lease=1)

    @rule(
        target=claims,
        which=st.integers(0, 1),
        routed=st.lists(st.tuples(NUMBERS, ROUTES), max_size=4),
        forged=st.booleans(),
        limits=st.tuples(LIMITS, LIMITS),
        lease=LEASES,
    )
    def commit(
        self,
        which: int,
        routed: list[tuple[int, tuple[str, ...]]],
        forged: bool,
        limits: tuple[int, int],
        lease: int,
    ) -> Any:
        content = "forged" if forged else ""
        until = self.now + timedelta(seconds=lease)
        group = Commit(
            alerts=[RoutedAlert(alert(number, content=content), sinks) for number, sinks in routed],
            takings=[
                Taking(sink, limit, self.now, until)
                for sink, limit in zip(SINKS, limits, strict=True)
                if limit is not None
            ],
        )
        new, known, claimed = self.model.commit(group)
        done = self.run(self.stores[which].commit(group))
        assert (done.new, done.known) == (new, known)
        assert {(item.alert.id, item.sink, item.until) for item in done.claims} == claimed
        assert len(done.claims) == len(claimed)
        assert all((item.attempt, item.first_claimed_at) == (1, self.now) for item in done.claims)
        assert all(item.alert == self.model.alerts[item.alert.id] for item in done.claims)
        differing = {item.alert.id for item in group.alerts if self.model.alerts[item.alert.id] != item.alert}
        assert set(done.conflicting) == differing
        return multiple(*done.claims)

    @rule(
        target=claims,
        which=st.integers(0, 1),
        sink=st.sampled_from(SINKS),
        limit=st.integers(1, 4),
        after=SECONDS,
        lease=LEASES,
    )
    def claim(self, which: int, sink: str, limit: int, after: int, lease: int) -> Any:
        self.now += timedelta(seconds=after)
        until = self.now + timedelta(seconds=lease)
        expected = self.model.claim(sink, limit, self.now, until)
        taken = self.run(self.stores[which].claim(sink, limit, self.now, until))
        assert as_model_says(taken) == expected
        assert all(item.alert == self.model.alerts[item.alert.id] for item in taken)
        return multiple(*taken)

    @rule(which=st.integers(0, 1), claim=consumes(claims), state=OUTCOMES, wait=SECONDS, fenced=st.booleans())
    def settle(self, which: int, claim: Claim, state: DeliveryState, wait: int, fenced: bool) -> None:
        settlement = Settlement(
            alert_id=claim.alert.id,
            sink=claim.sink,
            state=state,
            at=self.now,
            next_attempt_at=self.now + timedelta(seconds=wait) if state is DeliveryState.PENDING else None,
            claimed_until=claim.until if fenced or claim.until <= self.now else None,
        )
        self.model.settle(settlement)
        self.run(self.stores[which].settle([settlement]))

    @rule(which=st.integers(0, 1))
    def retry(self, which: int) -> None:
        assert self.run(self.stores[which].retry(OutboxFilter(), self.now)) == self.model.retry(self.now)

    @rule(which=st.integers(0, 1), number=NUMBERS)
    def discard(self, which: int, number: int) -> None:
        alert_id = alert(number).id
        discarded = self.run(self.stores[which].discard(OutboxFilter(alert_ids=(alert_id,)), self.now))
        assert discarded == self.model.discard(alert_id)

    @rule(which=st.integers(0, 1))
    def reopen(self, which: int) -> None:
        self.run(self.stores[which].close())
        self.stores[which] = self.run(OPENERS[which](self.settings))

    @invariant()
    def outbox_and_model_agree(self) -> None:
        self.model.agrees_with(self.run(self.stores[0].outbox(OutboxFilter(limit=1000))))
        for sink in SINKS:
            assert self.run(self.stores[1].next_due(sink)) == self.model.next_due(sink)


class PostgresqlMachine(OutboxMachine):
    """The same on PostgreSQL."""

    server = ""

    def make_place(self) -> str:
        return self.run(new_database(type(self).server))

    def remove_place(self) -> None:
        self.run(drop_database(self.settings.url))


def _settings(examples: int) -> settings:
    slow = [HealthCheck.too_slow]
    return settings(max_examples=examples, stateful_step_count=30, deadline=None, suppress_health_check=slow)


TestOutbox = OutboxMachine.TestCase
TestOutbox.settings = _settings(30)


class TestOutboxOnPostgresql(PostgresqlMachine.TestCase):
    settings = _settings(10)

    @pytest.fixture(autouse=True)
    def _server(self, postgres: str) -> None:
        PostgresqlMachine.server = postgres
