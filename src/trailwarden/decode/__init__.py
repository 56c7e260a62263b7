"""Bytes to events: decompression, envelopes, exact splitting, and counting without parsing where that is certain.

Pure: no I/O, no clock. Read in the order of an event's journey: `decompress`, then `structure` (the way of almost every file;
`payloads`: both for many files in one call), `layout` and `locate` (the same where nothing could be compiled), then `split` (the
exact way), then `event`. `locate` and `split` are imported from where they are: few files need them, and what they need takes
long to load.
"""

from trailwarden.decode.decompress import decompress
from trailwarden.decode.event import parse_event, read_event
from trailwarden.decode.layout import fast_count
from trailwarden.decode.outcome import Content, Decoded, EventBlock, Limits, RawEvent, Rejected
from trailwarden.decode.payloads import Looked, look_at
from trailwarden.decode.structure import COMPILED, Survey, Wanted, hideable, survey_hits, survey_texts

__all__ = [
    "COMPILED",
    "Content",
    "Decoded",
    "EventBlock",
    "Limits",
    "Looked",
    "RawEvent",
    "Rejected",
    "Survey",
    "Wanted",
    "decompress",
    "fast_count",
    "hideable",
    "look_at",
    "parse_event",
    "read_event",
    "survey_hits",
    "survey_texts",
]
