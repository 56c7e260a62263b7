"""The figures of the matcher alone: bytes in memory, no disk, no database.

Keeps: whoever is compared has counted the same events and the same matches, or the figure is not given.

Next: `bench.processes` for the figures of whole processes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from bench import ours
from bench.corpus import Corpus
from bench.rivals import Count, each, fastest, naive
from bench.setting import Figure, Setting
from bench.timing import in_turns

T = TypeVar("T")


class Disagreement(Exception):  # noqa: N818 - two counts that should be equal, and are not
    """Two contestants did not find the same: no figure is worth anything."""


def agreed(source: Corpus, counts: dict[str, Count]) -> None:
    """Raise Disagreement unless everybody found what the corpus was made with."""
    expected = (source.manifest.events, source.manifest.wanted)
    for name, found in counts.items():
        if found != expected:
            raise Disagreement(
                f"{name} found {found} (events, matches) in {source.path.name}, which holds {expected}"
            )


def match_vs_naive(setting: Setting) -> list[Figure]:
    """One thread over large files: decompress, match and count, against zlib, orjson and a set."""
    payloads, by = setting.large, ours.matcher(1, setting.out)
    contestants: dict[str, Callable[[], Count]] = {
        "ours": partial(ours.count, payloads, by),
        "naive": partial(naive, payloads),
    }
    source = setting.corpus("large")
    agreed(source, {name: act() for name, act in contestants.items()})
    taken = in_turns(contestants, setting.rounds)
    return [
        Figure("match_vs_naive", taken.faster("ours", "naive")),
        Figure("match_events_per_s", taken.rate("ours", source.manifest.events), "events/s"),
        Figure("naive_events_per_s", taken.rate("naive", source.manifest.events), "events/s"),
    ]


def match_vs_limit(setting: Setting) -> list[Figure]:
    """The same against decompression alone, by the fastest binding that is installed."""
    payloads, by = setting.large, ours.matcher(1, setting.out)
    name, decompress = fastest(payloads)
    taken = in_turns(
        {
            "ours": partial(ours.count, payloads, by),
            "limit": partial(each, decompress, payloads),
        },
        setting.rounds,
    )
    events = setting.corpus("large").manifest.events
    return [
        Figure("match_vs_limit", taken.faster("ours", "limit")),
        Figure(f"limit_{name}_events_per_s", taken.rate("limit", events), "events/s"),
    ]


def match_2t_vs_1t(setting: Setting) -> list[Figure]:
    """Two threads that share the large files, against one thread that has them all; and what the machine itself gains."""
    payloads, by = setting.large, ours.matcher(1, setting.out)
    _, decompress = fastest(payloads)

    def threads(number: int) -> Count:
        found = _shared(partial(ours.count, by=by), payloads, number)
        return sum(events for events, _ in found), sum(wanted for _, wanted in found)

    agreed(setting.corpus("large"), {"one thread": threads(1), "two threads": threads(2)})
    taken = in_turns(
        {
            "one": partial(threads, 1),
            "two": partial(threads, 2),
            "one alone": partial(_shared, partial(each, decompress), payloads, 1),
            "two alone": partial(_shared, partial(each, decompress), payloads, 2),
        },
        setting.rounds,
    )
    return [
        Figure("match_2t_vs_1t", taken.faster("two", "one")),
        Figure("limit_2t_vs_1t", taken.faster("two alone", "one alone")),
    ]


def _shared(act: Callable[[Sequence[bytes]], T], payloads: Sequence[bytes], threads: int) -> list[T]:
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(act, [payloads[start::threads] for start in range(threads)]))


def match_200_rules_vs_1(setting: Setting) -> list[Figure]:
    """The default rule with 199 others that look for other names, against the default rule alone."""
    payloads = setting.large
    contestants = {
        "one": partial(ours.count, payloads, ours.matcher(1, setting.out)),
        "many": partial(ours.count, payloads, ours.matcher(200, setting.out)),
    }
    agreed(setting.corpus("large"), {name: act() for name, act in contestants.items()})
    return [Figure("match_200_rules_vs_1", in_turns(contestants, setting.rounds).faster("many", "one"))]


def match_every_file_vs_naive(setting: Setting) -> list[Figure]:
    """As match_vs_naive, where no file can be dismissed by its bytes."""
    source = setting.corpus("every")
    payloads, by = source.payloads(), ours.matcher(1, setting.out)
    contestants: dict[str, Callable[[], Count]] = {
        "ours": partial(ours.count, payloads, by),
        "naive": partial(naive, payloads),
    }
    agreed(source, {name: act() for name, act in contestants.items()})
    return [
        Figure("match_every_file_vs_naive", in_turns(contestants, setting.rounds).faster("ours", "naive"))
    ]
