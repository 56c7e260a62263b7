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
from typing import Final

from trailwarden.aws.members import Answer, members, moment, switch, word
from trailwarden.coverage.facts import Failure, Selectors, Trail, TrailStatus

_NOT_ENABLED: Final = "not-opted-in"


def regions_of(answer: Answer) -> tuple[str, ...]:
    """DescribeRegions: the names of the enabled Regions, sorted. Raises ValueError: none is named."""
    listed = members(answer, "Regions")
    names = {word(one, "RegionName") for one in listed if one.get("OptInStatus") != _NOT_ENABLED}
    if not names or "" in names:
        raise ValueError("an answer without the names of the Regions")
    return tuple(sorted(names))


def trails_of(answer: Answer) -> tuple[Trail, ...]:
    """DescribeTrails. Raises ValueError: a list or an ARN is missing, or a member is of another type."""
    return tuple(_trail(one) for one in members(answer, "trailList"))


def status_of(answer: Answer) -> TrailStatus:
    """GetTrailStatus. Raises ValueError: it has no IsLogging, or a member is of another type."""
    if answer.get("IsLogging") is None:
        raise ValueError("an answer without IsLogging")
    return TrailStatus(
        logging=switch(answer, "IsLogging", unsaid=False),
        latest_delivery=moment(answer, "LatestDeliveryTime"),
        latest_delivery_error=word(answer, "LatestDeliveryError"),
        latest_digest=moment(answer, "LatestDigestDeliveryTime"),
        latest_digest_error=word(answer, "LatestDigestDeliveryError"),
        started=moment(answer, "StartLoggingTime"),
        stopped=moment(answer, "StopLoggingTime"),
        latest_log_group_delivery=moment(answer, "LatestCloudWatchLogsDeliveryTime"),
        latest_log_group_error=word(answer, "LatestCloudWatchLogsDeliveryError"),
    )


def selectors_of(answer: Answer) -> Selectors:
    """GetEventSelectors. One kind may be absent, both may be empty. Raises ValueError: both are absent."""
    kinds = ("EventSelectors", "AdvancedEventSelectors")
    if all(answer.get(kind) is None for kind in kinds):
        raise ValueError("an answer without EventSelectors and AdvancedEventSelectors")
    basic, advanced = (() if answer.get(kind) is None else members(answer, kind) for kind in kinds)
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


def _trail(answer: Answer) -> Trail:
    arn = word(answer, "TrailARN")
    parts = arn.split(":", 5)
    if len(parts) != 6 or not parts[3] or not parts[4]:
        raise ValueError("a trail without TrailARN")
    return Trail(
        arn=arn,
        name=word(answer, "Name") or arn.rpartition("/")[2],
        home_region=word(answer, "HomeRegion") or parts[3],
        multi_region=switch(answer, "IsMultiRegionTrail", unsaid=False),
        organization=switch(answer, "IsOrganizationTrail", unsaid=False),
        bucket=word(answer, "S3BucketName"),
        prefix=word(answer, "S3KeyPrefix").strip("/"),
        kms_key=word(answer, "KmsKeyId"),
        validation=switch(answer, "LogFileValidationEnabled", unsaid=False),
        log_group=word(answer, "CloudWatchLogsLogGroupArn").removesuffix(":*"),
    )
