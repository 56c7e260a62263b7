"""What all tests share. No property test fails for being slow once: a time is not what it tests."""

import gc

from hypothesis import settings

from tests.aws.emulator import emulator, running_emulator
from tests.peers.kafka_fixtures import kafka, kafka_broker
from tests.peers.postgresql_fixtures import postgres, postgres_database, postgres_server
from tests.running import run

__all__ = [
    "emulator",
    "kafka",
    "kafka_broker",
    "postgres",
    "postgres_database",
    "postgres_server",
    "run",
    "running_emulator",
]

settings.register_profile("trailwarden", deadline=None)
settings.load_profile("trailwarden")


def pytest_collection_finish() -> None:
    """Thousands of tests and their modules stay to the end: the collector need not walk them again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
