"""Which sources there are: tables, by kind. Who is not named in a configuration is not loaded.

To add one: its file with settings and class, a line in SOURCES, in SOURCE_MODELS and in `any_kind`, a row in the contract suite,
a section in the docs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from trailwarden.sources.acknowledgement import AckPoint
from trailwarden.sources.base import Given, Source

if TYPE_CHECKING:
    from trailwarden.sources.any_kind import SourceSettings


def _files(settings: Any, given: Given) -> Source:
    from trailwarden.sources.files import FilesSource  # noqa: PLC0415 - as its settings: by who names it

    return FilesSource(settings, given.checkpoints, given.clock)


def _s3_sqs(settings: Any, given: Given) -> Source:
    from trailwarden.sources.s3_sqs import S3SqsSource  # noqa: PLC0415 - loads the clients of AWS

    return S3SqsSource(settings, given)


def _s3_poll(settings: Any, given: Given) -> Source:
    from trailwarden.sources.s3_poll import S3PollSource  # noqa: PLC0415 - likewise

    return S3PollSource(settings, given)


def _kafka(settings: Any, given: Given) -> Source:
    from trailwarden.sources.kafka import KafkaSource  # noqa: PLC0415 - likewise

    return KafkaSource(settings, given)


def _kinesis(settings: Any, given: Given) -> Source:
    from trailwarden.sources.kinesis import KinesisSource  # noqa: PLC0415 - likewise

    return KinesisSource(settings, given)


SOURCES: Final[Mapping[str, Callable[[Any, Given], Source]]] = {
    "files": _files,
    "s3_sqs": _s3_sqs,
    "s3_poll": _s3_poll,
    "kafka": _kafka,
    "kinesis": _kinesis,
}
"""Kind to source."""

SOURCE_MODELS: Final[Mapping[str, str]] = {
    "files": "trailwarden.sources.files:FilesSettings",
    "s3_sqs": "trailwarden.sources.s3_sqs_settings:S3SqsSettings",
    "s3_poll": "trailwarden.sources.s3_poll_settings:S3PollSettings",
    "kafka": "trailwarden.sources.kafka_settings:KafkaSettings",
    "kinesis": "trailwarden.sources.kinesis_settings:KinesisSettings",
}
"""Kind to the model of its settings, which is loaded when it is named."""

_BY_ONE: Final = frozenset({"files"})


def read_by_one(settings: SourceSettings) -> bool:
    """Whether instances that share a store must not read it at once: its name there does not tell their directories apart."""
    return settings.kind in _BY_ONE


_IN_RUNS: Final = frozenset({"kafka", "kinesis"})


def in_runs(settings: SourceSettings) -> bool:
    """Whether its batches are runs of many payloads."""
    return settings.kind in _IN_RUNS


def ack_point(settings: SourceSettings) -> AckPoint:
    """What its acks wait for. A source that leaves no choice is told at the commit, in which its position is, too."""
    chosen: AckPoint = getattr(settings, "ack", AckPoint.COMMITTED)
    return chosen


def build_source(settings: SourceSettings, given: Given) -> Source:
    """Nothing is opened or asked for yet."""
    return SOURCES[settings.kind](settings, given)
