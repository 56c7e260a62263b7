"""The settings of any source as one type, told apart by `kind`; loads all of them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trailwarden.sources.files import FilesSettings
from trailwarden.sources.kafka_settings import KafkaSettings
from trailwarden.sources.kinesis_settings import KinesisSettings
from trailwarden.sources.s3_poll_settings import S3PollSettings
from trailwarden.sources.s3_sqs_settings import S3SqsSettings

SourceSettings = Annotated[
    FilesSettings | S3SqsSettings | S3PollSettings | KafkaSettings | KinesisSettings,
    Field(discriminator="kind"),
]
