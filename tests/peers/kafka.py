"""A real Apache Kafka broker: one node, KRaft, from the official jars, on free ports of the loopback.

Keeps: a broker lives in a folder of its own and ends with what started it. `KAFKA_BOOTSTRAP` names another one instead.

Next: `kafka_jars`, where they come from.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.peers.absent import AbsentError
from tests.peers.kafka_certificates import write_certificates
from tests.peers.kafka_jars import jars

CLUSTER = "4L6g3nShT-eMCtK--X86sw"
USER, PASSWORD = "warden", "warden-password"
"""For each SASL mechanism."""
LISTENERS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL", "CONTROLLER")
_READY_SECONDS = 90
_MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER")
_MODULES = {
    "PLAIN": f'org.apache.kafka.common.security.plain.PlainLoginModule required user_{USER}="{PASSWORD}";',
    "SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule required;",
    "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule required;",
    "OAUTHBEARER": "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;",
}


@dataclass(slots=True)
class Broker:
    """ports: by listener. certificates: of the authority, and of a client (see `kafka_certificates`)."""

    folder: Path
    ports: Mapping[str, int]
    settings: Mapping[str, str] = field(default_factory=dict)
    heap: str = "512m"
    _process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """Address of the listener without TLS and SASL."""
        return self.address("PLAINTEXT")

    @property
    def certificates(self) -> Path:
        return self.folder / "certificates"

    @property
    def data(self) -> Path:
        """Where the logs of the partitions are."""
        return self.folder / "data"

    def address(self, listener: str) -> str:
        return f"127.0.0.1:{self.ports[listener]}"

    def prepare(self) -> None:
        """Certificates, settings, an empty storage."""
        self.certificates.mkdir(parents=True)
        write_certificates(self.certificates)
        lines = [f"{name}={value}" for name, value in {**self._properties(), **self.settings}.items()]
        self._file.write_text("\n".join(lines))
        scram = [f"--add-scram={kind}=[name={USER},password={PASSWORD}]" for kind in _MECHANISMS[1:3]]
        done = subprocess.run(
            [
                *_java("256m"),
                "kafka.tools.StorageTool",
                "format",
                "-t",
                CLUSTER,
                "-c",
                str(self._file),
                *scram,
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=_READY_SECONDS,
        )
        if done.returncode:
            raise AbsentError(
                f"no Kafka broker: its storage could not be formatted: {done.stderr.strip()[-300:]}"
            )

    def start(self) -> None:
        """Returns when it takes connections."""
        with (self.folder / "broker.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*_java(self.heap), "kafka.Kafka", str(self._file)], stdout=log, stderr=log
            )
        until = time.monotonic() + _READY_SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", self.ports["PLAINTEXT"]), 1),
            ):
                return
            time.sleep(0.05)
        tail = (self.folder / "broker.log").read_text(errors="replace")[-300:]
        self.stop(signal.SIGKILL)
        raise AbsentError(f"no Kafka broker: it did not start: {tail}")

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Idempotent. SIGKILL ends it as a power cut would."""
        if self._process is None:
            return
        self._process.send_signal(number)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    @property
    def _file(self) -> Path:
        return self.folder / "server.properties"

    def _properties(self) -> dict[str, str]:
        listeners = {name: f"{name}://{self.address(name)}" for name in LISTENERS}
        shown = ",".join(address for name, address in listeners.items() if name != "CONTROLLER")
        sasl = {
            f"listener.name.{listener}.{mechanism.lower()}.sasl.jaas.config": module
            for listener in ("sasl_plaintext", "sasl_ssl")
            for mechanism, module in _MODULES.items()
        }
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@{self.address('CONTROLLER')}",
            "controller.listener.names": "CONTROLLER",
            "listeners": ",".join(listeners.values()),
            "advertised.listeners": shown,
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,"
            + ",".join(f"{name}:{name}" for name in LISTENERS[:-1]),
            "sasl.enabled.mechanisms": ",".join(_MECHANISMS),
            **sasl,
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self.certificates / "broker-both.pem"),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.certificates / "ca.pem"),
            "listener.name.ssl.ssl.client.auth": "required",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
            "allow.everyone.if.no.acl.found": "true",
            "log.dirs": str(self.data),
            "auto.create.topics.enable": "false",
            "message.max.bytes": str(16 * 1024 * 1024),
            "replica.fetch.max.bytes": str(16 * 1024 * 1024),
            "num.network.threads": "2",
            "num.io.threads": "2",
            "offsets.topic.num.partitions": "2",
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.num.partitions": "2",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0",
            "group.min.session.timeout.ms": "1000",
            "log.cleaner.enable": "false",
        }


def _java(heap: str) -> list[str]:
    return ["java", f"-Xmx{heap}", "-Xms128m", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-cp", f"{jars()}/*"]


@contextlib.contextmanager
def a_broker(folder: Path, **more: str) -> Iterator[Broker]:
    """A broker of one's own. more: settings, with `_` for `.`. Raises AbsentError."""
    jars()
    settings = {name.replace("_", "."): value for name, value in more.items()}
    broker = Broker(folder / "kafka", free_ports(), settings)
    broker.prepare()
    try:
        broker.start()
        yield broker
    finally:
        broker.stop(signal.SIGKILL)
        shutil.rmtree(broker.folder, ignore_errors=True)


@contextlib.contextmanager
def bootstrap(folder: Path) -> Iterator[str]:
    """The address of the broker that is configured, or else of a new one. Raises AbsentError."""
    configured = os.environ.get("KAFKA_BOOTSTRAP")
    if configured:
        yield configured
        return
    with a_broker(folder) as broker:
        yield broker.bootstrap


def free_ports() -> dict[str, int]:
    """A port for each listener, free a moment ago."""
    with contextlib.ExitStack() as held:
        ports: dict[str, int] = {}
        for name in LISTENERS:
            taken = held.enter_context(socket.socket())
            taken.bind(("127.0.0.1", 0))
            ports[name] = taken.getsockname()[1]
        return ports
