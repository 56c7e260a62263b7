"""A PostgreSQL server of Debian's binaries in a temporary folder, on the loopback, and databases in it.

The server refuses to run as root: then it runs as the user `postgres`, or as nobody.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from tests.peers.absent import AbsentError

REMEDY = "no PostgreSQL here: install Debian's package postgresql, or set POSTGRES_URL=postgresql://user:password@host/database"
_DEBIAN = Path("/usr/lib/postgresql")
_START_SECONDS = 60.0
_TRIES = 5


def binaries() -> Path:
    """Where `postgres` and `initdb` are. Raises AbsentError."""
    found = sorted(_DEBIAN.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3].split(".")[0]))
    if found:
        return found[-1].parent
    there = shutil.which("postgres")
    if there is None:
        raise AbsentError(REMEDY)
    return Path(there).resolve().parent


def _account() -> dict[str, Any]:
    """As whom it runs: arguments of subprocess."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise AbsentError("no user to run PostgreSQL as: it refuses to run as root")


@dataclass
class PostgresServer:
    """One server. durable: what is committed survives `crash()`, as in earnest; without it tests are faster."""

    durable: bool = False
    options: dict[str, str] = field(default_factory=dict)
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="trailwarden-postgresql-")))
    password: str = field(default_factory=lambda: secrets.token_hex(8))
    port: int = 0
    _process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def create(self) -> None:
        """Make the cluster. Raises AbsentError."""
        account, programs = _account(), binaries()
        if account:
            os.chown(self.folder, account["user"], account["group"])
        secret = self.folder / "password"
        secret.write_text(self.password)
        secret.chmod(0o644)
        command = [programs / "initdb", "-D", self.data, "-U", "warden", "-A", "scram-sha-256", "-E", "UTF8"]
        command += [f"--pwfile={secret}", "--no-sync", "--locale=C"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.folder, **account)

    def start(self) -> None:
        """Run it, and wait until it answers. The port stays the same from the first start on."""
        for _ in range(_TRIES if not self.port else 1):
            port = self.port or _free_port()
            self._process = self._run(port)
            if self._answers(port):
                self.port = port
                return
            self.stop()
        raise RuntimeError(f"PostgreSQL did not start:\n{(self.folder / 'log').read_text()[-2000:]}")

    def _run(self, port: int) -> subprocess.Popen[bytes]:
        chosen = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.folder),
            "max_connections": "200",
            "shared_buffers": "32MB",
            "logging_collector": "off",
            **({} if self.durable else {"fsync": "off", "full_page_writes": "off"}),
            **self.options,
        }
        command: list[str | Path] = [binaries() / "postgres", "-D", self.data, "-p", str(port)]
        for name, value in chosen.items():
            command += ["-c", f"{name}={value}"]
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, **_account())

    def _answers(self, port: int) -> bool:
        deadline = time.monotonic() + _START_SECONDS
        asked = [binaries() / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
        while time.monotonic() < deadline and self._process is not None and self._process.poll() is None:
            if subprocess.run(asked, check=False).returncode == 0:
                return True
            time.sleep(0.02)
        return False

    def use_certificate(self, certificate: Path, key: Path) -> None:
        """Speak TLS from the next start on."""
        for source, name in ((certificate, "server.crt"), (key, "server.key")):
            target = self.data / name
            target.write_bytes(source.read_bytes())
            target.chmod(0o600)
            if account := _account():
                os.chown(target, account["user"], account["group"])
        self.options["ssl"] = "on"

    def stop(self, how: int = signal.SIGINT) -> None:
        """SIGINT: as an operator does; SIGQUIT: at once, as a crash does (the log is replayed at the next start)."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.send_signal(how)
            process.wait(_START_SECONDS)

    def crash(self) -> None:
        """End without order, whatever is under way."""
        self.stop(signal.SIGQUIT)

    def remove(self) -> None:
        """Stop it, and leave nothing."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def url(self) -> str:
        """Of its first database."""
        return f"postgresql://warden:{self.password}@127.0.0.1:{self.port}/postgres"


@contextlib.contextmanager
def running_server(**more: Any) -> Iterator[PostgresServer]:
    """A server that runs within the block. Raises AbsentError."""
    server = PostgresServer(**more)
    try:
        server.create()
        server.start()
        yield server
    finally:
        server.remove()


async def statements(url: str, *sql: str) -> Sequence[Any]:
    """Run statements, each by itself; the rows of the last."""
    connection = await asyncpg.connect(url)
    try:
        rows: Sequence[Any] = ()
        for one in sql:
            rows = await connection.fetch(one)
        return rows
    finally:
        await connection.close()


async def new_database(url: str) -> str:
    """An empty database beside the one of the url."""
    name = f"tw_{secrets.token_hex(6)}"
    await statements(url, f"CREATE DATABASE {name}")
    return f"{url.rpartition('/')[0]}/{name}"


async def drop_database(url: str) -> None:
    """Whoever is still connected is thrown out."""
    base, _, name = url.rpartition("/")
    await statements(f"{base}/postgres", f"DROP DATABASE {name} WITH (FORCE)")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
