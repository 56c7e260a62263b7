"""Who did it. Source of the rules: CloudTrail `userIdentity` element."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from trailwarden.detection.fields import account, at, text
from trailwarden.model import EventData


class Issuer(BaseModel):
    """The role, or the user, that a session was made for."""

    model_config = ConfigDict(frozen=True)

    type: str | None = Field(default=None, description="Role, IAMUser, ...")
    arn: str | None = None
    account: str | None = Field(default=None, description="The account that it belongs to.")
    name: str | None = None


class Actor(BaseModel):
    """The identity behind a call, as far as the event says."""

    model_config = ConfigDict(frozen=True)

    type: str | None = Field(
        default=None, description="userIdentity.type; absent for some calls of services."
    )
    name: str | None = Field(
        default=None, description="The shortest name that a person knows: user, role, service, root."
    )
    arn: str | None = None
    account: str | None = Field(
        default=None, description="The account of the caller, which may not be the account changed."
    )
    principal_id: str | None = None
    access_key_id: str | None = Field(default=None, description="An identifier, not a secret.")
    mfa: bool | None = Field(default=None, description="Whether the session was authenticated with MFA.")
    session_name: str | None = None
    session_issuer: Issuer | None = None
    invoked_by: str | None = Field(
        default=None, description="The AWS service that made the call on somebody's behalf."
    )
    source_identity: str | None = None


def actor_of(event: EventData) -> Actor:
    """Read `userIdentity`, whatever is in it."""
    identity = at(event, "userIdentity")
    context = at(identity, "sessionContext")
    issuer = at(context, "sessionIssuer")
    arn = text(identity, "arn")
    return Actor(
        type=text(identity, "type"),
        name=_name(identity),
        arn=arn,
        account=account(identity, "accountId"),
        principal_id=text(identity, "principalId"),
        access_key_id=text(identity, "accessKeyId"),
        mfa=_mfa(at(context, "attributes", "mfaAuthenticated")),
        session_name=_session_name(arn),
        session_issuer=_issuer(issuer) if isinstance(issuer, dict) and issuer else None,
        invoked_by=text(identity, "invokedBy"),
        source_identity=text(context, "sourceIdentity"),
    )


def described(actor: Actor) -> str:
    """`role deploy`, `user alice`, `root`, `service config.amazonaws.com`: the beginning of the summary."""
    role = actor.session_issuer is not None or ":assumed-role/" in (actor.arn or "")
    if actor.type == "Root":
        return "root"
    if role and actor.name:
        return f"role {actor.name}"
    if actor.type in ("AWSService", None) and actor.invoked_by:
        return f"service {actor.invoked_by}"
    if actor.name:
        return (
            f"user {actor.name}"
            if actor.type in ("IAMUser", "FederatedUser", "IdentityCenterUser")
            else actor.name
        )
    if actor.account:
        return f"account {actor.account}"
    return "somebody"


def _issuer(issuer: object) -> Issuer:
    return Issuer(
        type=text(issuer, "type"),
        arn=text(issuer, "arn"),
        account=account(issuer, "accountId"),
        name=text(issuer, "userName"),
    )


def _name(identity: object) -> str | None:
    if text(identity, "type") == "Root":
        return "root"
    arn = text(identity, "arn") or ""
    tail = arn.split(":", 5)[-1].split("/") if arn.count(":") >= 5 else []
    role = tail[1] if len(tail) > 1 and tail[0] == "assumed-role" else None
    return (
        text(identity, "sessionContext", "sessionIssuer", "userName")
        or role
        or text(identity, "userName")
        or (tail[-1] if tail and tail[-1] else None)
        or text(identity, "invokedBy")
        or text(identity, "principalId")
    )


def _session_name(arn: str | None) -> str | None:
    parts = (arn or "").split(":assumed-role/", 1)
    path = parts[1].split("/") if len(parts) == 2 else []
    return path[-1] if len(path) > 1 else None


def _mfa(value: object) -> bool | None:
    """CloudTrail writes it as the strings "true" and "false"."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None
