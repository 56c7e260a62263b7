"""The shapes of what others report to the metrics, as far as it is counted.

Telemetry stands below the model, so it names no class of a higher part: it says what it reads of one. The classes are
`detection.Inspection`, `store.Commit` and `store.Committed`; mypy holds them to these shapes where they are passed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from trailwarden.errors import Reason


class Rule(Protocol):
    """A rule that selected an event."""

    @property
    def id(self) -> str: ...


class Match(Protocol):
    """An event that at least one rule selected."""

    @property
    def rules(self) -> Sequence[Rule]: ...


class Rejected(Protocol):
    """What could not be decoded."""

    @property
    def reason(self) -> Reason: ...


class Inspection(Protocol):
    """The account of one payload. whole: the payload as such could not be opened."""

    @property
    def seen(self) -> int: ...
    @property
    def matches(self) -> Sequence[Match]: ...
    @property
    def unmatched(self) -> int: ...
    @property
    def rejected(self) -> Sequence[Rejected]: ...
    @property
    def labels(self) -> Mapping[str, int]: ...
    @property
    def content_size(self) -> int: ...
    @property
    def whole(self) -> bool: ...


class Alert(Protocol):
    """An alert, as far as it is counted. Times are UTC."""

    @property
    def rule_id(self) -> str: ...
    @property
    def severity(self) -> str: ...
    @property
    def event_time(self) -> datetime | None: ...
    @property
    def created_at(self) -> datetime: ...


class RoutedAlert(Protocol):
    """An alert on its way into the outbox."""

    @property
    def alert(self) -> Alert: ...


class Received(Protocol):
    """A batch in the inventory. size: bytes as they came."""

    @property
    def source(self) -> str: ...
    @property
    def size(self) -> int: ...


class Commit(Protocol):
    """What was committed."""

    @property
    def alerts(self) -> Sequence[RoutedAlert]: ...
    @property
    def received(self) -> Sequence[Received]: ...


class Committed(Protocol):
    """What the commit did. known: alerts that were there, the conflicting ones included."""

    @property
    def known(self) -> int: ...
    @property
    def conflicting(self) -> Sequence[str]: ...
