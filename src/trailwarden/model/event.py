"""One CloudTrail record, as bytes and as a parsed value.

Keeps: `raw` is the record's own text, never a re-serialisation, except where it had to be unescaped from a string
that carried it. What a reader gets as "the original event" is this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

EventData = dict[str, Any]
"""A parsed event: a JSON object as Python's json reads it (the last of two equal keys wins)."""


@dataclass(slots=True)  # not frozen: made for each candidate, and that takes four times as long
class Event:
    """raw: UTF-8 JSON text of one object; data: the same, parsed; index: position in its batch, from 0; strict: whether raw is
    known to be what every JSON parser reads.
    """

    raw: bytes
    data: EventData
    index: int
    strict: bool = False
