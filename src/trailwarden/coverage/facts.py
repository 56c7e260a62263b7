"""What AWS answered and what the feed brought, as plain values: all that a verdict may rest on.

Keeps: an answer that did not come is a `Failure`, never an empty list; so nothing can be concluded from it by accident.

Next: `selectors`, then `conditions`, which judge these values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from trailwarden.aws import Fault

__all__ = ["AccountFacts", "Failure", "Fault", "Selectors", "Trail", "TrailStatus"]


@dataclass(frozen=True, slots=True)
class Failure:
    """A call that gave no answer. call: `cloudtrail:GetTrailStatus` and the like; detail: one line without secrets."""

    fault: Fault
    call: str
    at: datetime
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Trail:
    """One trail as DescribeTrails tells it, once per ARN however many Regions list it.

    prefix: without slashes at its ends; "" for none. bucket: "" when the answer had none. log_group: the ARN of the
    CloudWatch log group that gets the events, too, without the star at its end; "" for none.
    """

    arn: str
    name: str
    home_region: str
    multi_region: bool
    organization: bool
    bucket: str
    prefix: str = ""
    kms_key: str = ""
    validation: bool = False
    log_group: str = ""

    @property
    def owner(self) -> str:
        """The account in the ARN: for an organization's trail the management account. "" where the ARN is not one."""
        parts = self.arn.split(":", 5)
        return parts[4] if len(parts) == 6 else ""

    def covers_region(self, region: str) -> bool:
        """Whether it is meant to record that Region."""
        return self.multi_region or self.home_region == region


@dataclass(frozen=True, slots=True)
class TrailStatus:
    """GetTrailStatus, which speaks of the Region that was asked. Times are absent until they happened for the first time."""

    logging: bool
    latest_delivery: datetime | None = None
    latest_delivery_error: str = ""
    latest_digest: datetime | None = None
    latest_digest_error: str = ""
    started: datetime | None = None
    stopped: datetime | None = None
    latest_log_group_delivery: datetime | None = None
    latest_log_group_error: str = ""


@dataclass(frozen=True, slots=True)
class Selectors:
    """GetEventSelectors as it came: basic or advanced, never both. Both empty is the default of a new trail."""

    basic: Sequence[Mapping[str, Any]] = ()
    advanced: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What one account answered. asked: when the round of calls began.

    regions:   the enabled Regions that are to be covered
    trails:    every trail that the account lists, shadow trails included
    statuses:  (trail ARN, Region) -> its status there
    selectors: trail ARN -> its selectors
    """

    account: str
    asked: datetime
    regions: Sequence[str] | Failure
    trails: Sequence[Trail] | Failure
    statuses: Mapping[tuple[str, str], TrailStatus | Failure] = field(default_factory=dict)
    selectors: Mapping[str, Selectors | Failure] = field(default_factory=dict)
