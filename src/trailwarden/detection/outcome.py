"""What came of the call. Source of the rules: CloudTrail `errorCode`, with EC2's prefixes.

Keeps: only an event without any sign of an error is called a success.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field

from trailwarden.detection.fields import PART, Text, text
from trailwarden.model import EventData


class OutcomeStatus(StrEnum):
    """Whether anything was changed."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    DENIED = "denied"
    DRY_RUN = "dry_run"


@dataclass(slots=True)  # not frozen: made for each alert, and that takes three times as long
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
    """From errorCode and errorMessage. A message alone, as sign-ins have, is a failure; so is a code of another type.

    event: `spelled`.
    """
    code, message = event.get("errorCode"), event.get("errorMessage")
    if _absent(code) and _absent(message):
        return _SUCCEEDED
    said = text(code)
    status = (
        OutcomeStatus.FAILED if said is None else _STATUS.get(said.rsplit(".", 1)[-1], OutcomeStatus.FAILED)
    )
    return CallOutcome(status=status, error_code=said, error_message=text(message))


def _absent(value: Any) -> bool:
    return value is None or value == ""


_SUCCEEDED: Final = CallOutcome(status=OutcomeStatus.SUCCEEDED)


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
