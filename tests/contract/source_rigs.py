"""What the contract suite needs of a source's world: put a unit there, spoil one, open the source again.

To add a source: a rig here, a line in RIGS.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import ClassVar

import pytest

from tests.aws.buckets import Bucket
from tests.aws.emulator import REGION, Emulator
from tests.aws.streams import TABLE, KinesisStreamAt
from tests.aws.trails import log_key
from tests.peers.kafka_fixtures import Kafka
from tests.peers.kafka_topics import new_topic, put
from trailwarden.aws import AwsSettings
from trailwarden.errors import Reason, SourceError
from trailwarden.model import Batch, Checkpoint, SystemClock
from trailwarden.sources import Given, Source, SourceSettings, build_source
from trailwarden.sources.files import FilesSettings
from trailwarden.sources.kafka_settings import KafkaSettings
from trailwarden.sources.kinesis_settings import KinesisSettings
from trailwarden.sources.s3_poll_settings import S3PollSettings
from trailwarden.sources.s3_sqs_settings import S3SqsSettings


class SourceRig(ABC):
    """One kind of source and its world. Checkpoints and the inventory are kept here, as the store would."""

    aws = AwsSettings()
    peer = "emulator"
    """The fixture that the world is made with."""
    exact_size = True
    """Whether a batch announces the size of its content."""

    def __init__(self, folder: Path, peer: object) -> None:
        self.folder = folder
        self.emulator = peer if isinstance(peer, Emulator) else Emulator("")
        self.checkpoints: dict[str, str] = {}
        self.inventory: set[str] = set()

    async def begin(self) -> None:
        """Make the world."""
        return

    async def end(self) -> None:
        """Let go of it."""
        return

    @abstractmethod
    async def put(self, name: str, content: bytes) -> None:
        """A further unit, complete. Names are in the order in which they are put."""

    @abstractmethod
    async def spoil(self, name: str) -> None:
        """From now on this unit cannot be loaded."""

    @abstractmethod
    def settings(self, once: bool) -> SourceSettings:
        """Impatient ones: no time to settle, short pauses."""

    @abstractmethod
    def name_of(self, batch: Batch) -> str:
        """The name that its unit was put under."""

    def place_of(self, name: str) -> str:
        """What stands for that unit in a locator or a problem."""
        return name

    def source(self, once: bool = False) -> Source:
        """A new one, as after a start of the process."""
        given = Given(SystemClock(), dict(self.checkpoints), self._known, self._save, self.aws)
        return build_source(self.settings(once), given)

    async def _known(self, keys: Sequence[str]) -> Collection[str]:
        return self.inventory & set(keys)

    async def _save(self, checkpoints: Sequence[Checkpoint]) -> None:
        self.checkpoints.update((one.key, one.value) for one in checkpoints)

    async def commit(self, batch: Batch) -> bytes:
        """What ingest does: load, commit the checkpoint, ack."""
        content = batch.load()
        checkpoint = batch.checkpoint
        if checkpoint is not None:
            self.checkpoints[checkpoint.key] = checkpoint.value
        self.inventory.add(batch.key)
        await batch.ack()
        return content


class FilesRig(SourceRig):
    """Units are files. A file is spoilt by a link in its place that leads back to itself, which not even root can read."""

    async def put(self, name: str, content: bytes) -> None:
        (self.folder / name).write_bytes(content)

    async def spoil(self, name: str) -> None:
        (self.folder / name).unlink()
        (self.folder / name).symlink_to(self.folder / name)

    def settings(self, once: bool) -> SourceSettings:
        document = {"kind": "files", "name": "spool", "path": str(self.folder), "follow": not once}
        return FilesSettings.model_validate({**document, "settle": "0s", "poll_interval": "5ms"})

    def name_of(self, batch: Batch) -> str:
        return os.path.basename(batch.key)


class S3SqsRig(SourceRig):
    """Units are objects, each announced in a message of its own. One is spoilt by being removed."""

    async def begin(self) -> None:
        self.aws = self.emulator.settings()
        self.bucket = Bucket(self.emulator)
        await self.bucket.make()

    async def end(self) -> None:
        await self.bucket.close()

    async def put(self, name: str, content: bytes) -> None:
        await self.bucket.put(name, content)
        await self.bucket.announce(name)

    async def spoil(self, name: str) -> None:
        await self.bucket.remove(name)

    def settings(self, once: bool) -> SourceSettings:
        return S3SqsSettings.model_validate(self.bucket.source(follow=not once, wait="0s", put_back="0s"))

    def name_of(self, batch: Batch) -> str:
        return str(batch.origin.details["key"])


class S3PollRig(SourceRig):
    """Units are objects under keys of today. One is spoilt by being put into an archive."""

    async def begin(self) -> None:
        self.aws = self.emulator.settings()
        self.bucket = Bucket(self.emulator)
        await self.bucket.make()
        self.keys: dict[str, str] = {}

    async def end(self) -> None:
        await self.bucket.close()

    async def put(self, name: str, content: bytes) -> None:
        key = log_key(REGION)
        self.keys[key] = name
        await self.bucket.put(key, content)

    async def spoil(self, name: str) -> None:
        await self.bucket.put(self.place_of(name), b"x", StorageClass="GLACIER")

    def settings(self, once: bool) -> SourceSettings:
        document = {"kind": "s3_poll", "name": "trail", "bucket": self.bucket.name, "follow": not once}
        return S3PollSettings.model_validate({**document, "interval": "50ms", "put_back": "0s"})

    def name_of(self, batch: Batch) -> str:
        return self.keys[str(batch.origin.details["key"])]

    def place_of(self, name: str) -> str:
        return next(key for key, unit in self.keys.items() if unit == name)


class KafkaRig(SourceRig):
    """Units are messages of one partition, each in a batch of its own. One is spoilt by a flipped bit in the broker's log."""

    peer = "kafka"
    exact_size = False

    def __init__(self, folder: Path, peer: object) -> None:
        super().__init__(folder, peer)
        assert isinstance(peer, Kafka)
        self.kafka = peer
        self.units: list[str] = []

    async def begin(self) -> None:
        self.topic = await new_topic(self.kafka.bootstrap)

    async def put(self, name: str, content: bytes) -> None:
        self.units.append(name)
        await put(self.kafka.bootstrap, self.topic, [content])

    async def spoil(self, name: str) -> None:
        if self.kafka.broker is None:
            pytest.skip("the broker of KAFKA_BOOTSTRAP is not ours to damage; unset it to use one that is")
        log = self.kafka.broker.data / f"{self.topic}-0" / "00000000000000000000.log"
        content = log.read_bytes()
        at = content.index(name.encode())
        with log.open("r+b") as file:
            file.seek(at)
            file.write(bytes([content[at] ^ 1]))

    def settings(self, once: bool) -> SourceSettings:
        document = {"kind": "kafka", "name": "bus", "bootstrap_servers": [self.kafka.bootstrap]}
        quick = {"run_size": 1, "commit_interval": "20ms", "follow": not once}
        return KafkaSettings.model_validate(
            {**document, **quick, "topics": [self.topic], "group_id": self.topic}
        )

    def name_of(self, batch: Batch) -> str:
        return self.units[int(batch.origin.details["first_offset"])]

    def place_of(self, name: str) -> str:
        return f"{self.topic}/0@{self.units.index(name)}"


class KinesisRig(SourceRig):
    """Units are records of one shard, each a run of its own. What is spoilt cannot be dealt with, for there is no record that
    cannot be had.
    """

    more: ClassVar[dict[str, object]] = {}

    async def begin(self) -> None:
        self.aws = self.emulator.settings()
        self.stream = KinesisStreamAt(self.emulator)
        await self.stream.make()
        self.numbers: dict[str, str] = {}
        self.spoilt: set[str] = set()

    async def end(self) -> None:
        await self.stream.close()

    async def put(self, name: str, content: bytes) -> None:
        self.numbers[await self.stream.put(content)] = name

    async def spoil(self, name: str) -> None:
        self.spoilt.add(name)

    def settings(self, once: bool) -> SourceSettings:
        document = self.stream.source(follow=not once, run_records=1, **self.more)
        return KinesisSettings.model_validate(document)

    def name_of(self, batch: Batch) -> str:
        return self.numbers[str(batch.origin.details["sequence_number"])]

    def place_of(self, name: str) -> str:
        return next(number for number, unit in self.numbers.items() if unit == name)

    async def commit(self, batch: Batch) -> bytes:
        if self.name_of(batch) in self.spoilt:
            raise SourceError(Reason.UNREADABLE, "spoilt")
        return await super().commit(batch)


class LeasedKinesisRig(KinesisRig):
    """The same with leases."""

    more: ClassVar[dict[str, object]] = {"lease_table": TABLE, "create_lease_table": True}


RIGS: dict[str, type[SourceRig]] = {
    "files": FilesRig,
    "s3_sqs": S3SqsRig,
    "s3_poll": S3PollRig,
    "kafka": KafkaRig,
    "kinesis": KinesisRig,
}
"""Kind -> rig."""
EVERY_RIG: dict[str, type[SourceRig]] = {**RIGS, "kinesis with leases": LeasedKinesisRig}
"""With the other forms that a kind has."""
