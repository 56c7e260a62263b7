"""Sources whose place is kept in the store, when instances share it: each is read by one instance.

Two that read directories of their own under one name would take each other's files for read. So the second one is refused,
and one whose turn was taken over (its store was away for long) ends.

Next: `turns`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from trailwarden.app.turns import Turn, holder
from trailwarden.errors import StoreError
from trailwarden.model import Clock
from trailwarden.sources import read_by_one
from trailwarden.store import Store

if TYPE_CHECKING:
    from trailwarden.settings import Settings

log = structlog.get_logger(__name__)

LASTS: Final = timedelta(seconds=20)
_RENEW: Final = 5.0
_TRY: Final = 1.0


def turns_of(settings: Settings, store: Store, clock: Clock) -> list[Turn]:
    """One for each source that only one instance may read; none where the store is nobody else's."""
    if not settings.store.shared:
        return []
    own = holder()
    return [
        Turn(store, clock, f"source/{source.name}", own, LASTS)
        for source in settings.sources
        if read_by_one(source)
    ]


async def begin(turns: Sequence[Turn], stop: asyncio.Event) -> None:
    """Take them all. What a killed process held ends within LASTS; raises StoreError where somebody renews it."""
    for turn in turns:
        first = lease = await turn.take()
        while not turn.is_ours(lease) and not stop.is_set():
            if lease.until > first.until:
                raise StoreError(_taken(turn, lease.holder))
            log.info("source_awaited", source=_source(turn), holder=lease.holder)
            await asyncio.sleep(_TRY)
            lease = await turn.take()


async def keep(turns: Sequence[Turn], lost: Callable[[str], None]) -> None:
    """Renew them until cancelled. lost: called with the reason when somebody else has one."""
    while turns:
        await asyncio.sleep(_RENEW)
        for turn in turns:
            try:
                lease = await turn.take()
            except StoreError as fault:
                log.warning("turn_not_renewed", source=_source(turn), error=str(fault))
                continue
            if not turn.is_ours(lease):
                lost(_taken(turn, lease.holder))
                return


def _taken(turn: Turn, by: str) -> str:
    return (
        f"the source {_source(turn)} is read by another instance ({by}): its place is kept in the store that they share; "
        "give it a name of its own, or run it on one instance"
    )


def _source(turn: Turn) -> str:
    return turn.name.partition("/")[2]
