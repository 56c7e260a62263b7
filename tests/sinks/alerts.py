"""Alerts to deliver."""

from __future__ import annotations

from datetime import UTC, datetime

from trailwarden.model import Alert, Severity

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def alert(number: int = 1, severity: Severity = Severity.MEDIUM, rule: str = "cis-vpc-changes") -> Alert:
    """The alert with that number."""
    document = b'{"id":"alert_%d","text":"gr\xc3\xbcn"}' % number
    return Alert(f"alert_{number}", rule, severity, NOW, NOW, f"number {number}", f"{number:064x}", document)
