"""What the verification knows over a restart: the last verdict, what was told, when each sink last took an alert, and what
has arrived from where. Kept as checkpoints of a source that cannot be configured.

Keeps: what was written by another version, or is damaged, is left out and found anew; it stops nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from trailwarden.coverage import announcement
from trailwarden.coverage.announcement import Place
from trailwarden.coverage.arrivals import Arrivals
from trailwarden.coverage.damping import Announced
from trailwarden.coverage.report import Report
from trailwarden.health.model import Coverage
from trailwarden.model import Checkpoint
from trailwarden.store import Store

KEPT_UNDER: Final = "@coverage"
"""No source can have this name: those begin with a letter or a digit."""
_VERDICTS: Final = ("verified", "unknown", "gap")


@dataclass(slots=True)
class Memory:
    """taken: sink -> when it last took an alert; announced: what was told of each place; report: the last one of this run."""

    taken: dict[str, datetime] = field(default_factory=dict)
    announced: dict[Place, Announced] = field(default_factory=dict)
    report: Report | None = None


def joined(mine: Memory, theirs: Memory) -> Memory:
    """What instances know together. What was told is what the store says: whoever told it wrote it there."""
    taken = {
        name: max(at for at in (mine.taken.get(name), theirs.taken.get(name)) if at is not None)
        for name in mine.taken.keys() | theirs.taken.keys()
    }
    return Memory(taken, theirs.announced, mine.report)


def seen(memory: Memory, arrivals: Arrivals) -> list[Checkpoint]:
    """What came and what was taken. Two instances that write it at once leave out nothing for long: each writes it anew."""
    return _checkpoints(
        {
            "taken": {name: at.isoformat() for name, at in memory.taken.items()},
            "arrived": arrivals.as_json(),
        }
    )


def recorded(memory: Memory, arrivals: Arrivals) -> list[Checkpoint]:
    """To be committed with what is told."""
    values: dict[str, Any] = {"announced": announcement.as_json(memory.announced)}
    if memory.report is not None:
        report = memory.report
        values["verdict"] = {
            "verdict": report.state.value,
            "reason": report.reason(),
            "time": report.at.isoformat(),
            "evidence": report.evidence(),
        }
    return [*seen(memory, arrivals), *_checkpoints(values)]


def _checkpoints(values: Mapping[str, Any]) -> list[Checkpoint]:
    return [Checkpoint(KEPT_UNDER, key, orjson.dumps(value).decode()) for key, value in values.items()]


async def recalled(store: Store, arrivals: Arrivals) -> tuple[Memory, Coverage | None]:
    """What was recorded last, put into `arrivals` too, and the verdict as it was shown. Raises StoreError."""
    kept = {key: _parsed(value) for key, value in (await store.checkpoints(KEPT_UNDER)).items()}
    arrivals.restore(kept.get("arrived"))
    memory = Memory(_times(kept.get("taken")), announcement.restored(kept.get("announced")))
    return memory, _verdict(kept.get("verdict"))


def _parsed(value: str) -> Any:
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return None


def _times(kept: Any) -> dict[str, datetime]:
    times: dict[str, datetime] = {}
    for name, at in kept.items() if isinstance(kept, dict) else ():
        moment = _time(at)
        if moment is not None:
            times[name] = moment
    return times


def _verdict(kept: Any) -> Coverage | None:
    if not isinstance(kept, Mapping) or kept.get("verdict") not in _VERDICTS:
        return None
    at, evidence = _time(kept.get("time")), kept.get("evidence")
    if at is None:
        return None
    return Coverage(
        kept["verdict"],
        f"{kept.get('reason', '')} (from before the restart)",
        at,
        evidence if isinstance(evidence, dict) else {},
        max_age=900.0,
    )


def _time(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
