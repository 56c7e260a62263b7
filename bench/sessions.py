"""Who calls: the identity, the address and the user agent of a record, which come back within a file.

Keeps: the longest parts of a record are the ones that repeat, as in real files; that is what compresses them.

Next: `bench.events`, which puts a session into a record.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from bench.draw import NAMES, STAGES, Draw, uuid

_TERRAFORM: Final = (
    "APN/1.0 HashiCorp/1.0 Terraform/%s (+https://www.terraform.io) terraform-provider-aws/%s "
    "(+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go/%s"
)
_LONG: Final = (_TERRAFORM % ("1.6.6", "5.31.0", "1.49.12"), _TERRAFORM % ("1.5.7", "4.67.0", "1.44.261"))
_AGENTS: Final = {
    "service": ("AWS Internal", "rds.amazonaws.com", "cloudtrail.amazonaws.com", "autoscaling.amazonaws.com"),
    "short": (
        "Boto3/1.34.11 md/Botocore#1.34.11 ua/2.0 os/linux#6.1.0 lang/python#3.11.7",
        "aws-cli/2.15.4 Python/3.11.6 Linux/6.1.0-17-amd64 exe/x86_64.debian.12",
        "console.amazonaws.com",
    ),
    "long": _LONG,
    "role": _LONG,
}


@dataclass(frozen=True, slots=True)
class Session:
    """identity: JSON text of userIdentity; address: sourceIPAddress, a service's name where a service calls;
    agent: userAgent; tls: whether the record says how the connection was secured."""

    identity: str
    address: str
    agent: str
    tls: bool


class Sessions:
    """The callers of one file, by kind: service, short, long, role (of growing length)."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._known: dict[str, list[Session]] = {}
        self._calls = 0

    def pick(self, room: int) -> Session:
        """Somebody who fits into `room` bytes: the record's size without what the call itself takes."""
        draw = self._draw
        if room < 890:
            kind = "service"
        elif room < 1080:
            kind = "short"
        else:
            kind = "long" if room < 1400 or draw.rng.random() < 0.6 else "role"
        known = self._known.setdefault(kind, [])
        self._calls += 1
        if not known or draw.fresh(self._calls):
            known.append(_session(kind, draw))
            return known[-1]
        return draw.rng.choice(known)


def _session(kind: str, draw: Draw) -> Session:
    rng = draw.rng
    agent = rng.choice(_AGENTS[kind])
    if kind == "service":
        return Session(f'{{"type":"AWSService","invokedBy":"{agent}"}}', agent, agent, tls=False)
    if kind == "long" and rng.random() < 0.4:
        agent += f" {uuid(rng)}"
    identity = _role(draw) if kind == "role" else _user(draw, rng)
    return Session(identity, f"203.0.113.{rng.randrange(1, 255)}", agent, tls=True)


def _user(draw: Draw, rng: Random) -> str:
    account, key_id, name = draw.account, draw["key_id"], f"{rng.choice(NAMES)}-{rng.choice(STAGES)}"
    return (
        f'{{"type":"IAMUser","principalId":"AIDA{key_id}","arn":"arn:aws:iam::{account}:user/{name}",'
        f'"accountId":"{account}","accessKeyId":"AKIA{key_id}","userName":"{name}"}}'
    )


def _role(draw: Draw) -> str:
    account, key_id, name, role = draw.account, draw["key_id"], draw["session"], draw["role"]
    issuer = (
        f'{{"type":"Role","principalId":"AROA{key_id}","arn":"arn:aws:iam::{account}:role/{role}",'
        f'"accountId":"{account}","userName":"{role}"}}'
    )
    return (
        f'{{"type":"AssumedRole","principalId":"AROA{key_id}:{name}",'
        f'"arn":"arn:aws:sts::{account}:assumed-role/{role}/{name}","accountId":"{account}",'
        f'"accessKeyId":"ASIA{key_id}","sessionContext":{{"sessionIssuer":{issuer},"webIdFederationData":{{}},'
        '"attributes":{"creationDate":"2026-03-04T05:06:07Z","mfaAuthenticated":"false"}}}'
    )
