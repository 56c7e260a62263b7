"""What the clients of AWS are made from. The names are botocore's where it has one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from trailwarden.model.units import Duration


def _endpoint(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is no URL of a service; write http(s)://host:port")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("must have neither a user nor a query")
    return url.rstrip("/")


Url = Annotated[str, AfterValidator(_endpoint)]
RoleArn = Annotated[
    str,
    Field(
        pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+$",
        max_length=600,
    ),
]
ExternalId = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_+=,.@:/-]+$",
        min_length=2,
        max_length=1224,
    ),
]


class Role(BaseModel):
    """A role that is assumed with the credentials at hand, and refreshed before it expires."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role_arn: RoleArn | None = Field(
        default=None, description="Assumed with the credentials at hand; empty: they are used as they are."
    )
    external_id: ExternalId | None = Field(
        default=None, description="Where the role's trust policy asks for one."
    )

    @model_validator(mode="after")
    def _belongs_to_a_role(self) -> Role:
        if self.external_id is not None and self.role_arn is None:
            raise ValueError("external_id without role_arn: it is sent when a role is assumed")
        return self


class AwsSettings(BaseModel):
    """For every call to AWS. Credentials are found as botocore finds them: environment, files, SSO, container, instance."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    region: str | None = Field(
        default=None,
        pattern=r"^[a-z]{2,}(-[a-z]+)+-\d+$",
        description="Where nothing else names one; otherwise as botocore finds it.",
    )
    profile: str | None = Field(default=None, description="A profile of the shared configuration files.")
    endpoint_url: Url | None = Field(
        default=None, description="In place of AWS, for every service: a VPC endpoint or an emulator."
    )
    endpoints: Mapping[
        Literal["s3", "sqs", "sts", "cloudtrail", "ec2", "kinesis", "dynamodb", "logs", "cloudwatch", "sns"],
        Url,
    ] = Field(default={}, description="The same for single services.")
    proxy_url: Url | None = Field(default=None, description="HTTP proxy for all calls.")
    ca_bundle: Path | None = Field(
        default=None, description="PEM file of the authorities that are trusted, in place of the usual ones."
    )
    use_dualstack_endpoint: bool = Field(default=False, description="Endpoints with IPv6.")
    use_fips_endpoint: bool = Field(default=False, description="FIPS 140 endpoints.")
    s3_addressing: Literal["auto", "path", "virtual"] = Field(
        default="auto", description="Whether the bucket stands in the path or in the host's name."
    )
    connect_timeout: Duration = Field(default="5s", validate_default=True, gt=timedelta(0))
    read_timeout: Duration = Field(
        default="30s",
        validate_default=True,
        ge=timedelta(seconds=1),
        description="For an answer without new bytes; for S3 and SQS also for one with fewer than 4 KiB a second.",
    )
    max_attempts: int = Field(
        default=4, ge=1, le=20, description="Tries of one call, the first one included."
    )
