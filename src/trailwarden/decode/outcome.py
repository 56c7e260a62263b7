"""What decoding comes to: content, blocks of events, and what had to be rejected. Plain values.

Keeps: nothing that came in is left out. A byte that carries something is in a block, under a label, or in a `Rejected`.

Next: `trailwarden.decode.decompress`, the first step, and `trailwarden.decode.split`, the second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from trailwarden.errors import Reason

RawEvent = bytes | memoryview
"""The exact text of one JSON value, without a copy where it can be. `bytes(raw)` gives it as bytes."""

_MIB = 1024 * 1024


class Limits(NamedTuple):
    """How much one payload may cost.

    max_output_bytes: after decompression, everything nested in it included;
    max_ratio: bytes out per byte in, asked only of what is larger than 1 MiB;
    max_depth: envelopes in envelopes (gzip in gzip and a string of JSON in JSON are envelopes too);
    max_event_bytes: text of one event (AWS: 256 KB, 1 MB in event data stores).
    """

    max_output_bytes: int = 256 * _MIB
    max_ratio: int = 1000
    max_depth: int = 8
    max_event_bytes: int = 16 * _MIB


@dataclass(frozen=True, slots=True)
class Rejected:
    """Bytes that could not be decoded, and why. index: position in the array or file that it stood in, from 0, if any."""

    raw: bytes
    reason: Reason
    detail: str
    index: int | None


class Content(NamedTuple):
    """A payload after decompression.

    data: not to be written to. Of a compressed payload it is in truth the bytearray that the decompressor made: to copy it
    would take longer than to make it. Whoever keeps a cut of it says `bytes(cut)`.
    trailing: what followed the last whole compressed member and could not be read; compressed: whether it was at all.
    """

    data: bytes
    trailing: Rejected | None
    compressed: bool


class EventBlock(NamedTuple):
    """Events in the order in which they came.

    raws: each one JSON object's text; starts: the offset of each in the data that was split, ascending, or None
    where they were cut from something unescaped or decompressed on the way.
    """

    raws: Sequence[RawEvent]
    starts: Sequence[int] | None


@dataclass(frozen=True, slots=True)
class Decoded:
    """Everything that a payload held. labels: what is not an event, by what it was recognised as."""

    blocks: list[EventBlock] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    labels: Counter[str] = field(default_factory=Counter)
