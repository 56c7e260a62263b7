"""Where a crash run may read from."""

from __future__ import annotations

from tests.crash.feeds import Feed, S3Queue, Spool
from tests.crash.kafka_feed import KafkaTopic
from tests.crash.stream import LeasedStream, Stream

FEEDS: dict[str, type[Feed]] = {
    "files": Spool,
    "s3_sqs": S3Queue,
    "kafka": KafkaTopic,
    "kinesis": Stream,
    "kinesis_leases": LeasedStream,
}
"""Kind of source -> feed."""
