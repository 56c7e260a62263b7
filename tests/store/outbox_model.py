"""The outbox as plain Python: what the store must do, said a second time without a database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from trailwarden.model import Alert
from trailwarden.store import Claim, Commit, DeliveryState, OutboxRow, Settlement

PENDING = DeliveryState.PENDING


@dataclass(slots=True)
class Delivery:
    """One (alert, sink)."""

    due: datetime
    state: DeliveryState = PENDING
    attempts: int = 0
    holder: datetime | None = None
    first: datetime | None = None


@dataclass(slots=True)
class OutboxModel:
    """The alerts by id, and the deliveries by (alert id, sink)."""

    alerts: dict[str, Alert] = field(default_factory=dict)
    deliveries: dict[tuple[str, str], Delivery] = field(default_factory=dict)

    def commit(self, commit: Commit) -> tuple[int, int, set[tuple[str, str, datetime]]]:
        """(new, known, (alert id, sink, until) of each claim)."""
        before = len(self.alerts)
        left = {taking.sink: (taking.limit, taking) for taking in commit.takings}
        claimed = set()
        for routed in commit.alerts:
            if routed.alert.id not in self.alerts:
                self.alerts[routed.alert.id] = routed.alert
                for sink in routed.sinks:
                    made = self.deliveries[routed.alert.id, sink] = Delivery(due=routed.alert.created_at)
                    if left.get(sink, (0,))[0] > 0:
                        count, taking = left[sink]
                        left[sink] = (count - 1, taking)
                        made.attempts, made.first = 1, taking.at
                        made.due = made.holder = taking.until
                        claimed.add((routed.alert.id, sink, taking.until))
        new = len(self.alerts) - before
        return new, len(commit.alerts) - new, claimed

    def claim(self, sink: str, limit: int, now: datetime, until: datetime) -> set[tuple[str, int, datetime]]:
        """(alert id, attempt, first claimed at) of each claim."""
        due = sorted(
            (delivery.due, alert_id)
            for (alert_id, of), delivery in self.deliveries.items()
            if of == sink and delivery.state is PENDING and delivery.due <= now
        )
        claimed = set()
        for _due, alert_id in due[:limit]:
            delivery = self.deliveries[alert_id, sink]
            assert delivery.holder is None or delivery.holder <= now, "claimed while another claim holds"
            delivery.attempts += 1
            delivery.due = delivery.holder = until
            delivery.first = delivery.first or now
            claimed.add((alert_id, delivery.attempts, delivery.first))
        return claimed

    def settle(self, settlement: Settlement) -> None:
        """Only what is pending changes; but for DELIVERED, only by the holder of the last claim."""
        delivery = self.deliveries[settlement.alert_id, settlement.sink]
        mine = settlement.claimed_until is None or settlement.claimed_until == delivery.holder
        if delivery.state is not PENDING or not (mine or settlement.state is DeliveryState.DELIVERED):
            return
        delivery.state = settlement.state
        delivery.holder = None
        if settlement.state is PENDING:
            delivery.due = settlement.next_attempt_at or settlement.at

    def retry(self, now: datetime) -> int:
        """Every dead delivery starts anew."""
        dead = [delivery for delivery in self.deliveries.values() if delivery.state is DeliveryState.DEAD]
        for delivery in dead:
            delivery.state, delivery.due, delivery.attempts = PENDING, now, 0
            delivery.holder = delivery.first = None
        return len(dead)

    def discard(self, alert_id: str) -> int:
        """Every delivery of an alert that is pending or dead."""
        open_ones = [
            delivery
            for (of, _sink), delivery in self.deliveries.items()
            if of == alert_id and delivery.state in (PENDING, DeliveryState.DEAD)
        ]
        for delivery in open_ones:
            delivery.state, delivery.holder = DeliveryState.DISCARDED, None
        return len(open_ones)

    def next_due(self, sink: str) -> datetime | None:
        """The earliest of what is pending."""
        pending = (
            item.due for (_, of), item in self.deliveries.items() if of == sink and item.state is PENDING
        )
        return min(pending, default=None)

    def agrees_with(self, rows: Sequence[OutboxRow]) -> None:
        """Every delivery is there, once, as the model has it."""
        assert len({(row.alert_id, row.sink) for row in rows}) == len(rows)
        found = {(row.alert_id, row.sink): (row.state, row.attempts, row.next_attempt_at) for row in rows}
        assert found == {
            key: (item.state, item.attempts, item.due if item.state is PENDING else None)
            for key, item in self.deliveries.items()
        }


def as_model_says(claims: Sequence[Claim]) -> set[tuple[str, int, datetime]]:
    """Claims in the words of `OutboxModel.claim`."""
    return {(claim.alert.id, claim.attempt, claim.first_claimed_at) for claim in claims}
