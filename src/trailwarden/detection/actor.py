"""Who did it. Source of the rules: CloudTrail user guide, `userIdentity` element.

Keeps: a session is named after the role or user behind it; the name that its maker chose is given beside, not instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Final, NamedTuple

import orjson
from pydantic import Field

from trailwarden.detection.fields import PART, AccountId, Text, account, at, member_of, text, texts
from trailwarden.model import EventData


@dataclass(slots=True)  # not frozen: made for each alert, and that takes three times as long
class Issuer:
    """The role, or the user, that a session was made for."""

    __pydantic_config__ = PART

    type: Annotated[Text | None, Field(description="Role, IAMUser, Root.")] = None
    arn: Annotated[Text | None, Field(description="Of the role or user.")] = None
    account: Annotated[AccountId | None, Field(description="The account that it belongs to.")] = None
    name: Annotated[Text | None, Field(description="Of the role or user.")] = None


@dataclass(slots=True)  # not frozen: made for each alert, and that takes three times as long
class Actor:
    """The identity behind a call, as far as the event says."""

    __pydantic_config__ = PART

    type: Annotated[
        Text | None, Field(description="userIdentity.type; missing for some calls of services.")
    ] = None
    name: Annotated[
        Text | None, Field(description="The shortest name that a person knows: user, role, service, root.")
    ] = None
    arn: Annotated[Text | None, Field(description="Of the principal; of a role: of the session.")] = None
    account: Annotated[
        AccountId | None,
        Field(description="The account of the caller, which may not be the account changed."),
    ] = None
    principal_id: Annotated[
        Text | None, Field(description="Unique; stays with a name that is used again.")
    ] = None
    access_key_id: Annotated[Text | None, Field(description="An identifier, not a secret.")] = None
    mfa: Annotated[bool | None, Field(description="Whether the session was authenticated with MFA.")] = None
    session_name: Annotated[
        Text | None, Field(description="Chosen by whoever took on the role; often the person's name.")
    ] = None
    session_issuer: Annotated[Issuer | None, Field(description="What the session was made for.")] = None
    invoked_by: Annotated[
        Text | None, Field(description="The AWS service that made the call on somebody's behalf.")
    ] = None
    source_identity: Annotated[
        Text | None, Field(description="sourceIdentity: set at sign-in, stays through chained roles.")
    ] = None


class Known(NamedTuple):
    """An actor, as JSON, and in the words of `described`."""

    actor: Actor
    written: orjson.Fragment
    said: str


_KEPT: Final = 4096
"""Bytes of a `userIdentity` whose reading is kept."""


def known_actor(event: EventData) -> Known:
    """Read `userIdentity`, whatever is in it. event: `spelled`. Sessions make several calls in a row: each is read once."""
    identity = event.get("userIdentity")
    try:
        text = orjson.dumps(identity)
    except orjson.JSONEncodeError:  # lone surrogates, integers beyond 64 bits
        return _read(identity)
    return _read_text(text) if len(text) <= _KEPT else _read(identity)


@lru_cache(maxsize=256)
def _read_text(identity: bytes) -> Known:
    return _read(orjson.loads(identity))


def _read(identity: Any) -> Known:
    actor = actor_of(identity)
    return Known(actor, orjson.Fragment(orjson.dumps(actor)), described(actor))


_TEXTS: Final = ("type", "arn", "principalId", "accessKeyId", "invokedBy")


def actor_of(identity: Any) -> Actor:
    """From the value of `userIdentity`."""
    context = at(identity, "sessionContext")
    issuer = at(context, "sessionIssuer")
    kind, arn, principal, access_key, invoked_by = texts(map(member_of(identity), _TEXTS))
    path = _arn_path(arn)
    return Actor(
        type=kind,
        name=_name(identity, kind, path, invoked_by, principal),
        arn=arn,
        account=account(identity, "accountId"),
        principal_id=principal,
        access_key_id=access_key,
        mfa=_mfa(at(context, "attributes", "mfaAuthenticated")),
        session_name=_session_name(kind, path, principal),
        session_issuer=_issuer(issuer) if isinstance(issuer, dict) and issuer else None,
        invoked_by=invoked_by,
        source_identity=text(context, "sourceIdentity"),
    )


_WORDS: Final = {
    "AssumedRole": "role",
    "Role": "role",
    "IAMUser": "user",
    "IdentityCenterUser": "user",
    "SAMLUser": "user",
    "WebIdentityUser": "user",
    "FederatedUser": "federated user",
    "Directory": "directory user",
}


def described(actor: Actor) -> str:
    """`role deploy`, `user alice`, `root`, `service config.amazonaws.com`: the beginning of the summary."""
    if actor.type == "Root":
        return "root"
    if actor.type in ("AWSService", None) and actor.invoked_by:
        return f"service {actor.invoked_by}"
    if actor.type == "AWSAccount" and actor.account:
        return f"account {actor.account}"
    if actor.name:
        word = _WORDS.get(actor.type or "", "role" if ":assumed-role/" in (actor.arn or "") else "")
        return f"{word} {actor.name}".lstrip()
    return f"somebody of account {actor.account}" if actor.account else "somebody"


def _issuer(issuer: dict[str, Any]) -> Issuer:
    return Issuer(
        type=text(issuer, "type"),
        arn=text(issuer, "arn"),
        account=account(issuer, "accountId"),
        name=text(issuer, "userName"),
    )


def _name(
    identity: Any, kind: str | None, path: list[str], invoked_by: str | None, principal: str | None
) -> str | None:
    if kind == "Root":
        return "root"
    if kind == "AssumedRole" or path[:1] == ["assumed-role"]:
        role = text(identity, "sessionContext", "sessionIssuer", "userName")
        return role or (path[1] if len(path) > 1 else None) or principal
    return text(identity, "userName") or (path[-1] if path else None) or invoked_by or principal


def _session_name(kind: str | None, path: list[str], principal: str | None) -> str | None:
    """The last part of `…:assumed-role/<role>/<session>`; it also ends the principal id."""
    if len(path) > 2 and path[0] == "assumed-role":
        return path[-1]
    return (principal or "").partition(":")[2] or None if kind == "AssumedRole" else None


def _arn_path(arn: str | None) -> list[str]:
    """`["user", "net", "alice"]` of `arn:aws:iam::111122223333:user/net/alice`; empty where there is no such part."""
    parts = (arn or "").split(":", 5)
    return [name for name in parts[5].split("/") if name] if len(parts) == 6 else []


def _mfa(value: Any) -> bool | None:
    """CloudTrail writes it as the strings "true" and "false"."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None
