"""What came of the call. Source of the rules: CloudTrail `errorCode`, with EC2's prefixes.

Keeps: only an event without any sign of an error is called a success.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field

from trailwarden.detection.fields import PART, Text, at, text
from trailwarden.model import EventData


class OutcomeStatus(StrEnum):
    """Whether anything was changed."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    DENIED = "denied"
    DRY_RUN = "dry_run"


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """Status, and the error where there is one."""

    __pydantic_config__ = PART

    status: Annotated[
        OutcomeStatus,
        Field(
            description="succeeded: the only one that changed something; failed; denied: no permission; "
            "dry_run: permission, but only asked for."
        ),
    ]
    error_code: Annotated[Text | None, Field(description="errorCode, with EC2's prefix.")] = None
    error_message: Annotated[Text | None, Field(description="errorMessage; CloudTrail cuts it at 1 KB.")] = (
        None
    )


_STATUS: Final = {
    "DryRunOperation": OutcomeStatus.DRY_RUN,
    "UnauthorizedOperation": OutcomeStatus.DENIED,
    "UnauthorizedAccess": OutcomeStatus.DENIED,
    "AccessDenied": OutcomeStatus.DENIED,
    "AccessDeniedException": OutcomeStatus.DENIED,
    "VpceAccessDenied": OutcomeStatus.DENIED,
    "AuthFailure": OutcomeStatus.DENIED,
    "Forbidden": OutcomeStatus.DENIED,
}
"""By the error code without `Client.` and `Server.`; any other code is a failure."""


def outcome_of(event: EventData) -> CallOutcome:
    """From errorCode and errorMessage. A message alone, as sign-ins have, is a failure; so is a code of another type."""
    code, message = text(event, "errorCode"), text(event, "errorMessage")
    if code is not None:
        status = _STATUS.get(code.rsplit(".", 1)[-1], OutcomeStatus.FAILED)
    elif _absent(at(event, "errorCode")) and _absent(at(event, "errorMessage")):
        status = OutcomeStatus.SUCCEEDED
    else:
        status = OutcomeStatus.FAILED
    return CallOutcome(status=status, error_code=code, error_message=message)


def _absent(value: Any) -> bool:
    return value is None or value == ""


def phrase(outcome: CallOutcome) -> str:
    """The end of the summary."""
    match outcome.status:
        case OutcomeStatus.SUCCEEDED:
            return "succeeded"
        case OutcomeStatus.DRY_RUN:
            return "a dry run, nothing was changed"
        case status:
            why = outcome.error_code or outcome.error_message
            return f"{status.value} ({why})" if why else status.value
