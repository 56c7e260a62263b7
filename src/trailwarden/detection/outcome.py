"""What came of the call. Source of the rules: CloudTrail `errorCode`, with EC2's prefixes."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from trailwarden.detection.fields import text
from trailwarden.model import EventData


class OutcomeStatus(StrEnum):
    """Whether anything was changed."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    DENIED = "denied"
    DRY_RUN = "dry_run"


class CallOutcome(BaseModel):
    """Status, and the error where there is one."""

    model_config = ConfigDict(frozen=True)

    status: OutcomeStatus = Field(description="Only `succeeded` changed something.")
    error_code: str | None = None
    error_message: str | None = None


_DENIED: Final = (
    "UnauthorizedOperation",
    "AccessDenied",
    "AccessDeniedException",
    "VpceAccessDenied",
    "Forbidden",
)


def outcome_of(event: EventData) -> CallOutcome:
    """No error code: succeeded. (An error message alone, as sign-ins have, is a failure.)"""
    code, message = text(event, "errorCode"), text(event, "errorMessage")
    if code is None:
        return CallOutcome(
            status=OutcomeStatus.FAILED if message else OutcomeStatus.SUCCEEDED, error_message=message
        )
    bare = code.rsplit(".", 1)[-1]
    if bare == "DryRunOperation":
        status = OutcomeStatus.DRY_RUN
    elif bare in _DENIED:
        status = OutcomeStatus.DENIED
    else:
        status = OutcomeStatus.FAILED
    return CallOutcome(status=status, error_code=code, error_message=message)


def phrase(outcome: CallOutcome) -> str:
    """The end of the summary."""
    match outcome.status:
        case OutcomeStatus.SUCCEEDED:
            return "succeeded"
        case OutcomeStatus.DRY_RUN:
            return "a dry run, nothing was changed"
        case OutcomeStatus.DENIED:
            return f"denied ({outcome.error_code})"
        case OutcomeStatus.FAILED:
            return f"failed ({outcome.error_code or outcome.error_message})"
