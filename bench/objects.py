"""The figure of the S3 source: objects a second through SQS and S3, against a loop that does nothing with them.

Keeps: both sides empty the same queue of the same stand-in, which takes the time from the first receive to the last delete, and
read the same objects from nginx (without it, from the stand-in); ours has committed an inventory row and every alert by then.

Next: `bench.standin`, `bench.nginx`, `bench.bare_loop`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from bench import ours
from bench.matching import Disagreement
from bench.nginx import static_s3
from bench.processes import stored
from bench.setting import Figure, Setting
from bench.standin import BUCKET
from bench.timing import Rounds

_LIMIT = 120.0
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def s3_objects_vs_aiobotocore(setting: Setting) -> list[Figure]:
    """The whole service against a bare loop of aiobotocore."""
    source = setting.corpus("small")
    state = setting.out / "objects"

    def service(queue: str, store: str) -> None:
        shutil.rmtree(state, ignore_errors=True)
        _run(ours.s3_service(queue, store, state))

    def bare(queue: str, store: str) -> None:
        _run([sys.executable, "-m", "bench.bare_loop", queue, store])

    taken = _in_turns({"service": service, "bare": bare}, source.path, max(1, setting.rounds // 2))
    stored(state, source.manifest.files, source.manifest.wanted)
    files = source.manifest.files
    return [
        Figure("s3_objects_vs_aiobotocore", taken.faster("service", "bare")),
        Figure("s3_objects_per_s", taken.rate("service", files), "objects/s"),
        Figure("aiobotocore_objects_per_s", taken.rate("bare", files), "objects/s"),
    ]


def _in_turns(contestants: Mapping[str, Callable[[str, str], None]], folder: Path, rounds: int) -> Rounds:
    """As bench.timing.in_turns, by the stand-in's clock."""
    names = list(contestants)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            with _standin(folder) as queue, static_s3(folder, BUCKET) as store:
                contestants[name](queue, store or queue)
                with urlopen(f"{queue}/stats", timeout=10) as answer:
                    stats = json.load(answer)
            if stats["left"]:
                raise Disagreement(f"{name} left {stats['left']} messages in the queue")
            seconds[name].append(stats["seconds"])
    return Rounds({name: tuple(taken) for name, taken in seconds.items()})


@contextmanager
def _standin(folder: Path) -> Iterator[str]:
    """Its address."""
    command = [sys.executable, "-m", "bench.standin", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()


def _run(command: list[str]) -> None:
    done = subprocess.run(
        command, capture_output=True, check=False, timeout=_LIMIT, env={**os.environ, **CREDENTIALS}
    )
    if done.returncode:
        raise Disagreement(
            f"{Path(command[0]).name} ended with {done.returncode}: {done.stderr[-500:].decode()}"
        )
