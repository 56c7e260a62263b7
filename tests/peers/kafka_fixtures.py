"""One broker for the test run, started when the first test asks for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.peers.absent import AbsentError, not_here
from tests.peers.kafka import Broker, a_broker


@dataclass(frozen=True, slots=True)
class Kafka:
    """bootstrap: of a broker; broker: it, where it is ours."""

    bootstrap: str
    broker: Broker | None


@pytest.fixture(scope="session")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker of our own, for what is done to a broker."""
    try:
        with a_broker(tmp_path_factory.mktemp("broker")) as broker:
            yield broker
    except AbsentError as absent:
        not_here(absent)


@pytest.fixture(scope="session")
def kafka(request: pytest.FixtureRequest) -> Kafka:
    """The broker that KAFKA_BOOTSTRAP names, or our own."""
    configured = os.environ.get("KAFKA_BOOTSTRAP")
    if configured:
        return Kafka(configured, None)
    broker: Broker = request.getfixturevalue("kafka_broker")
    return Kafka(broker.bootstrap, broker)
