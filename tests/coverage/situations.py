"""Situations of trails, and what must be said of each condition. Written from the CloudTrail API reference and user guide.

expect: a letter a condition, v(erified), u(nknown) or g(ap), in the order of CONDITIONS; "g" alone where no trail is found.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from trailwarden.coverage.binding import Arrived
from trailwarden.coverage.borrowing import borrowed
from trailwarden.coverage.facts import AccountFacts, Failure, Fault, Selectors, Trail, TrailStatus
from trailwarden.model.log_key import LogKey

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HERE, THERE, OPT_IN = "eu-west-1", "us-east-1", "ap-east-1"
ME, MANAGEMENT, ORGANIZATION = "123456789012", "999999999999", "o-exampleorgid1"
CONDITIONS = (
    "trail_found",
    "multi_region",
    "logging",
    "management_events",
    "delivery",
    "binding",
    "freshness",
)


def ago(minutes: float | None) -> datetime | None:
    return None if minutes is None else NOW - timedelta(minutes=minutes)


def status(
    logging: bool = True,
    *,
    delivered: float | None = 5,
    error: str = "",
    digest: float | None = None,
    digest_error: str = "",
    started: float | None = None,
    stopped: float | None = None,
) -> TrailStatus:
    """Times in minutes before the round."""
    return TrailStatus(logging, ago(delivered), error, ago(digest), digest_error, ago(started), ago(stopped))


def failed(fault: Fault) -> Failure:
    return Failure(fault, "cloudtrail:AnyCall", NOW, "as it was said")


def basic(**members: Any) -> Selectors:
    return Selectors(basic=[members])


def advanced(*fields: dict[str, Any], category: str = "Management") -> dict[str, Any]:
    return {"FieldSelectors": [{"Field": "eventCategory", "Equals": [category]}, *fields]}


def only(*selectors: dict[str, Any]) -> Selectors:
    return Selectors(advanced=list(selectors))


def read_only(value: str) -> dict[str, Any]:
    return {"Field": "readOnly", "Equals": [value]}


def without(*sources: str) -> dict[str, Any]:
    return {"Field": "eventSource", "NotEquals": [f"{one}.amazonaws.com" for one in sources]}


@dataclass(frozen=True)
class T:
    """A trail with what is answered about it, in every Region the same but for `there`."""

    name: str = "main"
    owner: str = ME
    home: str = HERE
    multi: bool = True
    org: bool = False
    bucket: str = "logs"
    prefix: str = ""
    validation: bool = False
    status: TrailStatus | Failure = field(default_factory=status)
    there: TrailStatus | Failure | None = None
    selectors: Selectors | Failure = field(default_factory=Selectors)

    def trail(self) -> Trail:
        arn = f"arn:aws:cloudtrail:{self.home}:{self.owner}:trail/{self.name}"
        return Trail(
            arn,
            self.name,
            self.home,
            self.multi,
            self.org,
            self.bucket,
            self.prefix,
            validation=self.validation,
        )


def came(
    bucket: str = "logs",
    prefix: str = "",
    org: str = "",
    account: str = ME,
    region: str = HERE,
    minutes: float = 5,
) -> Arrived:
    """The last file of a place; so many minutes ago."""
    at = NOW - timedelta(minutes=minutes)
    return Arrived(bucket, LogKey(prefix, org, account, "CloudTrail", region, at), at)


@dataclass(frozen=True)
class Situation:
    """trails: what the account lists, or why it is not known; wanted: as configured; of: the trail that the verdict speaks of;
    owner: what the management account answers about the same trails, where it is configured too."""

    name: str
    expect: str
    trails: tuple[T, ...] | Failure = (T(),)
    regions: tuple[str, ...] | Failure = (HERE, THERE)
    region: str = HERE
    arrived: tuple[Arrived, ...] = (came(),)
    wanted: str = ""
    of: str = "main"
    owner: tuple[T, ...] = ()

    def facts(self) -> AccountFacts:
        mine = _facts(ME, self.trails, self.regions)
        if not self.owner:
            return mine
        return borrowed([mine, _facts(MANAGEMENT, self.owner, self.regions)])[0]


def _facts(account: str, trails: tuple[T, ...] | Failure, regions: tuple[str, ...] | Failure) -> AccountFacts:
    if isinstance(trails, Failure):
        return AccountFacts(account, NOW, regions, trails)
    asked = (HERE, THERE) if isinstance(regions, Failure) else regions
    return AccountFacts(
        account,
        NOW,
        regions,
        [one.trail() for one in trails],
        {
            (one.trail().arn, region): one.there if region == THERE and one.there is not None else one.status
            for one in trails
            for region in asked
        },
        {one.trail().arn: one.selectors for one in trails},
    )
