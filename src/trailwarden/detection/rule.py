"""A rule that was checked: a pattern with a name, a severity, references, and examples that every load checks.

Keeps: a rule whose own examples disagree with its pattern is never made, by the reference evaluator and by the compiled
predicate alike.

Next: `trailwarden.detection.loading` for where rules come from, `matcher` for what becomes of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from trailwarden.errors import PatternError, RuleError
from trailwarden.model import Severity
from trailwarden.patterns import OWN_RULES, Pattern, compile_predicate, evaluate, parse

if TYPE_CHECKING:
    from trailwarden.detection.references import References

_EXCERPT: Final = 30
"""Characters of a pattern that an error shows on either side of the mistake."""

Cited = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """pattern: its text as written; parsed: its tree; cited: the members of `references`; the rest as in `RuleText`."""

    id: str
    title: str
    severity: Severity
    pattern: str
    parsed: Pattern
    pack: str
    description: str = ""
    cited: Cited = ()
    must_match: Sequence[dict[str, Any]] = field(default=(), repr=False, compare=False)
    must_not_match: Sequence[dict[str, Any]] = field(default=(), repr=False, compare=False)

    @property
    def references(self) -> References:
        """Where the rule comes from."""
        return references(self.cited)


@cache
def references(cited: Cited) -> References:
    # Only alerts and `rules show` ask for it; a scan does not wait for its model.
    from trailwarden.detection.references import References  # noqa: PLC0415

    return References(**dict(cited))


def checked(text: Mapping[str, Any], pack: str, where: str) -> Rule:
    """Parse the pattern and hold it against the examples. text: a rule as it is written in a file, sound as `RuleText` says.

    where: for messages. Raises RuleError, in one line.
    """
    pattern = text["pattern"].strip()
    try:
        parsed = parse(pattern, OWN_RULES)
    except PatternError as fault:
        raise RuleError(f"{where}: rule {text['id']}: pattern: {_shown(fault)}") from fault
    rule = Rule(
        id=text["id"],
        title=text["title"],
        severity=Severity(text["severity"]),
        pattern=pattern,
        parsed=parsed,
        pack=pack,
        description=text.get("description", "").strip(),
        cited=tuple((name, tuple(entries)) for name, entries in text.get("references", {}).items()),
        must_match=tuple(text["must_match"]),
        must_not_match=tuple(text["must_not_match"]),
    )
    _hold_examples(rule, where)
    return rule


def _hold_examples(rule: Rule, where: str) -> None:
    selects = compile_predicate(rule.parsed)
    for name, examples, wanted in (
        ("must_match", rule.must_match, True),
        ("must_not_match", rule.must_not_match, False),
    ):
        for number, event in enumerate(examples):
            by_predicate, by_reference = selects(event), evaluate(rule.parsed, event)
            if by_predicate is wanted and by_reference is wanted:
                continue
            place = f"{where}: rule {rule.id}: {name}[{number}]"
            if by_predicate is not by_reference:
                raise RuleError(
                    f"{place}: predicate and reference disagree on it, a bug of Trailwarden; report it"
                )
            what = "is not selected" if wanted else "is selected"
            raise RuleError(f"{place} {what} by the pattern; mend one of the two")


def _shown(fault: PatternError) -> str:
    """`at character 12, after '$.eventName': …`: what stands around the mistake, on one line."""
    before = " ".join(fault.text[max(0, fault.position - _EXCERPT) : fault.position].split())
    after = f"after {before!r}" if before else "at the beginning"
    return f"character {fault.position + 1}, {after}: {fault.message}"
