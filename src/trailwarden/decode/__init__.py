"""Bytes to events: decompression, envelopes, exact splitting, and counting without parsing where that is certain.

Pure: no I/O, no clock. Read in the order of an event's journey: `decompress`, then `layout` and `locate` (the way of almost
every file), then `split` (the exact way), then `event`.
"""

from trailwarden.decode.decompress import decompress
from trailwarden.decode.event import parse_event
from trailwarden.decode.layout import fast_count
from trailwarden.decode.locate import Located, locate
from trailwarden.decode.outcome import Content, Decoded, EventBlock, Limits, RawEvent, Rejected
from trailwarden.decode.split import split

__all__ = [
    "Content",
    "Decoded",
    "EventBlock",
    "Limits",
    "Located",
    "RawEvent",
    "Rejected",
    "decompress",
    "fast_count",
    "locate",
    "parse_event",
    "split",
]
