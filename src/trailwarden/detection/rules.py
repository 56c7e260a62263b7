"""Rules as they are written in a file: the models that say what is allowed, and name what is not.

Keeps: what a model accepts is in the document as it was written; nothing is converted into something else.

Next: `trailwarden.detection.sound`, which says the same about a plainly good file without the models;
`trailwarden.detection.rule` for what is made of a text.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from trailwarden.detection.references import References
from trailwarden.model import Severity

ID: Final = r"^[a-z0-9-]{1,64}$"

Id = Annotated[str, Field(pattern=ID)]
Title = Annotated[str, Field(min_length=1, max_length=200)]
Description = Annotated[str, Field(max_length=4000)]
Examples = Annotated[tuple[dict[str, Any], ...], Field(min_length=1, max_length=1000)]


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
