"""What an opened envelope leads to: one of a few kinds of step. Plain values, and the two ways to make one of a string.

Next: `trailwarden.decode.envelopes`, which yields them, and `trailwarden.decode.split`, which acts on them.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from trailwarden.decode.encoding import unescaped
from trailwarden.decode.outcome import RawEvent
from trailwarden.decode.probe import string_of
from trailwarden.errors import Reason


@dataclass(frozen=True, slots=True)
class Event:
    """The object itself is an event."""


@dataclass(frozen=True, slots=True)
class Value:
    """A JSON value inside. in_event_place: an object there is an event, whatever its members."""

    raw: RawEvent
    in_event_place: bool = False


@dataclass(frozen=True, slots=True)
class Elements:
    """A JSON array inside, each element of which is to be opened. of_records: an object there is an event, unless known as
    something else.
    """

    raw: RawEvent
    of_records: bool


@dataclass(frozen=True, slots=True)
class Payload:
    """Bytes that were carried in a string: a payload of its own."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Label:
    """Recognised, and no event."""

    name: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """To be rejected. raw: None for the whole object that carries it."""

    raw: RawEvent | None
    reason: Reason
    detail: str


Step = Event | Value | Elements | Payload | Label | Unreadable


def inner_text(raw: RawEvent | None) -> Step:
    """A string that holds a payload as text."""
    text = string_of(raw)
    if text is None:
        return Unreadable(raw, Reason.UNKNOWN_ENVELOPE, "no string where the envelope carries its content")
    return Payload(unescaped(text))


def encoded(raw: RawEvent | None) -> Step:
    """A string that holds a payload in base64."""
    text = string_of(raw)
    if text is None:
        return Unreadable(raw, Reason.UNKNOWN_ENVELOPE, "no string where the envelope carries its content")
    try:
        return Payload(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return Unreadable(raw, Reason.CORRUPT, "not base64 where the envelope carries base64")
