"""The fifteen controls: numbers, names, and the pattern that each is judged by.

Keeps: what a control is stands in the pack `cis-monitoring` alone.

Next: `samples`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from trailwarden.detection import Rule, load_pack
from trailwarden.errors import ConfigError
from trailwarden.patterns import Predicate, compile_predicate, parse

PACK: Final = "cis-monitoring"
_VARIANTS: Final = {
    "console-without-mfa": parse(
        '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") '
        '&& ($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }'
    )
}
"""What the benchmark allows in a control's place, where single sign-on would make too much noise."""
_REFERENCE: Final = re.compile(r"([0-9. andto]+): ([0-9]+\.[0-9]+)")


@dataclass(frozen=True, slots=True, eq=False)
class Control:
    """One control of the benchmark.

    key: the rule's id without the pack's name; numbers: versions -> number, the oldest first; security_hub: "" where it has none.
    """

    key: str
    title: str
    numbers: Mapping[str, str]
    security_hub: str
    rule: Rule

    @property
    def number(self) -> str:
        """In the newest version."""
        return list(self.numbers.values())[-1]

    @property
    def name(self) -> str:
        """`4.14 / 5.14 vpc-changes`: for a line of text."""
        recent = [number for number in self.numbers.values() if not number.startswith("3.")]
        return f"{' / '.join(recent)} {self.key}"

    def demands(self, event: dict[str, Any]) -> bool:
        """Whether every form of the control that the benchmark allows selects the event."""
        return all(selects(event) for selects in _predicates(self))


@cache
def _predicates(control: Control) -> tuple[Predicate, ...]:
    variant = _VARIANTS.get(control.key)
    return tuple(map(compile_predicate, (control.rule.parsed, *((variant,) if variant is not None else ()))))


@cache
def every_control() -> tuple[Control, ...]:
    """In the benchmark's order."""
    return tuple(_control(rule) for rule in load_pack(PACK))


def chosen(names: Sequence[str]) -> tuple[Control, ...]:
    """The controls that are named: `all`, a number of any version, a Security Hub id, or a key. Raises ConfigError."""
    found = {control.key: control for name in names for control in _named(name)}
    return tuple(control for control in every_control() if control.key in found)


def _named(name: str) -> Sequence[Control]:
    wanted = name.strip()
    if wanted == "all":
        return every_control()
    found = [
        control
        for control in every_control()
        if wanted in control.numbers.values()
        or wanted in (control.security_hub, control.key, control.rule.id)
    ]
    if not found:
        raise ConfigError(
            f"--control {name}: there is no such control; write 4.1 to 4.15, 5.1 to 5.15 (from version 6.0 on), "
            "CloudWatch.1 to CloudWatch.14 or all"
        )
    return found


def _control(rule: Rule) -> Control:
    found = [_REFERENCE.fullmatch(text) for text in rule.references.cis]
    numbers = {str(one[1]): str(one[2]) for one in found if one is not None}
    hub = rule.references.security_hub
    return Control(rule.id.removeprefix(f"{PACK}-"), rule.title, numbers, hub[0] if hub else "", rule)
