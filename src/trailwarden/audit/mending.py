"""What a trail needs, as commands and as Terraform: the part of the remediation before the filters. Pure.

Keeps: what the trail has is kept: selectors are added to or widened, never replaced by fewer.

Rule: CloudTrail API reference, UpdateTrail, StartLogging, PutEventSelectors. Next: `remediation`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from trailwarden.audit.outcome import Link
from trailwarden.audit.quoting import command, hcl
from trailwarden.coverage.facts import AccountFacts, Failure, Selectors, Trail
from trailwarden.model.partition import partition_of

TRAIL_NAME: Final = "management-events"
LOG_GROUP: Final = "cloudtrail-management-events"
ROLE: Final = "cloudtrail-to-cloudwatch-logs"
BUCKET: Final = "BUCKET-OF-THE-TRAIL"


@dataclass(frozen=True, slots=True)
class Step:
    """title: what it does; commands: a line each; terraform: "" where it has no form there."""

    title: str
    commands: Sequence[str] = ()
    terraform: str = ""


def trail_steps(facts: AccountFacts, trail: Trail | None, broken: Link) -> Iterator[Step]:
    """A trail; or what the one that is there lacks."""
    if trail is None:
        yield _new(_region(facts))
        return
    condition = broken.evidence.get("condition")
    if condition == "multi_region":
        words = [*_aws("update-trail", trail), "--name", trail.arn, "--is-multi-region-trail"]
        yield Step(
            "Make it a multi-Region trail",
            (command(words),),
            _terraform(trail, "is_multi_region_trail = true"),
        )
    elif condition == "logging":
        words = [*_aws("start-logging", trail), "--name", trail.arn]
        yield Step(
            "Start it, and find out who stopped it",
            (command(words),),
            _terraform(trail, "enable_logging = true"),
        )
    elif condition == "management_events":
        selectors = facts.selectors.get(trail.arn)
        if isinstance(selectors, Selectors):
            yield _selecting(trail, selectors)


def log_group_steps(facts: AccountFacts, trail: Trail | None) -> Iterator[Step]:
    """A log group, a role by which the trail writes to it, and the trail's setting."""
    region = trail.home_region if trail is not None else _region(facts)
    partition = partition_of(region)
    account = trail.owner if trail is not None else facts.account
    group = f"arn:{partition}:logs:{region}:{account}:log-group:{LOG_GROUP}:*"
    role = f"arn:{partition}:iam::{account}:role/{ROLE}"
    trust = _policy({"Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sts:AssumeRole"})
    allow = _policy({"Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": group})
    name = trail.arn if trail is not None else TRAIL_NAME
    commands = [
        ["aws", "logs", "create-log-group", "--region", region, "--log-group-name", LOG_GROUP],
        ["aws", "iam", "create-role", "--role-name", ROLE, "--assume-role-policy-document", trust],
        [
            *("aws", "iam", "put-role-policy", "--role-name", ROLE, "--policy-name", "write"),
            *("--policy-document", allow),
        ],
        [
            *("aws", "cloudtrail", "update-trail", "--region", region, "--name", name),
            *("--cloud-watch-logs-log-group-arn", group, "--cloud-watch-logs-role-arn", role),
        ],
    ]
    terraform = f"""\
resource "aws_cloudwatch_log_group" "cloudtrail" {{
  name = {hcl(LOG_GROUP)}
}}

resource "aws_iam_role" "cloudtrail" {{
  name               = {hcl(ROLE)}
  assume_role_policy = {hcl(trust)}
}}

resource "aws_iam_role_policy" "cloudtrail" {{
  name   = "write"
  role   = aws_iam_role.cloudtrail.id
  policy = {hcl(allow)}
}}

# On the trail:
#   cloud_watch_logs_group_arn = "${{aws_cloudwatch_log_group.cloudtrail.arn}}:*"
#   cloud_watch_logs_role_arn  = aws_iam_role.cloudtrail.arn
"""
    yield Step("Let the trail write to a log group", tuple(map(command, commands)), terraform)


def _new(region: str) -> Step:
    words = [
        *("aws", "cloudtrail", "create-trail", "--region", region, "--name", TRAIL_NAME),
        *("--s3-bucket-name", BUCKET, "--is-multi-region-trail", "--enable-log-file-validation"),
    ]
    start = ["aws", "cloudtrail", "start-logging", "--region", region, "--name", TRAIL_NAME]
    terraform = f"""\
resource "aws_cloudtrail" "management_events" {{
  name                       = {hcl(TRAIL_NAME)}
  s3_bucket_name             = {hcl(BUCKET)}
  is_multi_region_trail      = true
  enable_log_file_validation = true
}}
"""
    return Step("Create a multi-Region trail, and start it", (command(words), command(start)), terraform)


def _selecting(trail: Trail, selectors: Selectors) -> Step:
    if selectors.advanced:
        every = {
            "Name": "Management events",
            "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}],
        }
        given, option = [*selectors.advanced, every], "--advanced-event-selectors"
    else:
        first, *others = selectors.basic or ({},)
        widened: dict[str, Any] = {**first, "ReadWriteType": "All", "IncludeManagementEvents": True}
        widened["ExcludeManagementEventSources"] = []
        given, option = [widened, *others], "--event-selectors"
    words = [
        *_aws("put-event-selectors", trail),
        "--trail-name",
        trail.arn,
        option,
        json.dumps([dict(one) for one in given]),
    ]
    block = (
        'event_selector {\n    read_write_type           = "All"\n    include_management_events = true\n  }'
    )
    return Step("Let it capture all management events", (command(words),), _terraform(trail, block))


def _terraform(trail: Trail, setting: str) -> str:
    return f"""\
resource "aws_cloudtrail" "trail" {{
  name           = {hcl(trail.name)}
  s3_bucket_name = {hcl(trail.bucket or BUCKET)}
  {setting}
}}
"""


def _aws(operation: str, trail: Trail) -> list[str]:
    return ["aws", "cloudtrail", operation, "--region", trail.home_region]


def _policy(statement: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def _region(facts: AccountFacts) -> str:
    return "us-east-1" if isinstance(facts.regions, Failure) or not facts.regions else facts.regions[0]
