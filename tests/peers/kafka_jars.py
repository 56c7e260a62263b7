"""The official jars of Apache Kafka, fetched once by Maven and kept.

Keeps: a folder of jars is whole or not there, however many runs want it at once.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.peers.absent import AbsentError

POM = Path(__file__).with_name("pom.xml")
HOW = "install a Java runtime and Maven (Debian: default-jre-headless, maven), or set KAFKA_BOOTSTRAP to a broker's address"
_SECONDS = 600


def jars() -> Path:
    """The folder. Raises AbsentError where there is neither Java nor Maven, or Maven cannot fetch."""
    if shutil.which("java") is None or shutil.which("mvn") is None:
        raise AbsentError(f"no Kafka broker: there is no Java or no Maven here; {HOW}")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "trailwarden"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"kafka-{hashlib.sha256(POM.read_bytes()).hexdigest()[:12]}"
    with (cache / "kafka.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            _fetch(cache, folder)
    return folder


def _fetch(cache: Path, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=cache) as part:
        goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={part}/jars"]
        shutil.copy(POM, part)  # what Maven leaves beside its file is not to be in the sources
        done = subprocess.run(
            ["mvn", "--batch-mode", "--quiet", "--file", f"{part}/pom.xml", *goal],
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
        if done.returncode:
            said = (done.stdout + done.stderr).strip().splitlines()
            raise AbsentError(f"no Kafka broker: Maven says {said[0] if said else 'nothing'}; {HOW}")
        (Path(part) / "jars").rename(folder)
