"""Asks for all that lies between a log group and a person, each list once for all controls.

Keeps: each list ends whole or as a `Failure`; a list that cannot be had takes nothing away from the others. No more than
AT_ONCE calls of an account are under way at once, and none after the time is up.

Next: `chain`, which judges what was listed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeVar

from botocore import xform_name

from trailwarden.audit.answers import alarms_of, filters_of, joined, subscriptions_of
from trailwarden.audit.chain import Judge
from trailwarden.audit.controls import Control
from trailwarden.audit.lists import (
    Alarms,
    Lists,
    LogGroup,
    MetricFilter,
    Place,
    Subscription,
    log_group_of,
    topic_of,
)
from trailwarden.aws import Aws, AwsFailure, Fault, classified
from trailwarden.coverage.facts import AccountFacts, Failure
from trailwarden.model import Clock

AT_ONCE: Final = 5
"""Calls of one account side by side. DescribeMetricFilters takes five a second, DescribeAlarms nine."""
MAX_PAGES: Final = 1000
"""Of one list."""
FILTERS: Final = "logs:DescribeMetricFilters"
ALARMS: Final = "cloudwatch:DescribeAlarms"
SUBSCRIPTIONS: Final = "sns:ListSubscriptionsByTopic"

Element = TypeVar("Element")
Tell = Callable[[str], None]
"""Takes a line on what is being done."""


@dataclass(slots=True)
class ListCollector:
    """identities: by account, of those that are audited; patience: for all lists; tell: progress."""

    identities: Mapping[str, Aws]
    clock: Clock
    patience: timedelta
    tell: Tell = lambda _: None
    _turns: dict[str, asyncio.Semaphore] = field(default_factory=dict)
    _deadline: float = 0.0

    async def collect(
        self, accounts: Sequence[AccountFacts], controls: Sequence[Control]
    ) -> tuple[Lists, Judge]:
        """Everything that the controls ask for, and a judge who knows it."""
        self._deadline = asyncio.get_running_loop().time() + self.patience.total_seconds()
        filters: dict[LogGroup, Sequence[MetricFilter] | Failure] = {}
        alarms: dict[Place, Alarms | Failure] = {}
        subscriptions: dict[str, Sequence[Subscription] | Failure] = {}
        groups = list(_log_groups(accounts))
        async with asyncio.TaskGroup() as together:
            for group in groups:
                together.create_task(self._into(filters, group, self._filters(group)))
            for place in dict.fromkeys(group.place for group in groups):
                together.create_task(self._into(alarms, place, self._alarms(place)))
        lists = Lists(filters, alarms, subscriptions)
        judge = Judge(lists)
        wanted = {topic: facts.account for facts in accounts for topic in judge.topics(controls, facts)}
        async with asyncio.TaskGroup() as together:
            for topic, account in sorted(wanted.items()):
                together.create_task(self._into(subscriptions, topic, self._subscriptions(topic, account)))
        return lists, judge

    async def _into(self, found: dict[Any, Any], key: Any, asked: Awaitable[Any]) -> None:
        found[key] = await asked

    async def _filters(self, group: LogGroup) -> Sequence[MetricFilter] | Failure:
        self.tell(f"metric filters of {group.name} in {group.place.region}")
        return await self._listed(FILTERS, group.place, filters_of, "nextToken", logGroupName=group.name)

    async def _alarms(self, place: Place) -> Alarms | Failure:
        self.tell(f"alarms of {place.account} in {place.region}")
        kinds = ["MetricAlarm", "CompositeAlarm"]
        pages = await self._listed(ALARMS, place, alarms_of, "NextToken", AlarmTypes=kinds, MaxRecords=100)
        return pages if isinstance(pages, Failure) else joined(pages)

    async def _subscriptions(self, topic: str, account: str) -> Sequence[Subscription] | Failure:
        """As the account that owns the topic, where it is audited, too; else as the account whose alarm notifies it."""
        place = topic_of(topic)
        if place is None:
            return Failure(Fault.OTHER, SUBSCRIPTIONS, self.clock.now(), "the action is no topic")
        asking = place if place.account in self.identities else Place(account, place.region)
        self.tell(f"subscriptions of {topic.rpartition(':')[2]}")
        return await self._listed(SUBSCRIPTIONS, asking, subscriptions_of, "NextToken", TopicArn=topic)

    async def _listed(
        self,
        call: str,
        place: Place,
        read: Callable[[Mapping[str, Any]], list[Element]],
        token: str,
        **members: Any,
    ) -> list[Element] | Failure:
        """Every page of a list; or why one of them did not come."""
        aws = self.identities.get(place.account)
        if aws is None:
            detail = f"account {place.account} is not among those that are audited"
            return Failure(Fault.FOREIGN, call, self.clock.now(), detail)
        service, _, operation = call.partition(":")
        found: list[Element] = []
        given: dict[str, Any] = {}
        limit = asyncio.timeout_at(self._deadline)
        try:
            async with limit:
                for _ in range(MAX_PAGES):
                    async with self._turns.setdefault(place.account, asyncio.Semaphore(AT_ONCE)):
                        client = await aws.client(service, place.region)
                        answer = await getattr(client, xform_name(operation))(**members, **given)
                    found += read(answer)
                    following = answer.get(token)
                    if not following:
                        return found
                    if following == given.get(token):
                        raise ValueError("the list does not end: the same page was announced twice")
                    given = {token: following}
                raise ValueError(f"the list has more than {MAX_PAGES} pages")
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is told as this list's
            said = self._late() if limit.expired() else classified(fault)
        return Failure(said.fault, call, self.clock.now(), said.detail)

    def _late(self) -> AwsFailure:
        return AwsFailure(
            Fault.NETWORK, "TimeoutError", f"no answer within {self.patience.total_seconds():g} s"
        )


def _log_groups(accounts: Sequence[AccountFacts]) -> dict[LogGroup, None]:
    trails = [trail for facts in accounts if not isinstance(facts.trails, Failure) for trail in facts.trails]
    return dict.fromkeys(group for trail in trails if (group := log_group_of(trail.log_group)) is not None)
