"""The verification while the service runs: asks AWS at intervals and at once when the feed gives reason to, judges what is
known, shows it, keeps it, and tells of changes.

Keeps: what is told and what is remembered of it are one transaction, so that a crash tells nothing twice and leaves nothing
out. A fault of ours makes the verdict `unknown`, never older than it says.

Next: `trailwarden.coverage.report`; `trailwarden.coverage.announcement`.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog

from trailwarden.app.coverage_memory import Memory, joined, recalled, recorded, seen
from trailwarden.app.turns import Turn
from trailwarden.coverage.announcement import changes, trial_alert
from trailwarden.coverage.arrivals import Arrivals, origin_place
from trailwarden.coverage.conditions import Finding
from trailwarden.coverage.facts import AccountFacts
from trailwarden.coverage.own import alert_path
from trailwarden.coverage.report import Report, reported
from trailwarden.coverage.round import Collector
from trailwarden.coverage.settings import CoverageSettings
from trailwarden.coverage.triggers import gives_reason
from trailwarden.errors import StoreError
from trailwarden.health import StatusBoard
from trailwarden.health.model import Coverage
from trailwarden.model import Batch, Clock
from trailwarden.pipeline.assemble import Router
from trailwarden.pipeline.delivery import SinkState, SinkStatus
from trailwarden.store import Commit, Lease, RoutedAlert, Store
from trailwarden.telemetry import Metrics
from trailwarden.waiting import set_within

log = structlog.get_logger(__name__)

_TICK: Final = 1.0
_BETWEEN_ROUNDS: Final = 1.0
"""Seconds between two rounds of calls, at least, however much reason the feed gives."""
_BETWEEN_JUDGEMENTS: Final = 30.0
"""Seconds after which what is known is judged anew though nothing came in: ages grow."""
_JOIN_EVERY: Final = timedelta(seconds=20)
"""What other instances saw is asked for no more often: there may be thousands of places."""
TELLING: Final = timedelta(seconds=3 * _BETWEEN_JUDGEMENTS)
"""For so long after its last judgement nobody else tells of changes."""
_TRIAL_EVERY: Final = timedelta(minutes=5)


@dataclass(slots=True)
class CoverageWatch:
    """One service's verification. required: names of the sinks that coverage depends on; rules: the finding on them."""

    settings: CoverageSettings
    collector: Collector
    store: Store
    board: StatusBoard
    metrics: Metrics
    sinks: Callable[[], Mapping[str, SinkStatus]]
    required: Sequence[str]
    rules: Finding
    triggers: frozenset[str]
    route: Router
    wake_delivery: Callable[[], None]
    clock: Clock
    arrivals: Arrivals = field(default_factory=Arrivals)
    turn: Turn | None = None
    """Whose turn it is to tell, where instances share the store."""
    chance: Callable[[], float] = random.random
    _memory: Memory = field(default_factory=Memory)
    _facts: dict[str, AccountFacts] = field(default_factory=dict)
    _reason: asyncio.Event = field(default_factory=asyncio.Event)
    _came: bool = False
    _tells: bool = False
    _joined: datetime | None = None
    _tried: dict[str, datetime] = field(default_factory=dict)

    async def run(self) -> None:
        """Until cancelled."""
        await self._restore()
        try:
            await self._watch()
        finally:
            if self.turn is not None:
                await self.turn.give_up()

    async def _watch(self) -> None:
        due = asked = judged = time.monotonic()
        while True:
            now = time.monotonic()
            try:
                if self._reason.is_set() or now >= due:
                    self._reason.clear()
                    asked = now
                    due = now + self._interval()
                    await self.ask()
                    judged = now
                elif self._came or now - judged >= _BETWEEN_JUDGEMENTS or self._news_of_sinks():
                    await self.judge()
                    judged = now
            except Exception as fault:
                log.exception("verification_failed")
                self._facts = {}  # what was known before is no verdict after it: AWS is asked again
                self._show_fault(f"{type(fault).__name__} while verifying; the log has the details")
                judged = time.monotonic()
                due = min(due, judged + _BETWEEN_JUDGEMENTS)
            await self._pause(asked)

    def observed(self, batches: Sequence[Batch], commit: Commit) -> None:
        """Batches were committed: note where they came from, and see whether they give reason to ask at once."""
        for batch in batches:
            place = origin_place(batch.origin.details)
            if place is not None:
                self.arrivals.note(*place, batch.received_at)
                self._came = True
        for row in commit.received:
            for account, region in row.places:
                self.arrivals.note_event(row.source, account, region, row.received_at)
                self._came = True
        known = self._facts.values()
        if any(gives_reason(routed.alert, self.triggers, known) for routed in commit.alerts):
            log.info("verification_triggered")
            self._reason.set()

    async def ask(self) -> None:
        """One round of calls, all accounts side by side, and its judgement."""
        facts = await self.collector.collect(self.settings.accounts)
        self._facts = {one.account: one for one in facts}
        await self.judge()

    async def judge(self) -> None:
        """Judge what is known, show it, tell of changes."""
        if not self._facts:
            return
        self._came = False
        now = self.clock.now()
        self._note_sinks()
        lease = await self._agreed()
        report = reported(now, self.settings, self._facts, self.arrivals.everything(), self._own(now))
        await self._keep(report, lease)
        self._show(report)

    async def _agreed(self) -> Lease | None:
        """What the other instances know is known here, too; and who is to tell of changes."""
        if self.turn is None:
            return None
        try:
            lease = await self.turn.take()
            ours, now = self.turn.is_ours(lease), self.clock.now()
            if (ours and not self._tells) or _older(self._joined, now, _JOIN_EVERY):
                theirs, _ = await recalled(self.store, self.arrivals)
                self._memory, self._joined = joined(self._memory, theirs), now
        except StoreError as fault:
            log.warning("verdict_not_shared", error=str(fault))
            self._tells = False
            return None
        self._tells = ours
        return lease if ours else None

    def _own(self, now: datetime) -> Sequence[Finding]:
        wrong = {
            state: {
                name: one.last_error or state.value
                for name, one in self.sinks().items()
                if one.state is state
            }
            for state in (SinkState.HOLDING, SinkState.FAILING)
        }
        taken = {name: self._memory.taken.get(name) for name in self.required}
        return (
            self.rules,
            alert_path(
                taken, wrong[SinkState.HOLDING], wrong[SinkState.FAILING], now, self.settings.alert_path
            ),
        )

    async def _keep(self, report: Report, lease: Lease | None) -> None:
        if self.turn is not None and lease is None:
            await self._share()
            return
        announced, alerts = changes(self._memory.announced, report, self.settings.hold)
        routed = [RoutedAlert(alert, self.route(alert)) for alert in alerts]
        trials = self._trials(report.at)
        after = Memory(self._memory.taken, announced, report)
        try:
            await self.store.commit(
                Commit(alerts=[*routed, *trials], checkpoints=recorded(after, self.arrivals), lease=lease)
            )
        except StoreError as fault:
            # What changed is told when the store is back: nothing of it was remembered.
            self._tells = False
            log.warning("verdict_not_kept", error=str(fault))
            return
        self._memory = after
        for alert in alerts:
            log.warning("coverage_changed", summary=alert.summary)
        for trial in trials:
            self._tried[trial.sinks[0]] = report.at
        if alerts or trials:
            self.wake_delivery()

    async def _share(self) -> None:
        """Another instance tells of changes: it must know what came here."""
        try:
            await self.store.commit(Commit(checkpoints=seen(self._memory, self.arrivals)))
        except StoreError as fault:
            log.warning("verdict_not_shared", error=str(fault))

    def _trials(self, now: datetime) -> list[RoutedAlert]:
        """A test alert for each required sink that took nothing for half of the time that is allowed."""
        half = self.settings.alert_path / 2
        return [
            RoutedAlert(trial_alert(name, now), (name,))
            for name in self.required
            if _older(self._memory.taken.get(name), now, half)
            and _older(self._tried.get(name), now, _TRIAL_EVERY)
        ]

    def _note_sinks(self) -> None:
        for name, status in self.sinks().items():
            if status.last_delivered is not None:
                self._memory.taken[name] = status.last_delivered

    def _news_of_sinks(self) -> bool:
        return any(
            status.last_delivered is not None and self._memory.taken.get(name) != status.last_delivered
            for name, status in self.sinks().items()
            if name in self.required and _older(self._memory.taken.get(name), self.clock.now(), _TRIAL_EVERY)
        )

    def _show(self, report: Report) -> None:
        stale_after = 3 * (self.settings.interval + self.settings.timeout)
        self.board.set_coverage(
            Coverage(
                report.state.value, report.reason(), report.at, report.evidence(), stale_after.total_seconds()
            )
        )
        self.metrics.coverage(report.state.value)
        self.metrics.conditions(
            {
                (finding.condition, verdict.account, verdict.region): finding.state.value
                for verdict, finding in report.findings()
            }
        )
        self.metrics.arrivals({(one.key.account, one.key.region): one.at for one in self.arrivals.latest()})

    def _show_fault(self, reason: str) -> None:
        self.board.set_coverage(Coverage("unknown", reason, self.clock.now()))
        self.metrics.coverage("unknown")

    async def _restore(self) -> None:
        with contextlib.suppress(StoreError):
            self._memory, shown = await recalled(self.store, self.arrivals)
            if shown is not None:
                age = max(0.0, (self.clock.now() - shown.time).total_seconds())
                self.board.set_coverage(shown, age=age)

    def _interval(self) -> float:
        seconds = self.settings.interval.total_seconds()
        return seconds * (0.9 + 0.2 * self.chance())

    async def _pause(self, asked: float) -> None:
        """A tick, or less where there is reason to ask; no round of calls follows another too closely."""
        await set_within(self._reason, _TICK)
        rest = asked + _BETWEEN_ROUNDS - time.monotonic()
        if self._reason.is_set() and rest > 0:
            await asyncio.sleep(rest)


def _older(at: datetime | None, now: datetime, age: timedelta) -> bool:
    return at is None or now - at > age
