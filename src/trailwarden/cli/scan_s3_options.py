"""The options of `scan s3://` as settings."""

from __future__ import annotations

from pydantic import ValidationError

from trailwarden.aws import AwsSettings, Role
from trailwarden.errors import ConfigError
from trailwarden.model.validation import one_line_each


def aws_of(
    region: str | None, profile: str | None, endpoint_url: str | None, role_arn: str | None
) -> tuple[AwsSettings, Role]:
    """Raises ConfigError with a line for each mistake."""
    try:
        aws = AwsSettings(region=region, profile=profile, endpoint_url=endpoint_url)
        return aws, Role(role_arn=role_arn)
    except ValidationError as fault:
        raise ConfigError("\n".join(one_line_each(fault, AwsSettings, "the options of s3://"))) from None
