"""The plain values that every part speaks in: no I/O, no decisions.

Next: `trailwarden.decode`, which turns a batch's bytes into events.
"""

from typing import TYPE_CHECKING

from trailwarden.on_demand import on_demand

if TYPE_CHECKING:
    from trailwarden.model.alert import Alert
    from trailwarden.model.batch import Batch, Checkpoint, Run
    from trailwarden.model.clock import Clock, SystemClock, rfc3339
    from trailwarden.model.event import Event, EventData
    from trailwarden.model.origin import Origin
    from trailwarden.model.severity import Severity
else:
    __getattr__ = on_demand(
        __name__,
        {
            "alert": ("Alert",),
            "batch": (
                "Batch",
                "Checkpoint",
                "Run",
            ),
            "clock": (
                "Clock",
                "SystemClock",
                "rfc3339",
            ),
            "event": (
                "Event",
                "EventData",
            ),
            "origin": ("Origin",),
            "severity": ("Severity",),
        },
    )

__all__ = [
    "Alert",
    "Batch",
    "Checkpoint",
    "Clock",
    "Event",
    "EventData",
    "Origin",
    "Run",
    "Severity",
    "SystemClock",
    "rfc3339",
]
