"""Rules: a pattern with a name, a severity, references, and examples that every load checks.

Keeps: a rule whose own examples disagree with its pattern is never loaded, by the reference evaluator and by the compiled
predicate alike.

Next: `trailwarden.detection.loading` for where rules come from, `matcher` for what becomes of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from trailwarden.errors import PatternError, RuleError
from trailwarden.model import Severity
from trailwarden.patterns import OWN_RULES, Pattern, compile_predicate, evaluate, parse

RULE_ID = r"^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$"


class References(BaseModel):
    """Where a rule comes from, so that a reader can look it up."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cis: tuple[str, ...] = Field(
        default=(), description="Controls of the CIS AWS Foundations Benchmark, with version."
    )
    security_hub: tuple[str, ...] = Field(default=(), description="Control ids of AWS Security Hub.")
    cce: tuple[str, ...] = Field(default=(), description="Common Configuration Enumeration ids.")
    mitre_attack: tuple[str, ...] = Field(default=(), description="Techniques of MITRE ATT&CK.")
    urls: tuple[str, ...] = Field(default=(), description="Further reading.")


class RuleText(BaseModel):
    """A rule as it is written in a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(
        pattern=RULE_ID, description="Lower-case letters, digits and hyphens; unique over all files."
    )
    title: str = Field(min_length=1, max_length=200)
    severity: Severity
    pattern: str = Field(min_length=1, description="A JSON filter pattern.")
    description: str = ""
    references: References = References()
    must_match: tuple[dict[str, Any], ...] = Field(
        min_length=1, description="Events that the pattern selects."
    )
    must_not_match: tuple[dict[str, Any], ...] = Field(
        min_length=1, description="Events that it does not select."
    )


class PackText(BaseModel):
    """A file of rules."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pack: str = Field(pattern=RULE_ID)
    title: str = Field(min_length=1, max_length=200)
    description: str = ""
    version: str = "1"
    rules: tuple[RuleText, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that was checked. pattern: its text as written; parsed: its tree."""

    id: str
    title: str
    severity: Severity
    pattern: str
    parsed: Pattern
    pack: str
    description: str = ""
    references: References = field(default_factory=References)
    must_match: Sequence[dict[str, Any]] = ()
    must_not_match: Sequence[dict[str, Any]] = ()


def checked(text: RuleText, pack: str, where: str) -> Rule:
    """Parse the pattern and hold it against the examples. Raises RuleError in one line (with a caret for a bad pattern)."""
    try:
        parsed = parse(" ".join(text.pattern.split()), OWN_RULES)
    except PatternError as fault:
        raise RuleError(
            f"{where}: rule {text.id}: the pattern is not in the language\n{fault.render()}"
        ) from fault
    rule = Rule(
        id=text.id,
        title=text.title,
        severity=text.severity,
        pattern=" ".join(text.pattern.split()),
        parsed=parsed,
        pack=pack,
        description=" ".join(text.description.split()),
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
            if selects(event) is not wanted or evaluate(rule.parsed, event) is not wanted:
                what = "is not selected" if wanted else "is selected"
                raise RuleError(
                    f"{where}: rule {rule.id}: {name}[{number}] {what} by the pattern; mend one of the two"
                )
