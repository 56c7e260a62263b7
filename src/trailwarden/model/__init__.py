"""The plain values that every part speaks in: no I/O, no decisions.

Next: `trailwarden.decode`, which turns a batch's bytes into events.
"""

from trailwarden.model.alert import Alert
from trailwarden.model.batch import Batch, Checkpoint, Run
from trailwarden.model.clock import Clock, SystemClock, rfc3339
from trailwarden.model.event import Event, EventData
from trailwarden.model.origin import Origin
from trailwarden.model.severity import Severity

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
