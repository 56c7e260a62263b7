"""The events of a control in every shape that CloudTrail gives them. Pure.

A shape is an outcome (done, failed, denied, dry run), a caller (user, role, root, service) and how much the record says (every
field, or only those that no record lacks). A sample is an event of the control in one shape; whoever monitors the control
must select them all.

Keeps: the control's own pattern selects every sample; no two samples of a control are the same event.

Rules: CloudTrail User Guide, "CloudTrail record contents" and "CloudTrail userIdentity element".

Next: `exclusions` for the samples that a pattern itself suggests; `judgement`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any, Final

from trailwarden.audit.controls import Control
from trailwarden.patterns import evaluate

EXAMPLE_ACCOUNT: Final = "123456789012"
SIGN_IN: Final = "signin.amazonaws.com"
EC2: Final = "ec2.amazonaws.com"
_GLOBAL: Final = frozenset({"iam.amazonaws.com", "organizations.amazonaws.com", SIGN_IN})
"""Their events are events of us-east-1, wherever somebody sits."""

_OTHER: Final = "AnyOtherCall"
_READS: Final = ("Describe", "Get", "List", "Decrypt")

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """outcome: done, failed, denied or dry run; caller: user, role, root or service; full: with every field."""

    outcome: str
    caller: str
    full: bool

    def __str__(self) -> str:
        who = self.caller if self.caller == "root" else f"a {self.caller}"
        return f"{self.outcome}, by {who}, {'every field' if self.full else 'few fields'}"


@dataclass(frozen=True, slots=True)
class Sample:
    """One event. name: its eventName; note: what is special about it, "" for an ordinary one."""

    name: str
    shape: Shape
    event: Event
    note: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.note or self.shape})"


def is_global(event: Event) -> bool:
    """Whether its service has one Region for all."""
    return event["eventSource"] in _GLOBAL


@lru_cache(maxsize=256)
def samples(control: Control, account: str = EXAMPLE_ACCOUNT) -> tuple[Sample, ...]:
    """All of a control, as they are recorded in that account."""
    found: dict[str, Sample] = {}
    for example in _plain(control):
        for shape in _shapes(example):
            event = _shaped(example, shape, account)
            if event is not None and control.demands(event):
                found.setdefault(repr(event), Sample(str(event["eventName"]), shape, event))
    return tuple(found.values())


def is_open_in_names(control: Control) -> bool:
    """Whether it is about calls of whatever name."""
    return any(sample.name == _OTHER for sample in samples(control))


def _plain(control: Control) -> list[Mapping[str, Any]]:
    """The pack's examples of what is to be seen; failed calls only where there is no other example of the name."""
    examples = control.rule.must_match
    done = {_call(example) for example in examples if "errorCode" not in example}
    plain = [example for example in examples if "errorCode" not in example or _call(example) not in done]
    # Where the name does not matter, the names of the examples must not be all that is asked for.
    others = [{**example, "eventName": _OTHER} for example in plain]
    return [*plain, *(example for example in others if evaluate(control.rule.parsed, example))]


def _call(example: Mapping[str, Any]) -> tuple[Any, Any]:
    return example["eventSource"], example["eventName"]


def _shapes(example: Mapping[str, Any]) -> Iterator[Shape]:
    outcomes = ["done", "failed", "denied"]
    callers = ["user", "role", "root", "service"]
    if example["eventSource"] == SIGN_IN:
        outcomes, callers = ["done", "failed"], ["user", "role", "root"]
    if example["eventSource"] == EC2:
        outcomes.append("dry run")
    for outcome, caller, full in product(outcomes, callers, (True, False)):
        yield Shape(outcome, caller, full)


def _shaped(example: Mapping[str, Any], shape: Shape, account: str) -> Event | None:
    """The example in that shape; None where the example itself says otherwise."""
    event = _record(str(example["eventSource"]), str(example["eventName"]), shape, account)
    for key, value in example.items():
        if key == "userIdentity":
            if event[key].get("type") != value.get("type"):
                return None
            event[key] |= value
        elif key == "additionalEventData":
            event[key] = {**(event.get(key) or {}), **value}
        elif key in ("errorCode", "errorMessage", "responseElements"):
            if not _agrees(key, value, event, shape):
                return None
            event[key] = value
        else:
            event[key] = value
    return event


def _agrees(key: str, value: Any, event: Event, shape: Shape) -> bool:
    if key == "errorCode":
        return shape.outcome == "denied"
    if key == "errorMessage":
        return shape.outcome != "done"
    return bool(value == event.get(key))


def _record(source: str, name: str, shape: Shape, account: str) -> Event:
    signing_in = source == SIGN_IN
    event: Event = {
        "eventVersion": "1.11" if shape.full else "1.08",
        "userIdentity": _IDENTITIES[shape.caller](account, shape.full),
        "eventTime": "2026-01-01T00:00:00Z",
        "eventSource": source,
        "eventName": name,
        "awsRegion": _region(source, shape),
        "sourceIPAddress": _ADDRESSES[shape.caller] if shape.full or signing_in else "AWS Internal",
        "requestParameters": None,
        "responseElements": None,
        "eventID": "00000000-0000-4000-8000-000000000000",
        "readOnly": name.startswith(_READS),
        "eventType": "AwsConsoleSignIn" if signing_in else "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": account,
        "eventCategory": "Management",
    }
    _tell_outcome(event, shape, signing_in)
    if shape.full:
        event |= _FURTHER
        if not signing_in:
            event |= {
                "requestParameters": {"name": "a", "tags": [{"key": "k", "value": "v"}]},
                "requestID": _ID,
            }
            if shape.outcome == "done":
                event["responseElements"] = {"requestId": _ID, "_return": True}
    return event


def _region(source: str, shape: Shape) -> str:
    if source in _GLOBAL:
        return "us-east-1"
    return "eu-west-1" if shape.full else "ap-southeast-2"


def _tell_outcome(event: Event, shape: Shape, signing_in: bool) -> None:
    if signing_in:
        event["additionalEventData"] = {"LoginTo": "https://console.aws.amazon.com/", "MobileVersion": "No"}
        event["responseElements"] = {"ConsoleLogin": "Success" if shape.outcome == "done" else "Failure"}
        if shape.outcome != "done":
            event["errorMessage"] = "Failed authentication"
    elif shape.outcome != "done":
        ours = event["eventSource"] == EC2
        event["errorCode"] = _CODES[shape.outcome][0 if ours else 1]
        event["errorMessage"] = f"It was not done: {shape.outcome}."


_ID: Final = "00000000-0000-4000-8000-000000000001"
_CODES: Final = {
    "failed": ("Client.InvalidParameterValue", "ValidationException"),
    "denied": ("Client.UnauthorizedOperation", "AccessDenied"),
    "dry run": ("Client.DryRunOperation", ""),
}
"""At EC2, and at other services."""
_ADDRESSES: Final = {
    "user": "192.0.2.10",
    "role": "2001:db8::10",
    "root": "198.51.100.7",
    "service": "cloudformation.amazonaws.com",
}
_FURTHER: Final[Mapping[str, Any]] = {
    "userAgent": "aws-cli/2.17.0",
    "sessionCredentialFromConsole": "true",
    "tlsDetails": {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256"},
    "vpcEndpointId": "vpce-00000000000000000",
}


def _user(account: str, full: bool) -> Event:
    identity = {
        "type": "IAMUser",
        "principalId": "AIDAEXAMPLE",
        "arn": f"arn:aws:iam::{account}:user/somebody",
        "accountId": account,
        "userName": "somebody",
    }
    return identity | (_session(full) if full else {})


def _role(account: str, full: bool) -> Event:
    issuer = {
        "type": "Role",
        "principalId": "AROAEXAMPLE",
        "arn": f"arn:aws:iam::{account}:role/deploy",
        "accountId": account,
        "userName": "deploy",
    }
    return {
        "type": "AssumedRole",
        "principalId": "AROAEXAMPLE:session",
        "arn": f"arn:aws:sts::{account}:assumed-role/deploy/session",
        "accountId": account,
        "sessionContext": {"sessionIssuer": issuer, **_session(full).get("sessionContext", {})},
    }


def _root(account: str, full: bool) -> Event:
    identity = {
        "type": "Root",
        "principalId": account,
        "arn": f"arn:aws:iam::{account}:root",
        "accountId": account,
    }
    return identity | (_session(full) if full else {})


def _service(account: str, full: bool) -> Event:
    if full:
        return {"type": "AWSService", "invokedBy": "cloudformation.amazonaws.com"}
    return {"accountId": account, "invokedBy": "cloudformation.amazonaws.com"}


def _session(full: bool) -> Event:
    if not full:
        return {}
    return {
        "accessKeyId": "",
        "sessionContext": {
            "attributes": {"creationDate": "2026-01-01T00:00:00Z", "mfaAuthenticated": "false"},
        },
    }


_IDENTITIES: Final = {"user": _user, "role": _role, "root": _root, "service": _service}
