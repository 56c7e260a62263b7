"""What health says of acks that wait."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.pipeline.parts import MemoryBatch, a_store
from trailwarden.app.checks import ack_check
from trailwarden.health import Status
from trailwarden.pipeline.acknowledgement import Acknowledger

NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def _sent() -> None: ...


@pytest.mark.parametrize(
    ("held", "dead", "fault", "status", "said"),
    [
        (0, 0, "", Status.PASS, ""),
        (2, 0, "", Status.PASS, ""),
        (2, 1, "", Status.WARN, "1 batches are held by dead letters: `trailwarden outbox list --state dead`"),
        (3, 3, "", Status.FAIL, "nothing more is read before the sinks have taken something: 3 batches wait"),
        (1, 0, "KeyError while waiting", Status.FAIL, "KeyError while waiting"),
    ],
)
async def test_a_full_hold_is_not_ready_and_a_dead_letter_is_told(
    tmp_path: Path, held: int, dead: int, fault: str, status: Status, said: str
) -> None:
    async with a_store(tmp_path) as store:
        acks = Acknowledger("trail", store, frozenset({"siem"}), 3, _sent, fault)
        for number in range(held):
            acks.hold(MemoryBatch(str(number), b""), frozenset({str(number)}))
        for one in list(acks._held)[:dead]:
            one.dead = True
        check = ack_check("trail", acks, NOW)
        assert (check.status, check.observed, check.affects_ready) == (status, held, True)
        assert check.output.startswith(said)
        assert bool(check.output) == bool(said)
