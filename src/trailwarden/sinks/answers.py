"""What an HTTP answer means for an alert: one table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from trailwarden.errors import Reason
from trailwarden.sinks.base import DELIVERED, Outcome, Verdict

_RETRY_LATER: Final = frozenset({408, 425, 500, 502, 503, 504})
_MEANINGS: Final[Mapping[int, tuple[Verdict, Reason]]] = {
    401: (Verdict.HOLD, Reason.UNAUTHORIZED),
    403: (Verdict.HOLD, Reason.UNAUTHORIZED),
    404: (Verdict.HOLD, Reason.REFUSED),  # a mistyped URL, far more often than a refusal of this one alert
    405: (Verdict.HOLD, Reason.REFUSED),  # as 421: the way there is wrong, not this one alert
    407: (Verdict.HOLD, Reason.UNAUTHORIZED),
    410: (Verdict.HOLD, Reason.GONE),
    421: (Verdict.HOLD, Reason.REFUSED),
    423: (Verdict.RETRY, Reason.REFUSED),
    429: (Verdict.RETRY, Reason.RATE_LIMITED),
}
_CLASSES: Final[Mapping[int, tuple[Verdict, Reason]]] = {
    3: (Verdict.HOLD, Reason.REDIRECTED),
    4: (Verdict.REFUSED, Reason.REFUSED),
    5: (Verdict.RETRY, Reason.SERVER_ERROR),
}


def outcome_of(status: int, headers: Mapping[str, str], where: str, now: datetime) -> Outcome:
    """2xx is delivered; the rest by table. where: the target without its secrets, for the detail."""
    if 200 <= status < 300:
        return DELIVERED
    default = (Verdict.RETRY, Reason.SERVER_ERROR) if status in _RETRY_LATER else _CLASSES.get(status // 100)
    verdict, reason = _MEANINGS.get(status) or default or (Verdict.RETRY, Reason.BAD_ANSWER)
    return Outcome(
        verdict, reason, f"{where} answered {status}", retry_after(headers.get("Retry-After"), now)
    )


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds that a `Retry-After` asks for (RFC 9110, 10.2.3): a number or an HTTP date; None for nonsense and the past."""
    if value is None:
        return None
    text = value.strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError):
            return None
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        seconds = (moment - now).total_seconds()
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
