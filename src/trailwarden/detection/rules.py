"""Rules: a pattern with a name, a severity, references, and examples that every load checks.

Keeps: a rule whose own examples disagree with its pattern is never loaded, by the reference evaluator and by the compiled
predicate alike.

Next: `trailwarden.detection.loading` for where rules come from, `matcher` for what becomes of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from trailwarden.errors import PatternError, RuleError
from trailwarden.model import Severity
from trailwarden.patterns import OWN_RULES, Pattern, compile_predicate, evaluate, parse

ID: Final = r"^[a-z0-9-]{1,64}$"
_EXCERPT: Final = 30
"""Characters of a pattern that an error shows on either side of the mistake."""

Id = Annotated[str, Field(pattern=ID)]
Title = Annotated[str, Field(min_length=1, max_length=200)]
Description = Annotated[str, Field(max_length=4000)]
Entries = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=500)], ...], Field(max_length=32)]
Techniques = Annotated[
    tuple[Annotated[str, Field(pattern=r"^T[0-9]{4}(?:\.[0-9]{3})?$")], ...], Field(max_length=32)
]
Examples = Annotated[tuple[dict[str, Any], ...], Field(min_length=1, max_length=1000)]


class References(BaseModel):
    """Where a rule comes from, so that a reader can look it up."""

    # Unknown keys are refused in a file of rules; in the alert, whose schema this is part of, keys may be added.
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"additionalProperties": True},
        json_schema_serialization_defaults_required=True,
    )

    cis: Entries = Field(
        default=(),
        description="Controls of the CIS AWS Foundations Benchmark, as `version: number`.",
    )
    security_hub: Entries = Field(default=(), description="Controls of AWS Security Hub.")
    cce: Entries = Field(default=(), description="Common Configuration Enumeration ids.")
    mitre_attack: Techniques = Field(default=(), description="Techniques of MITRE ATT&CK.")
    urls: Entries = Field(default=(), description="Further reading.")


class RuleText(BaseModel):
    """A rule as it is written in a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Id = Field(description="Lower-case letters, digits and hyphens; unique over all packs and files.")
    title: Title = Field(description="A short sentence: what was done.")
    severity: Severity = Field(description="informational, low, medium, high or critical.")
    pattern: str = Field(description="A JSON filter pattern.")
    description: Description = Field(default="", description="What it means, and what to look at first.")
    references: References = Field(default=References(), description="Where the rule comes from.")
    must_match: Examples = Field(description="Events that the pattern selects.")
    must_not_match: Examples = Field(description="Events that come near and that it does not select.")


class PackText(BaseModel):
    """A file of rules."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pack: Id = Field(description="The name of the pack; alerts carry it.")
    title: Title = Field(description="What the pack is for.")
    description: Description = Field(default="", description="When to use it.")
    version: Title = Field(default="1", description="Of the pack's content.")
    rules: tuple[RuleText, ...] = Field(min_length=1, max_length=10_000, description="The rules.")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that was checked. pattern: its text as written; parsed: its tree; the rest as in `RuleText`."""

    id: str
    title: str
    severity: Severity
    pattern: str
    parsed: Pattern
    pack: str
    description: str = ""
    references: References = field(default_factory=References)
    must_match: Sequence[dict[str, Any]] = field(default=(), repr=False, compare=False)
    must_not_match: Sequence[dict[str, Any]] = field(default=(), repr=False, compare=False)


def checked(text: RuleText, pack: str, where: str) -> Rule:
    """Parse the pattern and hold it against the examples. where: for messages. Raises RuleError, in one line."""
    pattern = text.pattern.strip()
    try:
        parsed = parse(pattern, OWN_RULES)
    except PatternError as fault:
        raise RuleError(f"{where}: rule {text.id}: pattern: {_shown(fault)}") from fault
    rule = Rule(
        id=text.id,
        title=text.title,
        severity=text.severity,
        pattern=pattern,
        parsed=parsed,
        pack=pack,
        description=text.description.strip(),
        references=text.references,
        must_match=text.must_match,
        must_not_match=text.must_not_match,
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
