"""Which composite alarms go to ALARM with the metric alarms that do. Pure.

Every alarm that the event does not touch is taken to be quiet: OK, or without data where it has none between events.

Keeps: a rule that is not understood is unknown; alarms that wait for each other end.

Rule: CloudWatch User Guide, "Creating a composite alarm", rule expressions. Next: `chain`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from trailwarden.audit.lists import Composite
from trailwarden.audit.outcome import Result

_TOKEN: Final = re.compile(r'\s*(?:([()])|(?:"((?:[^"\\]|\\.)*)")|([^\s()",]+)|(,))')
_STATES: Final = ("ALARM", "OK", "INSUFFICIENT_DATA")
_MAX_LENGTH: Final = 10_240

States = Mapping[str, str]
"""ARN or name of an alarm -> its state."""


class UnknownRuleError(ValueError):
    """The rule is not understood."""


def named(rule: str) -> list[str]:
    """The alarms that a rule speaks of, by name or ARN; where it is not understood, every word of it."""
    found: list[str] = []
    try:
        _Rule(rule, lambda name: found.append(name) or "OK").read()  # type: ignore[func-returns-value]
    except UnknownRuleError:
        return [quoted or word for _, quoted, word, _ in _TOKEN.findall(rule[:_MAX_LENGTH]) if quoted or word]
    return found


def states(composites: Sequence[Composite], known: States) -> tuple[dict[str, str], dict[str, str]]:
    """The states of the composites, by ARN and by name, and why some are unknown, by ARN. known: of metric alarms."""
    by_name = {key: one for one in composites for key in (one.arn, one.name)}
    found: dict[str, str] = dict(known)
    doubts: dict[str, str] = {}
    entered: set[str] = set()

    def state(name: str) -> str:
        if name in found or name not in by_name:
            return found.get(name, "OK")
        one = by_name[name]
        if one.arn in entered:
            return "OK"  # they wait for each other; AWS leaves them as they are
        entered.add(one.arn)
        try:
            said = "ALARM" if _Rule(one.rule, state).read() else "OK"
        except UnknownRuleError as fault:
            said = "OK"
            doubts[one.arn] = f"its rule is not followed: {fault}"
        found[one.arn] = found[one.name] = said
        return said

    for one in composites:
        state(one.arn)
    return found, doubts


def judged(one: Composite, during: States, quiet: States, doubts: Mapping[str, str]) -> tuple[Result, str]:
    """Whether it goes to ALARM, from the states with the event and without it."""
    if one.arn in doubts:
        return Result.UNKNOWN, doubts[one.arn]
    if quiet.get(one.arn) == "ALARM":
        return Result.FAIL, "it is in ALARM without any event, so that one more changes nothing"
    if during.get(one.arn) == "ALARM":
        held = f"; {one.suppressor} can hold its actions back" if one.suppressor else ""
        return Result.PASS, f"one event puts it into ALARM{held}"
    return Result.FAIL, "its rule does not hold when one event puts the others into ALARM"


class _Rule:
    """Recursive descent; evaluates as it reads."""

    def __init__(self, rule: str, state: Callable[[str], str]) -> None:
        if len(rule) > _MAX_LENGTH:
            raise UnknownRuleError(f"longer than {_MAX_LENGTH} characters")
        self._tokens = _tokens(rule)
        self._state = state
        self._at = 0
        self._depth = 0

    def read(self) -> bool:
        found = self._either()
        if self._at < len(self._tokens):
            raise UnknownRuleError(f"{self._tokens[self._at]!r} was not expected")
        return found

    def _word(self) -> str:
        return self._tokens[self._at].upper() if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        if self._at >= len(self._tokens):
            raise UnknownRuleError("it ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _either(self) -> bool:
        found = self._both()
        while self._word() == "OR":
            self._take()
            found = self._both() or found  # both sides are read
        return found

    def _both(self) -> bool:
        found = self._one()
        while self._word() == "AND":
            self._take()
            found = self._one() and found
        return found

    def _one(self) -> bool:
        self._depth += 1
        if self._depth > 100:
            raise UnknownRuleError("it is nested too deeply")
        try:
            return self._term()
        finally:
            self._depth -= 1

    def _term(self) -> bool:
        token = self._take()
        word = token.upper()
        if word == "NOT":
            return not self._one()
        if token == "(":  # noqa: S105 - no password
            found = self._either()
            self._close()
            return found
        if word in ("TRUE", "FALSE"):
            return word == "TRUE"
        if word in _STATES and self._word() == "(":
            self._take()
            name = self._take()
            self._close()
            return self._state(name) == word
        raise UnknownRuleError(f"{token!r} is not understood")

    def _close(self) -> None:
        if self._take() != ")":
            raise UnknownRuleError("a bracket is not closed")


def _tokens(rule: str) -> list[str]:
    tokens: list[str] = []
    at = 0
    while rule[at:].strip():
        found = _TOKEN.match(rule, at)
        if found is None:
            raise UnknownRuleError(f"{rule[at : at + 20]!r} is not understood")
        bracket, quoted, word, comma = found.groups()
        tokens.append(bracket or word or comma or quoted.replace('\\"', '"'))
        at = found.end()
    return tokens
