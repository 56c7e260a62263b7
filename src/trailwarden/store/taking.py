"""Which of the new deliveries of a commit are claimed by who commits them.

Keeps: what is claimed here is claimed as `Store.claim` would have done it at once, so that whatever becomes of it is the same; a
known alert is never claimed.

Next: `trailwarden.store.sqlite_ledger` and `trailwarden.store.ledger`, which write the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trailwarden.model import Alert
from trailwarden.store.records import Claim, RoutedAlert, Taking

Wanted = tuple[Alert, str, Taking | None]
"""A new alert, a sink that wants it, and how it is claimed for that."""


def wanted(new: Sequence[RoutedAlert], takings: Sequence[Taking], claims: list[Claim]) -> Iterator[Wanted]:
    """The deliveries of new alerts, in their order; what is claimed is added to `claims`."""
    left = {taking.sink: taking.limit for taking in takings}
    by_sink = {taking.sink: taking for taking in takings}
    for alert, sinks in new:
        for sink in sinks if len(sinks) < 2 else dict.fromkeys(sinks):
            if left.get(sink, 0) <= 0:
                yield alert, sink, None
                continue
            left[sink] -= 1
            taking = by_sink[sink]
            claims.append(Claim(alert, sink, 1, taking.at, taking.until))
            yield alert, sink, taking
