"""How much a rule's match matters. Ordered, so that sinks can ask for "at least"."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """The five levels of the security field (the names of OCSF's severity_id 1 to 5)."""

    INFORMATIONAL = "informational"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """1 (informational) to 5 (critical): OCSF's severity_id."""
        return list(Severity).index(self) + 1
