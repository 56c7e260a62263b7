"""Every error that Trailwarden raises on purpose, by whose fault it is.

Keeps: a fault is never mistaken for an absence. A caller may catch a class of this tree and know what to do with it;
anything else that is raised is a bug of ours and must be seen. `Reason` is a closed set: it is at once the label of a
metric, the column in the quarantine and the word that a person reads.

Next: `trailwarden.model` for the plain values that everything else speaks in.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why something could not be decoded or delivered. Closed: a new reason is a new member here, and a line in the docs."""

    # --- bytes (decode) ---------------------------------------------------------------------------------------
    EMPTY = "empty"  # nothing at all where a payload was announced
    CORRUPT = "corrupt"  # compressed data whose checksum or structure is wrong
    TRUNCATED = "truncated"  # compressed data that stops early
    TOO_LARGE = "too_large"  # more bytes than the limit allows, before or after decompression
    RATIO_EXCEEDED = "ratio_exceeded"  # decompresses by more than the allowed factor: a bomb
    TRAILING_DATA = "trailing_data"  # bytes after the last compressed member that are not a member
    NOT_UTF8 = "not_utf8"  # text that is not UTF-8
    NOT_JSON = "not_json"  # text that Python's json does not read
    TOO_DEEP = "too_deep"  # nested further than the parser or the envelope limit allows
    UNKNOWN_ENVELOPE = "unknown_envelope"  # JSON, but of no shape that we know
    NOT_AN_EVENT = "not_an_event"  # an element in the place of an event that is not a JSON object
    # --- sources ----------------------------------------------------------------------------------------------
    UNREADABLE = "unreadable"  # permission denied, I/O error
    MISSING = "missing"  # an announced object that is not there
    ARCHIVED = "archived"  # an object in an archive tier, to be restored before it can be read
    NOT_OURS = "not_ours"  # a queue message about something else: no notification, or of another bucket
    UNSUPPORTED = "unsupported"  # a codec or a format that is not read here
    GIVEN_UP = "given_up"  # failed each time that it was received; the detail has the last reason
    # --- sinks ------------------------------------------------------------------------------------------------
    UNREACHABLE = "unreachable"  # name, connection, TLS
    TIMEOUT = "timeout"  # no complete answer in time
    RATE_LIMITED = "rate_limited"  # the other side asked us to slow down
    REFUSED = "refused"  # the other side will never take this (most 4xx)
    UNAUTHORIZED = "unauthorized"  # 401, 403: configuration on one of the two sides
    GONE = "gone"  # 410: the endpoint wants nothing more
    REDIRECTED = "redirected"  # 3xx: redirects are not followed
    SERVER_ERROR = "server_error"  # 5xx and what else may pass
    BAD_ANSWER = "bad_answer"  # an answer that is not of the protocol
    EXPIRED = "expired"  # tried until the time was up


class TrailwardenError(Exception):
    """Base of all errors raised on purpose. The message is one line: what happened, where, and what to do."""


class ConfigError(TrailwardenError):
    """The user's configuration, rules or command line cannot be used. Exit code 2."""


class PatternError(ConfigError):
    """A filter pattern is not in the language. Has `text` (str), `position` (int, 0-based) and `render()` with a caret."""

    def __init__(self, message: str, text: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.text = text
        self.position = position

    def render(self) -> str:
        """The pattern, a caret under the place, and the message: three lines."""
        flat = self.text.replace("\n", " ").replace("\t", " ").replace("\r", " ")
        return f"{flat}\n{' ' * self.position}^\n{self.message}"


class RuleError(ConfigError):
    """A rule or a pack cannot be used: malformed, or one of its own examples disagrees with its pattern."""


class DecodeError(TrailwardenError):
    """A payload, or a part of one, cannot be decoded. Has `reason` (Reason). The payload belongs into quarantine."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class StoreError(TrailwardenError):
    """The store cannot be read or written now (locked, full, away). Nothing was acked; the work is to be tried again."""


class StoreAwayError(StoreError):
    """The database cannot be reached now, and may come back: it is restarted, or the network is interrupted."""


class LeaseLostError(StoreError):
    """Another instance does by now what this one alone was to do. Nothing was changed."""


class SchemaError(StoreError):
    """The store was written by a newer Trailwarden, or by something else. Starting would harm it."""


class SourceError(TrailwardenError):
    """A source cannot be read. Has `reason` (Reason)."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class UnusableError(SourceError):
    """What a source was given will not become readable by trying again: it belongs into quarantine.

    payload: the bytes, as far as they were had.
    """

    def __init__(self, reason: Reason, detail: str, payload: bytes = b"") -> None:
        super().__init__(reason, detail)
        self.payload = payload
