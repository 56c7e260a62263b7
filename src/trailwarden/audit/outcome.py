"""What the audit says: a result for each link of a chain, for each chain, for each control and account. Plain values.

Keeps: nothing passes by default; what could not be asked is `unknown` and names the call.

Next: `chain` and `siem`, which make these; `report`, which shows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from trailwarden.audit.controls import Control
from trailwarden.coverage.facts import Failure, Fault


class Result(StrEnum):
    """Of a link, a chain, a control."""

    PASS = "pass"  # noqa: S105 - no password
    UNKNOWN = "unknown"
    FAIL = "fail"

    @property
    def rank(self) -> int:
        """0 (pass) to 2 (fail)."""
        return list(Result).index(self)


def worst(results: Iterable[Result]) -> Result:
    """The worst of them; of none, unknown."""
    return max(results, key=lambda one: one.rank, default=Result.UNKNOWN)


def best(results: Iterable[Result]) -> Result:
    """The best of them; of none, unknown."""
    return min(results, key=lambda one: one.rank, default=Result.UNKNOWN)


Evidence = Mapping[str, str | bool | int | float | list[str]]


@dataclass(frozen=True, slots=True)
class Link:
    """One link of a chain.

    name: `trail`, `log_group`, ...; result: None behind the first that breaks; subject: ARN or name of what it is about, "" for
    nothing; sentence: what was found; remedy: what to do; denied: the permission that is missing, where it is that.
    """

    name: str
    result: Result | None
    subject: str
    sentence: str
    remedy: str = ""
    evidence: Evidence = field(default_factory=dict)
    denied: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """One way from the event to a person. path: `cloudwatch` or `siem`; links: in order; at least one."""

    path: str
    links: Sequence[Link]

    @property
    def result(self) -> Result:
        """The worst link's, of those that were reached: one that is known to be broken outweighs one that is not known.

        A chain that was not followed to its end does not pass.
        """
        reached = [link.result for link in self.links if link.result is not None]
        return worst(reached if len(reached) == len(self.links) else [*reached, Result.UNKNOWN])

    @property
    def broken(self) -> Link | None:
        """The first link that decides against it; None where it holds."""
        result = self.result
        if result is Result.PASS:
            return None
        return next((link for link in self.links if link.result in (result, None)), None)


@dataclass(frozen=True, slots=True)
class ControlOutcome:
    """One control of one account: it is met where one of the chains holds."""

    account: str
    control: Control
    chains: Sequence[Chain]

    @property
    def result(self) -> Result:
        """The best chain's."""
        return best(chain.result for chain in self.chains)

    @property
    def decisive(self) -> Chain:
        """The chain that decides."""
        return min(self.chains, key=lambda chain: chain.result.rank)


def allowing(call: str, fault: str) -> str:
    """What to do where a call was refused: by a missing permission, or because another account owns what it asks about."""
    if fault == Fault.FOREIGN:
        return f"audit the account that owns it, too, with a role there that may call {call}"
    return f"allow {call} to the identity that asks"


def unanswered(name: str, subject: str, failure: Failure, gone: str) -> Link:
    """The link that a call without an answer leaves: unknown, unless AWS said that there is no such thing.

    gone: what it means that there is none.
    """
    evidence: dict[str, str | bool | int | float | list[str]] = {
        "call": failure.call,
        "fault": str(failure.fault),
        "at": failure.at.isoformat(),
    }
    if failure.fault is Fault.NOT_FOUND:
        return Link(name, Result.FAIL, subject, f"{gone}: {failure.detail}", evidence=evidence)
    said = f": {failure.detail}" if failure.detail else ""
    denied = failure.call if failure.fault in (Fault.DENIED, Fault.FOREIGN) else ""
    remedy = allowing(failure.call, failure.fault) if denied else "audit again"
    return Link(
        name,
        Result.UNKNOWN,
        subject,
        f"{failure.call} gave no answer ({failure.fault}){said}",
        remedy,
        evidence,
        denied,
    )
