"""The whole audit as values: what was audited, when, and the outcome of each control of each account.

Next: `document`, which is published; `audit.remediation`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from trailwarden.audit.outcome import ControlOutcome, Result, worst
from trailwarden.coverage.facts import AccountFacts


@dataclass(frozen=True, slots=True)
class AuditReport:
    """at: when the calls began; outcomes: by account, in the order of the controls; facts: by account, for the remediation."""

    at: datetime
    outcomes: Sequence[ControlOutcome]
    facts: Mapping[str, AccountFacts] = field(default_factory=dict)

    @property
    def result(self) -> Result:
        """The worst control's."""
        return worst(one.result for one in self.outcomes)
