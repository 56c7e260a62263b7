"""One round of verification outside of the service, for a command.

Keeps: it changes nothing: no alert is sent, and of the store only what a service recorded is read. A store that is not there,
or cannot be read, leaves `unknown` what hangs on it.

Next: `trailwarden.app.coverage`, the same while the service runs.
"""

from __future__ import annotations

from pathlib import Path

import structlog

from trailwarden.app.coverage_memory import Memory, recalled
from trailwarden.app.parts import make_matcher
from trailwarden.coverage.arrivals import Arrivals
from trailwarden.coverage.own import alert_path, rules
from trailwarden.coverage.report import Report, reported
from trailwarden.coverage.round import Collector
from trailwarden.errors import ConfigError, StoreError
from trailwarden.model import Clock
from trailwarden.settings import Settings
from trailwarden.store import open_store

log = structlog.get_logger(__name__)


async def verified_once(settings: Settings, clock: Clock) -> Report:
    """Ask about every configured account, and judge. Raises ConfigError without a section `coverage`, and RuleError."""
    coverage = settings.coverage
    if coverage is None:
        raise ConfigError("coverage: is missing; list the accounts to be verified under coverage.accounts")
    matcher = make_matcher(settings)
    arrivals = Arrivals()
    memory = await recorded_by_service(settings, arrivals)
    collector = Collector(settings.aws, coverage.timeout, clock)
    try:
        facts = await collector.collect(coverage.accounts)
    finally:
        await collector.close()
    now = clock.now()
    taken = {sink.name: memory.taken.get(sink.name) for sink in settings.sinks if sink.required}
    own = (rules(matcher, settings.decode.limits()), alert_path(taken, {}, {}, now, coverage.alert_path))
    return reported(now, coverage, {one.account: one for one in facts}, arrivals.everything(), own)


async def recorded_by_service(settings: Settings, arrivals: Arrivals) -> Memory:
    """What a running service recorded of sinks and, into `arrivals`, of the feed; nothing where the store is not there."""
    if not _is_written(settings.store.path):
        return Memory()
    try:
        store = await open_store(settings.store)
        try:
            memory, _ = await recalled(store, arrivals)
        finally:
            await store.close()
    except StoreError as fault:
        log.warning("store_not_read", error=str(fault))
        return Memory()
    return memory


def _is_written(path: Path) -> bool:
    """Whether there is anything to read. Opening makes a file that is missing, and tables in one that is empty."""
    try:
        return path.stat().st_size > 0
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True  # opening it says what is the matter
