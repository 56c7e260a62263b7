"""What a failed call says: whose fault it is, and whether other credentials could mend it. Pure.

Keeps: only NOT_FOUND says anything about what was asked for; everything else says that the answer did not come. What is
not known is OTHER, never something milder.

Rules: the services' error tables (CloudTrail, EC2, SQS, S3, STS API references, "Common Errors") and botocore's exceptions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import aiohttp
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from trailwarden.errors import TrailwardenError


class Fault(StrEnum):
    """Why an answer did not come. Only NOT_FOUND says anything about the thing itself."""

    DENIED = "denied"  # a permission is missing, or the credentials are wrong or expired
    THROTTLED = "throttled"  # asked too often
    NOT_FOUND = "not_found"  # there is no such thing
    FOREIGN = "foreign"  # an organization's trail, which a member account may list and not look into
    REGION_DISABLED = "region_disabled"  # an opt-in Region that is not enabled
    NETWORK = "network"  # no complete answer: connection, time-out, 5xx
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class AwsFailure:
    """One failed call. code: the service's, or the exception's name; detail: one line without secrets.

    credentials: it is the credentials that are wrong or expired, not a permission that is missing.
    """

    fault: Fault
    code: str
    detail: str
    credentials: bool = False


CREDENTIAL_CODES: Final = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
        "UnrecognizedClientException",
        "AuthFailure",
    }
)
"""The request was not accepted as coming from anybody."""

_DENIED: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AllAccessDisabled",
        "KMS.AccessDeniedException",
        "KMSAccessDeniedException",
        "KmsAccessDenied",
        "NotAuthorized",
        "UnauthorizedAccess",
        "UnauthorizedOperation",
        "403",
        "Forbidden",
    }
)
_THROTTLED: Final = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "KMS.ThrottlingException",
        "KMSThrottlingException",
        "KmsThrottled",
        "OverLimit",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "429",
    }
)
_NOT_FOUND: Final = frozenset(
    {
        "AWS.SimpleQueueService.NonExistentQueue",
        "NoSuchBucket",
        "NoSuchKey",
        "NoSuchVersion",
        "NotFound",
        "QueueDoesNotExist",
        "ResourceNotFoundException",
        "TrailNotFoundException",
        "404",
    }
)
_UNANSWERED: Final = frozenset({"InternalError", "RequestTimeout", "RequestTimeoutException"})
_DISABLED: Final = frozenset({"OptInRequired", "RegionDisabledException", "InvalidRegion"})

_BAD_CREDENTIALS: Final = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.ProfileNotFound,
    boto.RefreshWithMFAUnsupportedError,
    boto.InfiniteLoopConfigError,
    boto.SSOTokenLoadError,
    boto.UnauthorizedSSOTokenError,
    boto.TokenRetrievalError,
    boto.NoAuthTokenError,
)
_LOST: Final = (
    boto.HTTPClientError,
    boto.ConnectionError,
    boto.IncompleteReadError,
    boto.MetadataRetrievalError,
    ResponseParserError,
    aiohttp.ClientError,
    TimeoutError,
    OSError,
)

_SECRET: Final = re.compile(
    r"(?i)((?:(?:secret|token|signature|credential|password|authorization|access.?key.?id)[\w-]*"
    r"(?: header)?[\"']?\s*[=:]\s*)+)\S+|(?<=://)[^\s/]+(?=@)|(?:AKIA|ASIA)[A-Z0-9]{12,}|[A-Za-z0-9+/=]{100,}"
)
_DETAIL_LENGTH: Final = 300


class AwsError(TrailwardenError):
    """A call gave no answer. failure: why."""

    def __init__(self, failure: AwsFailure) -> None:
        super().__init__(failure.detail)
        self.failure = failure


@contextmanager
def translated() -> Iterator[None]:
    """What a call raises becomes AwsError; what is none of its faults, a bug of ours, passes as it is."""
    try:
        yield
    except (boto.BotoCoreError, boto.ClientError, ResponseParserError, *_LOST) as fault:
        raise AwsError(classified(fault)) from fault


def classified(fault: BaseException) -> AwsFailure:
    """What a raised exception means. Takes whatever a call can raise; what it does not know is OTHER."""
    if isinstance(fault, AwsError):
        return fault.failure
    if isinstance(fault, boto.ClientError):
        return _answered(fault)
    name = type(fault).__name__
    if isinstance(fault, _BAD_CREDENTIALS):
        return AwsFailure(Fault.DENIED, name, one_line(str(fault)), credentials=True)
    if isinstance(fault, _LOST):
        return AwsFailure(Fault.NETWORK, name, one_line(str(fault) or name))
    return AwsFailure(Fault.OTHER, name, one_line(str(fault) or name))


def classified_code(code: str, status: int, detail: str = "") -> AwsFailure:
    """What a service's error code and HTTP status mean."""
    # Apart from the code: "InvalidToken: " is no label of a secret.
    shown = f"{code}: {one_line(detail)}"[:_DETAIL_LENGTH] if detail else one_line(code)
    if code in CREDENTIAL_CODES:
        return AwsFailure(Fault.DENIED, code, shown, credentials=True)
    return AwsFailure(_fault(code, status), code, shown)


def one_line(text: str) -> str:
    """At most 300 characters without line breaks, with what looks like a secret left out."""
    flat = " ".join(text.split())
    return _SECRET.sub(lambda found: f"{found[1] or ''}***", flat)[:_DETAIL_LENGTH]


def _answered(fault: boto.ClientError) -> AwsFailure:
    response: Any = fault.response if isinstance(fault.response, dict) else {}
    error = response.get("Error") or {}
    code = str(error.get("Code") or "").partition(":")[0]  # some services write Code:URL
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0
    return classified_code(code or str(status), status, str(error.get("Message") or ""))


def _fault(code: str, status: int) -> Fault:
    for codes, fault in (
        (_DENIED, Fault.DENIED),
        (_THROTTLED, Fault.THROTTLED),
        (_NOT_FOUND, Fault.NOT_FOUND),
        (_DISABLED, Fault.REGION_DISABLED),
        (_UNANSWERED, Fault.NETWORK),
    ):
        if code in codes:
            return fault
    # A code that is not in the tables: the status still tells the class.
    if status >= 500:
        return Fault.NETWORK
    return {401: Fault.DENIED, 403: Fault.DENIED, 429: Fault.THROTTLED}.get(status, Fault.OTHER)
