"""The parts of a service, made from the settings: nothing is opened or started here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from trailwarden.app.delays import note_delays
from trailwarden.app.routing import router
from trailwarden.app.turns import Turn, holder
from trailwarden.detection import Matcher, load_ruleset
from trailwarden.health import StatusBoard
from trailwarden.model import Batch, Checkpoint, Clock
from trailwarden.pipeline.acknowledgement import Acknowledger
from trailwarden.pipeline.committing import Committer
from trailwarden.pipeline.delivery import LOOK_ALONE, Delivery, Route
from trailwarden.pipeline.ingest import Ingest
from trailwarden.pipeline.inspector import Inspector
from trailwarden.sinks import Sink, build_sink
from trailwarden.sources import AckPoint, Given, Source, ack_point, build_source
from trailwarden.store import Commit, Store
from trailwarden.telemetry import Known, Metrics

if TYPE_CHECKING:
    from trailwarden.app.coverage import CoverageWatch
    from trailwarden.settings import Settings

_LOOK_EVERY: Final = timedelta(seconds=5)
"""Where instances share a store: how often each looks whether another one has left something."""
TRIGGERS: Final = "trail-tampering"
"""The pack whose matches are a reason to verify the trail at once."""


class Parts(NamedTuple):
    """What a service is made of."""

    sources: tuple[Source, ...]
    sinks: tuple[Sink, ...]
    ingests: tuple[Ingest, ...]
    delivery: Delivery
    pool: ThreadPoolExecutor
    watch: CoverageWatch | None


def make_metrics(settings: Settings, matcher: Matcher) -> Metrics:
    """Counters that exist from the start for everything that the configuration names."""
    return Metrics(
        Known(
            sources=tuple(source.name for source in settings.sources),
            sinks=tuple(sink.name for sink in settings.sinks),
            rules={rule.id: rule.severity.value for rule in matcher.rules},
        )
    )


def make_matcher(settings: Settings) -> Matcher:
    """Where coverage is verified, with the rules that tell of changes to the trail. Raises RuleError."""
    packs = settings.rules.packs
    if settings.coverage is not None and TRIGGERS not in packs:
        packs = (*packs, TRIGGERS)
    return Matcher(load_ruleset(packs, settings.rules.files))


async def _save(store: Store, checkpoints: Sequence[Checkpoint]) -> None:
    await store.commit(Commit(checkpoints=checkpoints))


def _observers(metrics: Metrics, watch: CoverageWatch | None) -> Callable[[Sequence[Batch], Commit], None]:
    def observed(batches: Sequence[Batch], commit: Commit) -> None:
        note_delays(metrics, batches, commit)
        if watch is not None:
            watch.observed(batches, commit)

    return observed


def _look_again(acks: Sequence[Acknowledger]) -> None:
    for one in acks:
        one.look_again()


async def _until_sent(delivery: Delivery) -> None:
    delivery.wake()
    await delivery.idle()


async def _none(_keys: Sequence[str]) -> Collection[str]:
    return ()


async def make_parts(
    settings: Settings,
    store: Store,
    matcher: Matcher,
    metrics: Metrics,
    board: StatusBoard,
    clock: Clock,
    *,
    once: bool,
) -> Parts:
    """Raises ConfigError and StoreError."""
    sinks = tuple(build_sink(sink, clock) for sink in settings.sinks)
    routes = [Route(sink, chosen) for sink, chosen in zip(sinks, settings.sinks, strict=True)]
    held: list[Acknowledger] = []
    delivery = Delivery(
        store,
        routes,
        clock,
        metrics,
        settled=lambda: _look_again(held),
        look_every=_LOOK_EVERY if settings.store.shared else LOOK_ALONE,
    )
    committer = Committer(store, metrics, delivery)
    pool = ThreadPoolExecutor(settings.pipeline.workers, thread_name_prefix="inspect")
    inspector = Inspector(
        matcher=matcher,
        limits=settings.decode.limits(),
        route=router(settings.sinks),
        clock=clock,
        metrics=metrics,
        group_bytes=settings.pipeline.group_bytes,
        group_alerts=settings.pipeline.group_alerts,
        payload_limit=settings.store.quarantine_payload_limit,
    )
    watch = None
    if settings.coverage is not None and not once:
        from trailwarden.app.coverage import TELLING, CoverageWatch  # noqa: PLC0415 - loads the clients of AWS
        from trailwarden.coverage.own import rules  # noqa: PLC0415 - likewise
        from trailwarden.coverage.round import Collector  # noqa: PLC0415 - likewise

        watch = CoverageWatch(
            settings=settings.coverage,
            collector=Collector(settings.aws, settings.coverage.timeout, clock),
            store=store,
            board=board,
            metrics=metrics,
            sinks=delivery.status,
            required=tuple(sink.name for sink in settings.sinks if sink.required),
            rules=rules(matcher, settings.decode.limits()),
            triggers=frozenset(rule.id for rule in matcher.rules if rule.pack == TRIGGERS),
            route=inspector.route,
            wake_delivery=delivery.wake,
            clock=clock,
            turn=Turn(store, clock, "coverage", holder(), TELLING) if settings.store.shared else None,
        )
    sources: list[Source] = []
    ingests: list[Ingest] = []
    for chosen in settings.sources:
        if once:
            chosen = chosen.model_copy(update={"follow": False})  # noqa: PLW2901 - the same settings, for one run
        delivered = ack_point(chosen) is AckPoint.DELIVERED
        given = Given(
            clock=clock,
            checkpoints=await store.checkpoints(chosen.name),
            # That it was committed does not tell whether it was delivered: it is read again, to be asked for.
            known=_none if delivered else partial(store.known, chosen.name),
            save=partial(_save, store),
            aws=settings.aws,
        )
        source = build_source(chosen, given)
        sources.append(source)
        if delivered:
            required = frozenset(sink.name for sink in settings.sinks if sink.required)
            acks = Acknowledger(
                chosen.name, store, required, settings.pipeline.held_batches, partial(_until_sent, delivery)
            )
            held.append(acks)
        ingests.append(
            Ingest(
                source=source,
                inspector=inspector,
                committer=committer,
                settings=settings.pipeline,
                metrics=metrics,
                pool=pool,
                observed=_observers(metrics, watch),
                acks=acks if delivered else None,
            )
        )
    return Parts(tuple(sources), sinks, tuple(ingests), delivery, pool, watch)
