"""Content to events, exactly: peel what they are wrapped in, however it is nested, until there are events.

Keeps: everything is accounted for. Each thing that the content holds becomes an event, a label or a `Rejected`; one that
cannot be read costs itself and not its neighbours. Nesting and what comes out of it are bounded by `Limits`.

Text in order goes through `strict`, all other text through `resync`; what an object is, `envelopes` says.
Next: `trailwarden.decode.event`, which parses the few events that are looked at.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable
from typing import Final

import stringzilla

from trailwarden.decode import kpl, lenient, strict
from trailwarden.decode.collector import Collector
from trailwarden.decode.decompress import MAGICS, decompress
from trailwarden.decode.encoding import BOM, as_utf8, is_json_text, is_utf8
from trailwarden.decode.envelopes import open_object
from trailwarden.decode.outcome import Decoded, Limits, RawEvent
from trailwarden.decode.probe import elements_of, lead, members_of, string_of
from trailwarden.decode.resync import Piece, Resync
from trailwarden.decode.steps import Elements, Event, Label, Payload, Step, Unreadable, Value, inner_text
from trailwarden.errors import DecodeError, Reason

_BASE64: Final = re.compile(rb"[ \t\r\n]*(?:H4sI|KLUv|eyJ|W3si|84mawg)[A-Za-z0-9+/=\r\n]*+\Z")
"""Base64 of gzip, zstd, `{"`, `[{"` and of a KPL aggregate, and nothing else."""
_LARGE: Final = 16 * 1024 * 1024
_SPACE: Final = re.compile(rb"[ \t\r\n]*")
_RECORD: Final = b'{"eventVersion":"1.'
_OPENING: Final = (b"{", b"[", b'"')
_CARRIED: Final = ("{", "[", '"', "H4sI", "KLUv", "eyJ", "W3si", "84mawg")
_CLOSING: Final = (b"}", b"]", b'"')


def split(data: bytes, limits: Limits) -> Decoded:
    """All events in some content, and what else there was. Never raises for what the data contains."""
    splitter = _Splitter(data, limits)
    splitter.payload(data, depth=0)
    return splitter.collector.finish()


class _Splitter:
    """The state of one call: what was found, and how much may still be decompressed."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self._data = data
        self._limits = limits
        self._room = limits.max_output_bytes
        self.collector = Collector(limits.max_event_bytes)

    # --- bytes ------------------------------------------------------------------------------------------------

    def payload(self, data: bytes, depth: int) -> None:
        """Bytes of any kind."""
        reject = self.collector.reject
        try:
            if depth > self._limits.max_depth:
                reject(data, Reason.TOO_DEEP, f"more than {self._limits.max_depth} envelopes in each other")
            elif data.startswith(MAGICS):
                self._compressed(data, depth)
            elif (records := kpl.deaggregate(data)) is not None:
                for record in records:
                    self.payload(record, depth + 1)
            elif _BASE64.match(data):
                self._base64(data, depth)
            elif (text := as_utf8(data)) is not None:
                self.payload(text, depth + 1)
            else:
                self._text(data, depth)
        except DecodeError as fault:
            reject(data, fault.reason, fault.detail)

    def _compressed(self, data: bytes, depth: int) -> None:
        content = decompress(data, self._limits._replace(max_output_bytes=self._room))
        self._room -= len(content.data)
        self.payload(content.data, depth + 1)
        if content.trailing is not None:
            trailing = content.trailing
            self.collector.reject(trailing.raw, trailing.reason, trailing.detail)

    def _base64(self, data: bytes, depth: int) -> None:
        """One payload, wrapped in lines or not, or one a line."""
        lines = data.split()
        each = all(_BASE64.match(line) for line in lines)
        for part in lines if each else [b"".join(lines)]:
            try:
                opened = b64decode(part, validate=True)
            except ValueError:
                self.collector.reject(part, Reason.NOT_JSON, "neither JSON nor whole base64")
            else:
                self.payload(opened, depth + 1)

    # --- text -------------------------------------------------------------------------------------------------

    def _text(self, data: bytes, depth: int) -> None:
        start = _behind_space(data, len(BOM) if data.startswith(BOM) else 0)
        if start == len(data):
            self.collector.reject(data, Reason.EMPTY, "nothing but white space")
            return
        if _is_crowded(data):
            self.collector.reject(data, Reason.TOO_LARGE, "more values in it than its size explains")
            return
        if is_utf8(data):
            if (array := strict.read_array(data, start)) is not None:
                self._array(data, array, depth)
                return
            if _begins_with_line(data, start):
                self._lines(data, start, depth)
                return
            if (value := strict.read_value(memoryview(data)[start:])) is not None:
                self._value(value, depth, self._placed(data, start))
                return
        self._pieces(data, start, depth)

    def _placed(self, data: bytes, start: int) -> int | None:
        """The offset, when these are the bytes that we were given; None in anything opened on the way."""
        return start if data is self._data else None

    def _array(self, data: bytes, array: strict.Array, depth: int) -> None:
        """A sound array, read whole."""
        own = data is self._data
        if not array.raws:
            self.collector.label("empty_records")
        elif (
            own
            and array.starts is not None
            and strict.plain_records(data, array, self._limits.max_event_bytes)
        ):
            self.collector.block(array.raws, array.starts)
        else:
            for index, raw in enumerate(array.raws):
                start = array.starts[index] if own and array.starts is not None else None
                self._element(raw, depth, start, index, array.of_records)

    def _lines(self, data: bytes, start: int, depth: int) -> None:
        """A value a line, until one is not; from there on, piece by piece."""
        view = memoryview(data)
        while start < len(data):
            end = data.find(b"\n", start)
            end = len(data) if end < 0 else end
            value = strict.read_value(view[start:end])
            if value is None:
                self._pieces(data, start, depth)
                return
            if data.startswith(_RECORD, start):
                self.collector.event(value, self._placed(data, start), None)
            else:
                self._value(value, depth, self._placed(data, start))
            start = _behind_space(data, end)

    def _pieces(self, data: bytes, start: int, depth: int) -> None:
        """Text that is not in order, or that only Python's json reads, or values that follow each other."""
        text = lenient.text_of(data)
        view = memoryview(data)

        def known(begin: int, end: int) -> bool:
            members = members_of(view[begin:end])
            return members is not None and open_object(members) is not None

        found = False
        for piece in Resync(text, known).pieces(start):
            found = True
            self._piece(view[piece.start : piece.end], piece, depth, self._placed(data, piece.start))
        if not found:
            self.collector.reject(data, Reason.NOT_JSON, "nothing but commas")

    def _piece(self, raw: RawEvent, piece: Piece, depth: int, start: int | None) -> None:
        if piece.fault is not None:
            reason = piece.fault.reason
            if reason is Reason.NOT_JSON and not is_json_text(bytes(raw)):
                reason = Reason.NOT_UTF8
            self.collector.reject(raw, reason, piece.fault.detail, piece.index)
        elif not is_json_text(bytes(raw)):
            self.collector.reject(raw, Reason.NOT_UTF8, "a string in it is not UTF-8", piece.index)
        elif piece.index is None:
            self._value(raw, depth, start)
        else:
            self._element(raw, depth, start, piece.index, piece.of_records)

    # --- values -----------------------------------------------------------------------------------------------

    def _element(self, raw: RawEvent, depth: int, start: int | None, index: int, of_records: bool) -> None:
        """An element of an array: a place where an event belongs."""
        kind = lead(raw)
        if kind == "{":
            self._object(raw, depth, start, index, in_event_place=of_records)
        elif kind == '"' and not of_records and _holds_json(raw):
            self._act(inner_text(raw), raw, depth, start, index)
        else:
            self.collector.reject(raw, Reason.NOT_AN_EVENT, "no JSON object in the place of an event", index)

    def _value(self, raw: RawEvent, depth: int, start: int | None, in_event_place: bool = False) -> None:
        """A value that stands by itself: a document, a line, or what an envelope carries."""
        kind = lead(raw)
        if kind == "{":
            self._object(raw, depth, start, None, in_event_place)
        elif in_event_place:
            self.collector.reject(raw, Reason.NOT_AN_EVENT, "no JSON object in the place of an event")
        elif kind == "[":
            self._act(Elements(raw, of_records=False), raw, depth, start, None)
        elif kind == '"' and _holds_json(raw):
            self._act(inner_text(raw), raw, depth, start, None)
        elif kind == "n":
            self.collector.label("tombstone")
        else:
            self.collector.reject(raw, Reason.UNKNOWN_ENVELOPE, "JSON, but of no shape that carries events")

    def _object(
        self, raw: RawEvent, depth: int, start: int | None, index: int | None, in_event_place: bool
    ) -> None:
        members = members_of(raw)
        steps = open_object(members) if members is not None else None
        if steps is not None:
            for step in steps:
                self._act(step, raw, depth, start, index)
        elif in_event_place:
            self.collector.event(raw, start, index)
        else:
            self.collector.reject(
                raw, Reason.UNKNOWN_ENVELOPE, "an object of no shape that carries events", index
            )

    def _act(self, step: Step, raw: RawEvent, depth: int, start: int | None, index: int | None) -> None:
        """What a step says. raw, start, index: the value that led to it."""
        match step:
            case Event():
                self.collector.event(raw, start, index)
            case Label(name):
                self.collector.label(name)
            case Payload(data):
                self.payload(data, depth + 1)
            case Value(inner, in_event_place):
                self._deeper(inner, depth, lambda: self._value(inner, depth + 1, None, in_event_place))
            case Elements(inner, of_records):
                self._deeper(inner, depth, lambda: self._elements(inner, raw, depth + 1, of_records))
            case Unreadable(part, reason, detail):
                self.collector.reject(raw if part is None else part, reason, detail, index)

    def _deeper(self, raw: RawEvent, depth: int, go: Callable[[], None]) -> None:
        if depth >= self._limits.max_depth:
            detail = f"more than {self._limits.max_depth} envelopes in each other"
            self.collector.reject(raw, Reason.TOO_DEEP, detail)
        else:
            go()

    def _elements(self, array: RawEvent, whole: RawEvent, depth: int, of_records: bool) -> None:
        parts = elements_of(array)
        if parts is None:
            self.collector.reject(whole, Reason.UNKNOWN_ENVELOPE, "no array where the events should be")
        elif not parts:
            self.collector.label("empty_records")
        else:
            for index, part in enumerate(parts):
                self._element(part, depth, None, index, of_records)


def _holds_json(raw: RawEvent) -> bool:
    """Whether a string may carry JSON, or base64 of it."""
    return (string_of(raw) or "").lstrip().startswith(_CARRIED)


def _is_crowded(data: bytes) -> bool:
    """Whether a large text consists of so many tiny values that what is kept of each would take many times its size."""
    if len(data) <= _LARGE:
        return False
    objects: int = stringzilla.count(data, b"{")
    values: int = stringzilla.count(data, b",")
    return objects * 24 > len(data) or values * 8 > len(data)


def _begins_with_line(data: bytes, start: int) -> bool:
    """Whether the first line may be a value, with another one in the line after it."""
    end = data.find(b"\n", start)
    if end < 0 or data[max(start, end - 64) : end].rstrip()[-1:] not in _CLOSING:
        return False
    behind = _behind_space(data, end)
    return data[behind : behind + 1] in _OPENING


def _behind_space(data: bytes, position: int) -> int:
    found = _SPACE.match(data, position)
    return found.end() if found is not None else position
