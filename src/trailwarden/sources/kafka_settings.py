"""The settings of a source of kind `kafka`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from trailwarden.aws.settings import Role
from trailwarden.model.units import Duration, Size
from trailwarden.sources.acknowledgement import Ack, AckPoint

Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "AWS_MSK_IAM"]
_MIB: Final = 1024 * 1024


def _address(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65536 or "/" in text:
        raise ValueError("is no address of a broker; write host:port")
    return text


def _moment(value: object) -> datetime | str:
    if isinstance(value, str) and value in ("earliest", "latest"):
        return value
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError("is neither `earliest`, `latest` nor a time such as 2026-01-31T12:00:00Z") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


Server = Annotated[str, Field(max_length=300), AfterValidator(_address)]
Topic = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$", max_length=249)]


class KafkaTls(BaseModel):
    """TLS, with a certificate of our own where the broker asks for one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ca_file: Path | None = Field(
        default=None, description="PEM file of the authorities that are trusted, in place of the usual ones."
    )
    certificate_file: Path | None = Field(
        default=None, description="PEM file of our certificate, where the broker asks for one."
    )
    key_file: Path | None = Field(
        default=None, description="Its key, where it is not in the file of the certificate."
    )
    key_password: SecretStr | None = Field(default=None, description="Of the key, where it is encrypted.")
    key_password_file: Path | None = Field(default=None, description="A file that holds it.")

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if self.certificate_file is None and (self.key_file or self.key_password or self.key_password_file):
            raise ValueError("a key without a certificate; name it as certificate_file")
        if self.key_password is not None and self.key_password_file is not None:
            raise ValueError("give either key_password or key_password_file")
        return self


class KafkaSasl(Role):
    """Who we are to the broker. A role is for `AWS_MSK_IAM`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mechanism: Mechanism = Field(
        description="`PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512`, or `AWS_MSK_IAM` (OAUTHBEARER with AWS credentials)."
    )
    username: str | None = Field(default=None, max_length=256, description="Not with `AWS_MSK_IAM`.")
    password: SecretStr | None = Field(default=None, description="Not with `AWS_MSK_IAM`.")
    password_file: Path | None = Field(
        default=None, description="A file that holds it; read at each connection."
    )
    region: str | None = Field(
        default=None,
        pattern=r"^[a-z]{2,}(-[a-z]+)+-\d+$",
        description="The cluster's Region, with `AWS_MSK_IAM`; otherwise that of the section `aws`.",
    )

    @model_validator(mode="after")
    def _fits_the_mechanism(self) -> Self:
        named = self.username is not None
        passworded = (self.password is not None) + (self.password_file is not None)
        if self.mechanism == "AWS_MSK_IAM":
            if named or passworded:
                raise ValueError("AWS_MSK_IAM takes credentials of AWS, no username and password")
        elif not named or passworded != 1:
            raise ValueError(f"{self.mechanism} needs a username, and either password or password_file")
        for name in ("region", "role_arn"):
            if self.mechanism != "AWS_MSK_IAM" and getattr(self, name) is not None:
                raise ValueError(f"{name} belongs to AWS_MSK_IAM")
        return self


class KafkaSettings(BaseModel):
    """Messages of Kafka topics, shared with the other members of a consumer group."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["kafka"]
    name: str = Field(
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        description="Its name in output and metrics.",
    )
    bootstrap_servers: tuple[Server, ...] = Field(
        min_length=1, description="Some brokers of the cluster, as `host:port`; the others are found by them."
    )
    topics: tuple[Topic, ...] = Field(min_length=1, description="Topics to be read.")
    group_id: str = Field(
        default="trailwarden",
        min_length=1,
        max_length=255,
        description="The consumer group: its members share the partitions, and its offsets say where to go on.",
    )
    instance_id: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9._-]+$",
        max_length=249,
        description="A name of this instance that stays over restarts (static membership): a quick restart moves no partition.",
    )
    start: Annotated[Literal["earliest", "latest"] | datetime, Field(union_mode="left_to_right")] = Field(
        default="earliest",
        description="Where a group without offsets begins: `earliest`, `latest`, or a time; a partition that is added "
        "later begins at its beginning.",
    )
    follow: bool = Field(
        default=True, description="Keep waiting; false: finish at what was the end when it began."
    )
    ack: Ack = AckPoint.COMMITTED
    tls: KafkaTls | None = Field(default=None, description="TLS; `{}` for TLS with the usual authorities.")
    sasl: KafkaSasl | None = Field(default=None, description="Who we are to the broker.")
    max_message_size: Size = Field(
        default=10 * _MIB, ge=1024, description="A larger message is not decoded and goes into quarantine."
    )
    max_batch_size: Size = Field(
        default=128 * _MIB,
        ge=_MIB,
        description="Messages that a producer compressed together and that grow beyond this go into quarantine as they are.",
    )
    fetch_size: Size = Field(
        default=4 * _MIB, ge=1024, description="Bytes of a partition that are asked for at once."
    )
    fetch_total: Size = Field(
        default=16 * _MIB,
        ge=1024,
        description="Bytes that all brokers together answer at once: of four brokers, each gives a quarter.",
    )
    run_size: Size = Field(
        default=512 * 1024,
        ge=1,
        description="Bytes, as compressed by the producer, that are inspected and acked together, at the least.",
    )
    bytes_in_flight: Size = Field(
        default=16 * _MIB,
        ge=1024,
        description="Bytes, as they came, taken and not yet committed; above it nothing more is taken.",
    )
    commit_interval: Duration = Field(
        default="500ms",
        validate_default=True,
        ge=timedelta(milliseconds=10),
        le=timedelta(minutes=1),
        description="How often offsets are committed to the group: what a crash makes come again.",
    )
    session_timeout: Duration = Field(
        default="30s",
        validate_default=True,
        ge=timedelta(seconds=1),
        le=timedelta(minutes=30),
        description="After so long without a sign of life the group gives our partitions to others.",
    )
    drain: Duration = Field(
        default="10s",
        validate_default=True,
        ge=timedelta(0),
        le=timedelta(minutes=5),
        description="How long a rebalance waits for what is in flight before a partition is given up.",
    )
    max_idle: Duration = Field(
        default="5m",
        validate_default=True,
        ge=timedelta(seconds=1),
        le=timedelta(days=1),
        description="When nothing could be taken for so long (the store is away), we leave the group to others.",
    )

    @model_validator(mode="before")
    @classmethod
    def _starts(cls, document: object) -> object:
        if isinstance(document, dict) and "start" in document:
            return {**document, "start": _moment(document["start"])}
        return document

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if self.sasl is not None and self.sasl.mechanism == "AWS_MSK_IAM" and self.tls is None:
            raise ValueError("AWS_MSK_IAM needs TLS; add `tls: {}`")
        return self
