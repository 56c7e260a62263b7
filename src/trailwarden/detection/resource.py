"""One thing that a call was about, as the alert's document has it.

Next: `trailwarden.detection.resources`, which finds them in an event.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field

from trailwarden.detection.fields import PART, AccountId, Text, at, member_of, text

MAX_LIST: Final = 32
"""CIDR blocks, and attributes, of one resource."""
_SAFE_INTEGER: Final = 2**53 - 1
"""Beyond it JSON readers differ (RFC 7493)."""

Value = Text | bool | int


class Role(StrEnum):
    """What part a resource has in the call."""

    SUBJECT = "subject"
    REQUESTER = "requester"
    ACCEPTER = "accepter"
    RELATED = "related"
    MENTIONED = "mentioned"


@dataclass(slots=True, kw_only=True)  # not frozen: made for each alert, and that takes three times as long
class Resource:
    """One thing that a call was about."""

    __pydantic_config__ = PART

    type: Annotated[
        Text, Field(description="As EC2 names it in tags: vpc, vpc-peering-connection, instance, subnet, ...")
    ]
    id: Annotated[Text | None, Field(description="Null when the call failed before there was one.")] = None
    role: Annotated[
        Role,
        Field(
            description="subject: what the call changes; requester, accepter: the sides of a peering; related: named along "
            "with the subject; mentioned: found in the event, its part is not known."
        ),
    ]
    account: Annotated[AccountId | None, Field(description="The account that owns it.")] = None
    region: Annotated[Text | None, Field(description="The Region that it is in.")] = None
    cidr_blocks: Annotated[
        tuple[Text, ...],
        Field(max_length=MAX_LIST, description="IPv4 and IPv6 address ranges, the primary one first."),
    ] = ()
    name: Annotated[Text | None, Field(description="The tag `Name`.")] = None
    attributes: Annotated[
        Mapping[str, Value],
        Field(max_length=MAX_LIST, description="What the call set: attribute and new value."),
    ] = field(default_factory=dict)


def attributes_at(parameters: Any, names: Iterable[str]) -> dict[str, Value]:
    """The values of some parameters, by dotted name: scalars, and `{"value": scalar}`."""
    found: dict[str, Value] = {}
    member = member_of(parameters)
    for name in names:
        value = at(parameters, *name.split(".")) if "." in name else member(name)
        if value is None:
            continue
        value = at(value, "value") if isinstance(value, dict) else value
        taken = _value(value)
        if taken is not None:
            found[name] = taken
    return found


def _value(value: Any) -> Value | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) <= _SAFE_INTEGER:
        return value
    return text(value)
