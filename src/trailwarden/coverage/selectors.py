"""Do the event selectors of a trail capture all management events?

Two answers. The *effective* one looks at six cells, readOnly {true, false} x source {KMS, RDS Data, every other}, and
unites them over the selectors, which CloudTrail joins by OR. The *literal* one is the step of the CIS AWS Foundations
Benchmark: one selector alone that takes management events and both reads and writes.

Keeps: what is not understood takes nothing. An unknown field, operator or value is a restriction (AWS adds them), so that
a doubt can cost a `verified` and never make one.

Rules: CloudTrail API reference, EventSelector and AdvancedFieldSelector.

Next: `conditions`, where the cells become a finding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Final, NamedTuple

from trailwarden.coverage.facts import Selectors

KMS: Final = "kms.amazonaws.com"
RDS_DATA: Final = "rdsdata.amazonaws.com"
OTHER: Final = "other"
_SOURCES: Final = frozenset({KMS, RDS_DATA, OTHER})
_EXCLUDABLE: Final = frozenset({KMS, RDS_DATA})


class Cell(NamedTuple):
    """A class of management events that selectors can take or leave."""

    read_only: bool
    source: str

    def __str__(self) -> str:
        return f"{'read' if self.read_only else 'write'}/{self.source}"


Cells = frozenset[Cell]
ALL: Final[Cells] = frozenset(Cell(*pair) for pair in product((True, False), sorted(_SOURCES)))
NONE: Final[Cells] = frozenset()
VPC: Final = Cell(read_only=False, source=OTHER)
"""Every change of a VPC is a write to EC2."""

_BASIC_READS: Final = {"All": (True, False), "ReadOnly": (True,), "WriteOnly": (False,)}
_READ_VALUES: Final = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Capture:
    """cells: what is surely captured. literal: the CIS step to the letter. doubts: what was not understood, a line each."""

    cells: Cells
    literal: bool
    doubts: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """All management events, by the union."""
        return self.cells == ALL

    @property
    def vpc(self) -> bool:
        """At least the events that a change of a VPC makes."""
        return VPC in self.cells

    @property
    def missing(self) -> tuple[str, ...]:
        """The cells that are not captured, in words."""
        return tuple(str(cell) for cell in sorted(ALL - self.cells))


def capture(selectors: Selectors) -> Capture:
    """What a trail with these selectors captures of the management events. Never raises, whatever the answer held."""
    if not selectors.basic and not selectors.advanced:
        return Capture(ALL, literal=True)
    doubts: list[str] = []
    cells, literal = NONE, False
    for basic in selectors.basic:
        taken = _basic(basic, doubts)
        cells |= taken
        # To the letter the step asks for IncludeManagementEvents and ReadWriteType All; it does not ask for exclusions.
        literal = literal or (bool(taken) and basic.get("ReadWriteType", "All") == "All")
    for advanced in selectors.advanced:
        taken = _advanced(advanced, doubts)
        cells |= taken
        # For advanced selectors: category Management and no selector for readOnly.
        literal = literal or {cell.read_only for cell in taken} == {True, False}
    return Capture(cells, literal, tuple(dict.fromkeys(doubts)))


def _basic(selector: Mapping[str, Any], doubts: list[str]) -> Cells:
    if selector.get("IncludeManagementEvents", True) is not True:
        return NONE
    kind = selector.get("ReadWriteType", "All")
    reads = _BASIC_READS.get(kind) if isinstance(kind, str) else None
    excluded = selector.get("ExcludeManagementEventSources") or []
    if reads is None:
        doubts.append(f"ReadWriteType {kind!r:.60} is not known")
        return NONE
    if not _words(excluded) or not _EXCLUDABLE.issuperset(excluded):
        doubts.append(f"ExcludeManagementEventSources {excluded!r:.80} is not known")
        return NONE
    return _cells(reads, _SOURCES.difference(excluded))


def _advanced(selector: Mapping[str, Any], doubts: list[str]) -> Cells:
    fields = selector.get("FieldSelectors")
    if not isinstance(fields, list) or not all(isinstance(one, Mapping) for one in fields):
        doubts.append("an advanced selector without field selectors")
        return NONE
    reads, sources, management = {True, False}, set(_SOURCES), False
    for one in fields:
        name = one.get("Field")
        operators = {key: value for key, value in one.items() if key != "Field" and value}
        if name == "eventCategory":
            if operators != {"Equals": ["Management"]}:
                return NONE  # data, network activity: of no concern here, and no doubt either
            management = True
        elif name == "readOnly" and _only(operators, "Equals", frozenset(_READ_VALUES)):
            reads &= {_READ_VALUES[value] for value in operators["Equals"]}
        elif name == "eventSource" and _only(operators, "NotEquals", _EXCLUDABLE):
            sources.difference_update(operators["NotEquals"])
        else:
            doubts.append(
                f"the field selector {name!r:.60} ({', '.join(sorted(map(str, operators)))[:60]}) restricts"
            )
            return NONE
    return _cells(tuple(reads), frozenset(sources)) if management else NONE


def _only(operators: Mapping[str, Any], operator: str, values: frozenset[str]) -> bool:
    """That operator alone, with values that are known."""
    given = operators.get(operator)
    return len(operators) == 1 and _words(given) and values.issuperset(given or ())


def _words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _cells(reads: tuple[bool, ...], sources: frozenset[str]) -> Cells:
    return frozenset(Cell(*pair) for pair in product(reads, sources))
