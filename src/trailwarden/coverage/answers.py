"""From what CloudTrail and EC2 answered to the plain values of `facts`. Pure.

Keeps: an answer that lacks a member which a verdict needs is not read as "none" or "no": the reader raises
ValueError, which says what is missing, and the caller makes a `Failure` of it. A list of trails that may be
incomplete is a `Failure`, too.

Rules: CloudTrail API reference, DescribeTrails, GetTrailStatus, GetEventSelectors; EC2 API reference,
DescribeRegions.

Next: `collect`, which makes the calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from trailwarden.coverage.facts import Failure, Selectors, Trail, TrailStatus

_NOT_ENABLED: Final = "not-opted-in"


def regions_of(answer: Mapping[str, Any]) -> tuple[str, ...]:
    """DescribeRegions: the names of the enabled Regions, sorted. Raises ValueError: none is named."""
    listed = _members(answer, "Regions")
    names = {_word(one, "RegionName") for one in listed if one.get("OptInStatus") != _NOT_ENABLED}
    if not names or "" in names:
        raise ValueError("an answer without the names of the Regions")
    return tuple(sorted(names))


def trails_of(answer: Mapping[str, Any]) -> tuple[Trail, ...]:
    """DescribeTrails. Raises ValueError: a list or an ARN is missing, or a member is of another type."""
    return tuple(_trail(one) for one in _members(answer, "trailList"))


def status_of(answer: Mapping[str, Any]) -> TrailStatus:
    """GetTrailStatus. Raises ValueError: it has no IsLogging, or a member is of another type."""
    if answer.get("IsLogging") is None:
        raise ValueError("an answer without IsLogging")
    return TrailStatus(
        logging=_switch(answer, "IsLogging"),
        latest_delivery=_moment(answer, "LatestDeliveryTime"),
        latest_delivery_error=_word(answer, "LatestDeliveryError"),
        latest_digest=_moment(answer, "LatestDigestDeliveryTime"),
        latest_digest_error=_word(answer, "LatestDigestDeliveryError"),
        started=_moment(answer, "StartLoggingTime"),
        stopped=_moment(answer, "StopLoggingTime"),
        latest_log_group_delivery=_moment(answer, "LatestCloudWatchLogsDeliveryTime"),
        latest_log_group_error=_word(answer, "LatestCloudWatchLogsDeliveryError"),
    )


def selectors_of(answer: Mapping[str, Any]) -> Selectors:
    """GetEventSelectors. One kind may be absent, both may be empty. Raises ValueError: both are absent."""
    kinds = ("EventSelectors", "AdvancedEventSelectors")
    if all(answer.get(kind) is None for kind in kinds):
        raise ValueError("an answer without EventSelectors and AdvancedEventSelectors")
    basic, advanced = (() if answer.get(kind) is None else _members(answer, kind) for kind in kinds)
    return Selectors(basic, advanced)


def known_trails(
    listed: Mapping[str, Sequence[Trail] | Failure], regions: Sequence[str] | Failure, wanted: str = ""
) -> Sequence[Trail] | Failure:
    """What the Regions list, each trail once, by ARN; or why that is not known.

    listed: Region -> its answer, the preferred first; regions: those that are to be covered; wanted: ARN or
    name of the trail that counts, "" for any.

    A Region that did not answer can hide only a trail of that Region alone: the others list every
    multi-Region trail. Where several Regions are to be covered, a trail of one cannot be better than the
    multi-Region trail that was found.
    """
    answers = [one for one in listed.values() if not isinstance(one, Failure)]
    unheard = {region: _named(one, region) for region, one in listed.items() if isinstance(one, Failure)}
    if not answers:
        return next(iter(unheard.values()))
    found = _united(answers)
    if isinstance(regions, Failure):
        hiding: Failure | None = regions
    else:
        hiding = next((unheard[region] for region in regions if region in unheard), None)
    several = isinstance(regions, Failure) or len(regions) > 1
    enough = several and any(one.multi_region and wanted in ("", one.arn, one.name) for one in found)
    return found if hiding is None or enough else hiding


def _united(answers: Iterable[Sequence[Trail]]) -> tuple[Trail, ...]:
    by_arn: dict[str, Trail] = {}
    for answer in answers:
        for trail in answer:
            by_arn.setdefault(trail.arn, trail)
    return tuple(by_arn[arn] for arn in sorted(by_arn))


def _named(failure: Failure, region: str) -> Failure:
    return replace(failure, detail=f"{region}: {failure.detail}") if region else failure


def _trail(answer: Mapping[str, Any]) -> Trail:
    arn = _word(answer, "TrailARN")
    parts = arn.split(":", 5)
    if len(parts) != 6 or not parts[3] or not parts[4]:
        raise ValueError("a trail without TrailARN")
    return Trail(
        arn=arn,
        name=_word(answer, "Name") or arn.rpartition("/")[2],
        home_region=_word(answer, "HomeRegion") or parts[3],
        multi_region=_switch(answer, "IsMultiRegionTrail"),
        organization=_switch(answer, "IsOrganizationTrail"),
        bucket=_word(answer, "S3BucketName"),
        prefix=_word(answer, "S3KeyPrefix").strip("/"),
        kms_key=_word(answer, "KmsKeyId"),
        validation=_switch(answer, "LogFileValidationEnabled"),
        log_group=_word(answer, "CloudWatchLogsLogGroupArn").removesuffix(":*"),
    )


def _members(answer: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    value = answer.get(name)
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise ValueError(f"an answer without {name}")
    return value


def _word(answer: Mapping[str, Any], name: str) -> str:
    """Optional strings are left out of an answer rather than empty."""
    value = answer.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{name} is not a string")
    return value


def _switch(answer: Mapping[str, Any], name: str) -> bool:
    value = answer.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise ValueError(f"{name} is neither true nor false")
    return value


def _moment(answer: Mapping[str, Any], name: str) -> datetime | None:
    value = answer.get(name)
    if value is None:
        return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError(f"{name} is not a time")
    return value.astimezone(UTC)
