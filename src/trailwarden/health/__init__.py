"""How the service is doing, for machines and for people.

Keeps: a request for health does no I/O and asks nobody: it shows what was last observed, and how old that is.

Next: `model` for what a check is, `board` for who keeps the last ones, `server` for the endpoints.
"""

from trailwarden.health.board import StatusBoard
from trailwarden.health.model import Check, Coverage, HealthState, Status, worst
from trailwarden.health.server import HealthServer, start
from trailwarden.health.settings import HealthSettings

__all__ = [
    "Check",
    "Coverage",
    "HealthServer",
    "HealthSettings",
    "HealthState",
    "Status",
    "StatusBoard",
    "start",
    "worst",
]
