"""The parts of a service, made from the settings: nothing is opened or started here."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from trailwarden.app.routing import router
from trailwarden.detection import Matcher, load_ruleset
from trailwarden.model import Clock
from trailwarden.pipeline.delivery import Delivery, Route
from trailwarden.pipeline.ingest import Ingest
from trailwarden.pipeline.inspector import Inspector
from trailwarden.settings import Settings
from trailwarden.sinks import Sink, build_sink
from trailwarden.sources import Given, Source, build_source
from trailwarden.store import Store
from trailwarden.telemetry import Known, Metrics


@dataclass(frozen=True, slots=True)
class Parts:
    """What a service is made of."""

    sources: tuple[Source, ...]
    sinks: tuple[Sink, ...]
    ingests: tuple[Ingest, ...]
    delivery: Delivery
    pool: ThreadPoolExecutor


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
    """Raises RuleError."""
    return Matcher(load_ruleset(settings.rules.packs, settings.rules.files))


async def make_parts(
    settings: Settings, store: Store, matcher: Matcher, metrics: Metrics, clock: Clock, *, once: bool
) -> Parts:
    """Raises ConfigError and StoreError."""
    sinks = tuple(build_sink(sink, clock) for sink in settings.sinks)
    routes = [Route(sink, chosen) for sink, chosen in zip(sinks, settings.sinks, strict=True)]
    delivery = Delivery(store, routes, clock, metrics)
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
    sources: list[Source] = []
    ingests: list[Ingest] = []
    for chosen in settings.sources:
        if once:
            chosen = chosen.model_copy(update={"follow": False})  # noqa: PLW2901 - the same settings, for one run
        given = Given(
            clock=clock,
            checkpoints=await store.checkpoints(chosen.name),
            known=partial(store.known, chosen.name),
            aws=settings.aws,
        )
        source = build_source(chosen, given)
        sources.append(source)
        ingests.append(
            Ingest(
                source=source,
                inspector=inspector,
                store=store,
                settings=settings.pipeline,
                metrics=metrics,
                pool=pool,
                committed=lambda _new: delivery.wake(),
            )
        )
    return Parts(tuple(sources), sinks, tuple(ingests), delivery, pool)
