"""The figures of the Kafka source against a real broker.

Keeps: both sides read the same topic of the same broker, each as the only member of a group of its own, one after the other.
Ours is the whole service: it has decided about each event, committed each alert and counted everything by the end of its time.

Next: `bench.kafka_feed`, `bench.kafka_bare`; `bench.kafka_latency`.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from bench import ours
from bench.kafka_feed import Topic, broker, produced
from bench.matching import Disagreement
from bench.setting import Figure, Setting
from bench.timing import Rounds

_LIMIT: Final = 240.0
_MESSAGES: Final = 400_000
_FILES: Final = 3_000
_EVENTS_OF_A_FILE: Final = 200


def kafka_vs_getmany(setting: Setting) -> list[Figure]:
    """Events one to a message."""
    return _against_getmany(setting, "kafka_vs_getmany", round(_MESSAGES * setting.scale), 1)


def kafka_200_vs_getmany(setting: Setting) -> list[Figure]:
    """Log files of 200 events to a message."""
    messages = round(_FILES * setting.scale)
    return _against_getmany(setting, "kafka_200_vs_getmany", messages, _EVENTS_OF_A_FILE)


def _against_getmany(setting: Setting, name: str, messages: int, events_each: int) -> list[Figure]:
    """With the corpus's share of matches, and, beside it, without any: what alerts cost is not the source's."""
    short = name.removesuffix("_vs_getmany")
    with broker() as address:
        topic = produced(address, f"{short}-matches", messages, events_each)
        rounds = _in_turns(topic, setting)
        quiet = produced(address, f"{short}-none", messages, events_each, wanted=0.0)
        without = _in_turns(quiet, setting)
    return [
        Figure(name, rounds.faster("ours", "bare")),
        Figure(f"{short}_events_per_s", rounds.rate("ours", topic.events), "events/s"),
        Figure(f"{short}_getmany_events_per_s", rounds.rate("bare", topic.events), "events/s"),
        Figure(f"{short}_no_match_vs_getmany", without.faster("ours", "bare")),
    ]


def _in_turns(topic: Topic, setting: Setting) -> Rounds:
    seconds: dict[str, list[float]] = {"ours": [], "bare": []}
    for number in range(setting.rounds + 1):
        taken = {}
        for side in ("ours", "bare") if number % 2 else ("bare", "ours"):
            taken[side] = _ours(topic, setting.out / "kafka", number) if side == "ours" else _bare(topic)
        if number:  # the first is to warm up
            for side, one in taken.items():
                seconds[side].append(one)
    return Rounds({side: tuple(one) for side, one in seconds.items()})


def _bare(topic: Topic) -> float:
    command = [sys.executable, "-m", "bench.kafka_bare", topic.bootstrap, topic.name, str(topic.messages)]
    return float(_run(command).stdout)


def _ours(topic: Topic, state: Path, number: int) -> float:
    """From the assignment of the partitions to the end of the last group, by the service's own log."""
    shutil.rmtree(state, ignore_errors=True)
    done = _run(ours.kafka_service(topic.bootstrap, topic.name, f"{topic.name}-{number}", state))
    entries = [json.loads(line) for line in done.stderr.splitlines() if line.startswith(b"{")]
    with closing(sqlite3.connect(state / "state.db")) as database:
        (alerts,) = database.execute("SELECT count(*) FROM alerts").fetchone()
    if alerts != topic.wanted:
        raise Disagreement(f"the service stored {alerts} alerts instead of {topic.wanted}")
    return _moment(entries, "draining") - _moment(entries, "partitions_assigned")


def _moment(entries: list[dict[str, Any]], event: str) -> float:
    found = [entry["time"] for entry in entries if entry["event"] == event]
    if not found:
        raise Disagreement(f"the service's log has no {event}")
    return datetime.fromisoformat(found[-1]).timestamp()


def _run(command: list[str]) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(command, capture_output=True, check=False, timeout=_LIMIT)
    if done.returncode:
        raise Disagreement(
            f"{Path(command[0]).name} ended with {done.returncode}: {done.stderr[-500:].decode()}"
        )
    return done
