"""An AWS emulator over HTTP, one for the test run, wiped for each test that asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.request import Request, urlopen

import pytest
from moto.server import ThreadedMotoServer

from tests.aws.mended import mend
from trailwarden.aws import AwsSettings

REGION = "eu-west-1"
ACCOUNT = "123456789012"
"""Whose it is where nobody assumes a role of another account."""


@dataclass(frozen=True, slots=True)
class Emulator:
    """url: of every service."""

    url: str

    def settings(self, **more: object) -> AwsSettings:
        return AwsSettings.model_validate({"region": REGION, "endpoint_url": self.url, **more})

    def reset(self) -> None:
        with urlopen(Request(f"{self.url}/moto-api/reset", method="POST"), timeout=10):
            pass


@pytest.fixture(scope="session")
def running_emulator() -> Iterator[Emulator]:
    mend()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield Emulator(f"http://{host}:{port}")
    server.stop()


@pytest.fixture
def emulator(running_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    running_emulator.reset()
    return running_emulator
