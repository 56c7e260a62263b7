"""Lets the owner of an organization's trail speak for members, which may list it and not look into it. Pure.

Keeps: only an answer that the trail's owner gave about the same trail (and the same Region) is taken, and
only in the place of a `FOREIGN` failure. What a member was told itself stands, and every other failure
stays; so nothing becomes worse or surer than what AWS said of that very trail.

Next: `verdict`, which judges the facts of each account.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from trailwarden.coverage.facts import AccountFacts, Failure, Fault

Key = TypeVar("Key")
Answer = TypeVar("Answer")


def borrowed(facts: Sequence[AccountFacts]) -> list[AccountFacts]:
    """The facts of the same accounts in the same order, with what the owners of their trails can add.

    Invariant: an answer is replaced if and only if it is a `Failure` with `Fault.FOREIGN` and the account in
    the trail's ARN is among the facts with an answer that is no `Failure`, for the same ARN (selectors) or
    the same ARN and Region (statuses).
    """
    by_account = {one.account: one for one in facts}
    return [_with_owners(one, by_account) for one in facts]


def _with_owners(member: AccountFacts, by_account: Mapping[str, AccountFacts]) -> AccountFacts:
    if isinstance(member.trails, Failure):
        return member
    statuses, selectors = dict(member.statuses), dict(member.selectors)
    for trail in member.trails:
        owner = by_account.get(trail.owner)
        if owner is None or owner is member:
            continue
        for arn, region in member.statuses:
            if arn == trail.arn:
                _take(statuses, owner.statuses, (arn, region))
        _take(selectors, owner.selectors, trail.arn)
    return replace(member, statuses=statuses, selectors=selectors)


def _take(own: dict[Key, Answer | Failure], owners: Mapping[Key, Answer | Failure], key: Key) -> None:
    mine, theirs = own.get(key), owners.get(key)
    if not isinstance(mine, Failure) or mine.fault is not Fault.FOREIGN:
        return
    if theirs is not None and not isinstance(theirs, Failure):
        own[key] = theirs
