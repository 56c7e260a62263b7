"""When a source is told that a batch is dealt with: a choice for sources that keep their place outside of the store.

Keeps: either way no ack comes before the commit of every alert that the batch gave rise to.

Next: `trailwarden.pipeline.acknowledgement`, which holds back what is to be delivered first.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field


class AckPoint(StrEnum):
    """What an ack waits for."""

    COMMITTED = "committed"  # the commit to the store, which must outlive the process
    DELIVERED = "delivered"  # that the required sinks have taken the alerts, too: the store may be lost


Ack = Annotated[
    AckPoint,
    Field(
        description="When a batch is given up at the source: its alerts are `committed` to the store, or `delivered` to every "
        "required sink that wants them, for a store that may be lost."
    ),
]
"""The setting `ack`. A source whose position is kept in the store itself has none: the two are committed together."""
