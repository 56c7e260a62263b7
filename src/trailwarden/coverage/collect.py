"""Asks one account for all that a verdict rests on: its Regions, its trails, their state in each Region.

Keeps: each call ends as an answer or as a `Failure` of that call alone; neither an exception nor a Region
that hangs takes away what others answered. No more than five calls of an account are under way at once, and
none after the time is up.

Next: `borrowing`, then `verdict`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from botocore import exceptions as boto
from botocore import xform_name

from trailwarden.aws import Aws, AwsFailure, classified
from trailwarden.coverage.answers import known_trails, regions_of, selectors_of, status_of, trails_of
from trailwarden.coverage.facts import AccountFacts, Failure, Fault, Selectors, Trail, TrailStatus
from trailwarden.coverage.settings import AccountSettings
from trailwarden.model.clock import Clock

AT_ONCE: Final = 5
"""Calls side by side. CloudTrail takes ten a second of an account and Region."""

REGIONS: Final = "ec2:DescribeRegions"
TRAILS: Final = "cloudtrail:DescribeTrails"
STATUS: Final = "cloudtrail:GetTrailStatus"
SELECTORS: Final = "cloudtrail:GetEventSelectors"

_NOT_ENABLED: Final = frozenset({"UnrecognizedClientException", "InvalidClientTokenId", "AuthFailure"})
"""How an opt-in Region that is not enabled answers: nobody of the account is known there."""
_GONE: Final = "TrailNotFoundException"
_WRONG_ACCOUNT: Final = "CloudTrailARNInvalidException"

Answer = TypeVar("Answer")
Place = TypeVar("Place")


async def collect(
    aws: Aws,
    account: AccountSettings,
    clock: Clock,
    timeout: timedelta,  # noqa: ASYNC109 - no time-out of the whole: what arrived by then is kept
) -> AccountFacts:
    """One round of calls about the account. aws: an identity of it; timeout: for all calls together.

    What a call raises becomes a Failure. Credentials that were refused are renewed, for the next round.
    """
    asked = clock.now()
    calls = _Calls(aws, clock, timeout, only_some=account.regions != "all")
    home = await calls.find_home()
    regions = await _regions(calls, account, home)
    inventory = _Inventory(calls, account.id, home, regions)
    await inventory.take()
    if calls.credentials_were_refused():
        await aws.renew()
    known = calls.settled(regions)
    return AccountFacts(
        account.id,
        asked,
        known,
        known_trails(calls.all_settled(inventory.listed), known, account.trail),
        calls.all_settled(inventory.statuses),
        calls.all_settled(inventory.selectors),
    )


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A call without an answer, until it is known how the others went.

    region: "" for none; foreign: it is about another account's trail.
    """

    call: str
    region: str
    at: datetime
    said: AwsFailure
    foreign: bool

    def fault(self) -> Fault:
        """Whose fault it is, as far as this call alone tells."""
        said = self.said
        refused = said.fault in (Fault.DENIED, Fault.NOT_FOUND) or said.code == _WRONG_ACCOUNT
        if self.foreign and refused and not said.credentials:
            return Fault.FOREIGN
        if said.fault is Fault.NOT_FOUND and said.code != _GONE:
            return Fault.OTHER  # a 404 of whatever stands between says nothing about a trail
        return said.fault


class _Calls:
    """Calls bounded in number and time, and how the Regions took them. only_some: the user listed them."""

    def __init__(self, aws: Aws, clock: Clock, timeout: timedelta, only_some: bool) -> None:
        self._aws = aws
        self._clock = clock
        self._seconds = timeout.total_seconds()
        self._deadline = asyncio.get_running_loop().time() + self._seconds
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._only_some = only_some
        self._home = ""
        self._answered: set[str] = set()
        self._refusals: list[_Refusal] = []

    async def find_home(self) -> str | _Refusal:
        """The Region of the first calls: that of the settings, or as botocore finds it."""

        async def found() -> str:
            client = await self._aws.client("cloudtrail", self._aws.settings.region)
            return str(client.meta.region_name)

        home = await self._bounded(found, TRAILS, self._aws.settings.region or "", foreign=False)
        self._home = home if isinstance(home, str) else ""
        return home

    async def ask(
        self,
        call: str,
        region: str,
        read: Callable[[Mapping[str, Any]], Answer],
        *,
        foreign: bool = False,
        **members: object,
    ) -> Answer | _Refusal:
        """What `read` makes of it. call: `service:Operation`; foreign: about another account's trail."""
        service, _, operation = call.partition(":")

        async def answered() -> Answer:
            client = await self._aws.client(service, region)
            answer = read(await getattr(client, xform_name(operation))(**members))
            self._answered.add(region)
            return answer

        return await self._bounded(answered, call, region, foreign)

    async def _bounded(
        self, work: Callable[[], Awaitable[Answer]], call: str, region: str, foreign: bool
    ) -> Answer | _Refusal:
        limit = asyncio.timeout_at(self._deadline)
        try:
            async with limit, self._turns:
                return await work()
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is told as this call's
            said = self._late() if limit.expired() else _said(fault)
        refusal = _Refusal(call, region, self._clock.now(), said, foreign)
        self._refusals.append(refusal)
        return refusal

    def _late(self) -> AwsFailure:
        return AwsFailure(Fault.NETWORK, "TimeoutError", f"no answer within {self._seconds:g} s")

    def credentials_were_refused(self) -> bool:
        """Whether finding the credentials anew could mend any of the calls that ended so far."""
        return any(one.said.credentials and not self._is_disabled(one) for one in self._refusals)

    def settled(self, outcome: Answer | _Refusal) -> Answer | Failure:
        """To be asked when all calls ended: what a refusal means may depend on another Region's answer."""
        if not isinstance(outcome, _Refusal):
            return outcome
        fault = Fault.REGION_DISABLED if self._is_disabled(outcome) else outcome.fault()
        return Failure(fault, outcome.call, outcome.at, outcome.said.detail)

    def all_settled(self, outcomes: Mapping[Place, Answer | _Refusal]) -> dict[Place, Answer | Failure]:
        """The same for each."""
        return {place: self.settled(outcome) for place, outcome in outcomes.items()}

    def _is_disabled(self, refusal: _Refusal) -> bool:
        """Credentials that the home Region took are not wrong; it is the Region that does not know them."""
        return (
            self._only_some
            and refusal.said.code in _NOT_ENABLED
            and self._home in self._answered
            and refusal.region not in self._answered
        )


class _Inventory:
    """The trails that the Regions list, their selectors, and their status in every Region that they cover."""

    def __init__(
        self, calls: _Calls, account: str, home: str | _Refusal, regions: Sequence[str] | _Refusal
    ) -> None:
        self._calls = calls
        self._account = account
        first = [home] if isinstance(home, str) else []
        self._covered = first if isinstance(regions, _Refusal) else list(regions)
        # The home Region first: where two Regions tell of a trail, the first one counts.
        self.listed: dict[str, Sequence[Trail] | _Refusal] = dict.fromkeys([*first, *self._covered], ())
        if isinstance(home, _Refusal):
            self.listed[""] = home
        self.statuses: dict[tuple[str, str], TrailStatus | _Refusal] = {}
        self.selectors: dict[str, Selectors | _Refusal] = {}
        self._seen: set[str] = set()

    async def take(self) -> None:
        """Ask everything. A trail is looked into once one Region lists it: none waits for a slow Region."""
        async with asyncio.TaskGroup() as group:
            for region in filter(None, self.listed):
                group.create_task(self._list(region, group))

    async def _list(self, region: str, group: asyncio.TaskGroup) -> None:
        listed = await self._calls.ask(TRAILS, region, trails_of, includeShadowTrails=True)
        self.listed[region] = listed
        for trail in () if isinstance(listed, _Refusal) else listed:
            if trail.arn in self._seen:
                continue
            self._seen.add(trail.arn)
            group.create_task(self._ask_selectors(trail))
            for covered in filter(trail.covers_region, self._covered):
                group.create_task(self._ask_status(trail, covered))

    async def _ask_status(self, trail: Trail, region: str) -> None:
        self.statuses[trail.arn, region] = await self._calls.ask(
            STATUS, region, status_of, foreign=trail.owner != self._account, Name=trail.arn
        )

    async def _ask_selectors(self, trail: Trail) -> None:
        self.selectors[trail.arn] = await self._calls.ask(
            SELECTORS,
            trail.home_region,
            selectors_of,
            foreign=trail.owner != self._account,
            TrailName=trail.arn,
        )


async def _regions(calls: _Calls, account: AccountSettings, home: str | _Refusal) -> Sequence[str] | _Refusal:
    """Those that are to be covered."""
    if account.regions != "all":
        return tuple(dict.fromkeys(account.regions))
    if isinstance(home, _Refusal):
        return replace(home, call=REGIONS)
    return await calls.ask(REGIONS, home, regions_of, AllRegions=False)


def _said(fault: Exception) -> AwsFailure:
    said = classified(fault)
    if isinstance(fault, boto.NoRegionError):
        return replace(said, detail="no Region is known for the first calls; set aws.region")
    return said
